/** WebGPU and WASM in a browser. */
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { GpuUnavailableError } from '../../src/core/errors';
import { holdBackends } from '../support/backendSuite';

holdBackends([
  {
    name: 'WebGPU',
    open: () =>
      createGpuBackend(navigator.gpu).catch((error: unknown) => {
        if (!(error instanceof GpuUnavailableError) || import.meta.env['REQUIRE_GPU'] === '1') throw error;
        return `no GPU adapter: ${error.message} ${error.hint}`;
      }),
  },
  { name: 'WASM on one thread', open: () => createWasmBackend() },
]);

/** Serves the `lm` and `selftest` commands. */
import { createGpuBackend } from '../src/compute/gpuBackend';
import { createWasmBackend } from '../src/compute/wasmBackend';
import { serveWorker } from '../src/rpc/workerPort';
import type { ToolProtocol } from '../src/commands/toolProtocol';
import { toolHandlers } from '../src/commands/toolService';

declare const self: DedicatedWorkerGlobalScope;

const threads = self.crossOriginIsolated ? Math.min(16, navigator.hardwareConcurrency) : 1;
serveWorker<ToolProtocol>(
  self,
  toolHandlers({
    webgpu: () => createGpuBackend(navigator.gpu),
    wasm: () => createWasmBackend({ threads }),
  }),
);

/** Serves the `lm` and `selftest` commands. */
import { createGpuBackend } from '../src/compute/gpuBackend';
import { createWasmBackend } from '../src/compute/wasmBackend';
import { serve } from '../src/rpc/rpc';
import type { ToolProtocol } from '../src/run/toolProtocol';
import { toolHandlers } from '../src/run/toolService';

declare const self: DedicatedWorkerGlobalScope;

serve<ToolProtocol>(
  self,
  toolHandlers({ webgpu: () => createGpuBackend(navigator.gpu), wasm: () => createWasmBackend() }),
);

/** Serves the `lm` and `selftest` commands. */
import { machineThreads } from '../src/core/machineThreads';
import { createGpuBackend } from '../src/compute/gpuBackend';
import { createWasmBackend } from '../src/compute/wasmBackend';
import { serveWorker } from '../src/rpc/workerPort';
import type { ToolProtocol } from '../src/commands/toolProtocol';
import { toolHandlers } from '../src/commands/toolService';

declare const self: DedicatedWorkerGlobalScope;

serveWorker<ToolProtocol>(
  self,
  toolHandlers({
    webgpu: () => createGpuBackend(navigator.gpu),
    wasm: () => createWasmBackend({ threads: machineThreads() }),
  }),
);

/** Builds the engine: the only worker that owns a GPUDevice. */
import { version } from '../package.json';
import { createGpuBackend } from '../src/compute/gpuBackend';
import { createWasmBackend } from '../src/compute/wasmBackend';
import { machineThreads } from '../src/core/machineThreads';
import { signsOfWork } from '../src/rpc/silence';
import { serveWorker } from '../src/rpc/workerPort';
import { KernelValidation } from '../src/engine/kernelValidation';
import type { EngineProtocol } from '../src/engine/engineProtocol';
import { EngineService } from '../src/engine/engineService';
import { openModelSource } from '../src/models/modelSource';

declare const self: DedicatedWorkerGlobalScope;

const onWork = signsOfWork(self);
const service = new EngineService({
  webgpu: () => createGpuBackend(navigator.gpu),
  wasm: (threads) => createWasmBackend({ threads, onWork }),
  threads: machineThreads(),
  openSource: openModelSource,
  proofs: new KernelValidation(version),
});
serveWorker<EngineProtocol>(self, service.handlers());

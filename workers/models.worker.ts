/** Builds the models worker: downloads, storage, and memory plans; it holds no device. */
import { machineThreads } from '../src/core/machineThreads';
import { serveWorker } from '../src/rpc/workerPort';
import { modelsHandlers } from '../src/modelsWorker/modelsService';
import type { ModelsProtocol } from '../src/modelsWorker/modelsProtocol';

declare const self: DedicatedWorkerGlobalScope;

serveWorker<ModelsProtocol>(
  self,
  modelsHandlers({
    // This script is one folder below the app, in the build (assets/) as in development (workers/).
    base: new URL('../', self.location.href).href,
    webllm: async () => (await import('../src/agents/webllm/picker')).webllmEntries(),
    findWebllm: async (id) => (await import('../src/agents/webllm/picker')).webllmPlace(id),
    threads: machineThreads(),
  }),
);

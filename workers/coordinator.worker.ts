/** Builds the coordinator: the store, the engine worker beside it, the job's lock. */
import { version } from '../package.json';
import { EngineClient } from '../src/engine/engineClient';
import { serveCoordinator } from '../src/coordinator/coordinatorService';
import { chromeMaker } from '../src/job/links/chromeLink';
import { transformersMaker } from '../src/job/links/transformersLink';
import type { EngineProtocol } from '../src/engine/engineProtocol';
import { webllmMaker } from '../src/job/links/webllmLink';
import { linkWorker } from '../src/rpc/workerPort';

declare const self: DedicatedWorkerGlobalScope;

serveCoordinator(self, {
  openEngine: (memory) => {
    const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' });
    const { client, terminate } = linkWorker<EngineProtocol>(worker, 'engine');
    return new EngineClient(client, memory, terminate);
  },
  makers: { transformers: transformersMaker(), webllm: webllmMaker(), chrome: chromeMaker(self) },
  locks: navigator.locks,
  // This script is one folder below the app, in the build (assets/) as in development (workers/).
  base: new URL('../', self.location.href).href,
  version,
});

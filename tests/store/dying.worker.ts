/** Dies without a word when it is asked to, as one that the browser ends for its memory. */
import { serveWorker } from '../../src/rpc/workerPort';
import type { DyingProtocol } from './workerLife.test';

declare const self: DedicatedWorkerGlobalScope;

serveWorker<DyingProtocol>(self, {
  echo: async (text) => text,
  die: () => {
    self.close();
    return new Promise<never>(() => undefined);
  },
});

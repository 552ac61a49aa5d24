/** Dies without a word when it is asked to, as one that the browser ends for its memory; or hangs, is busy, or slow. */
import { serveWorker } from '../../src/rpc/workerPort';
import { signsOfWork } from '../../src/rpc/silence';
import type { DyingProtocol } from './workerLife.test';

declare const self: DedicatedWorkerGlobalScope;

const sign = signsOfWork(self);

/** Lets no message in. */
function block(milliseconds: number, each: () => void = () => undefined): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) each();
}

serveWorker<DyingProtocol>(self, {
  echo: async (text) => text,
  die: () => {
    self.close();
    return new Promise<never>(() => undefined);
  },
  hang: async () => {
    block(Infinity);
    return 'never';
  },
  work: async (milliseconds) => {
    block(milliseconds, sign);
    return 'worked';
  },
  wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds, 'waited')),
});

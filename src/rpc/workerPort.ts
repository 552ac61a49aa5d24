/**
 * Dedicated workers as the two ends of a protocol. A worker that dies without a word (out of memory, `close`) is noticed by
 * the Web Lock that it holds while it lives, one that hangs by its silence.
 */
import { WorkerError, type ArkletError } from '../core/errors';
import { RpcClient, serve, type Handlers, type Protocol } from './rpc';
import { answerPings, hungAfter, watchSilence } from './silence';

/** The first message of a worker: the name of the lock that it holds. */
interface Alive {
  readonly alive: string;
}

function aliveName(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('alive' in data)) return null;
  return typeof data.alive === 'string' ? data.alive : null;
}

/** Serves the handlers in a worker, and holds a lock that shows the other side that it lives. */
export function serveWorker<P extends Protocol<P>>(
  scope: DedicatedWorkerGlobalScope,
  handlers: Handlers<P> | Promise<Handlers<P>>,
): void {
  answerPings(scope);
  // No call is begun before the other side can notice that it ends.
  serve<P>(
    scope,
    holdLife(scope).then(() => handlers),
  );
}

/** Holds a lock for the worker's lifetime, sends its name, then resolves. Without locks nothing is sent or watched. */
function holdLife(scope: DedicatedWorkerGlobalScope): Promise<void> {
  const alive = `arklet-worker ${crypto.randomUUID()}`;
  const { locks } = scope.navigator;
  return new Promise((resolve) => {
    if (!locks) return resolve();
    const hold = (): Promise<never> => {
      scope.postMessage({ alive } satisfies Alive);
      resolve();
      return new Promise<never>(() => undefined);
    };
    locks.request(alive, hold).catch(() => resolve());
  });
}

/**
 * Calls `onEnd` once, with what is known, when the worker fails to start, dies by an uncaught error, is gone, or answers none of
 * its calls for so many milliseconds. The returned function ends the watch.
 */
export function watchWorker(
  worker: Worker,
  calls: { readonly pending: number },
  onEnd: (reason: string) => void,
  hung = hungAfter,
): () => void {
  let ended = false;
  const end = (reason: string): void => {
    stop();
    if (!ended) onEnd(reason);
    ended = true;
  };
  const stop = watchSilence(worker, calls, hung, () => end(`it has not answered for ${hung / 1000} s`));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    end(event.message || 'its script could not be loaded');
  });
  worker.addEventListener('message', ({ data }) => {
    const name = aliveName(data);
    if (name === null) return;
    navigator.locks
      .request(name, { mode: 'shared' }, () => end('the browser ended it, perhaps for lack of memory'))
      .catch(() => undefined);
  });
  return stop;
}

export interface WorkerLink<P extends Protocol<P>> {
  readonly client: RpcClient<P>;
  /** Resolves when the worker ended without being asked to. */
  readonly gone: Promise<ArkletError>;
  /** Ends the worker; calls in flight reject with the error. */
  terminate(error: ArkletError): void;
}

/**
 * A client of a dedicated worker whose end rejects all calls with WorkerError, and a way to end it. One that is silent for `hung`
 * milliseconds while calls wait is ended.
 */
export function linkWorker<P extends Protocol<P>>(
  worker: Worker,
  name: string,
  hung = hungAfter,
): WorkerLink<P> {
  const client = new RpcClient<P>(worker);
  let asked = false;
  let unwatch = (): void => undefined;
  const terminate = (error: ArkletError): void => {
    asked = true;
    unwatch();
    worker.terminate();
    client.close(error);
  };
  const gone = new Promise<ArkletError>((resolve) => {
    const onEnd = (reason: string): void => {
      if (asked) return;
      const error = new WorkerError(
        `The ${name} worker failed: ${reason}.`,
        'Finished work is kept: resume the run, or reload the page.',
      );
      terminate(error);
      resolve(error);
    };
    unwatch = watchWorker(worker, client, onEnd, hung);
  });
  return { client, gone, terminate };
}

/** Milliseconds that one piece of work may take in workers of commands and of downloads, which give no signs of it. */
const longWork = 600_000;

export function connectWorker<P extends Protocol<P>>(worker: Worker, name: string): RpcClient<P> {
  return linkWorker<P>(worker, name, longWork).client;
}

import { ArkletError } from '../core/errors';
import { RpcClient, type Protocol } from './rpc';

/** A client of a dedicated worker: a worker that fails to start, or dies by an uncaught error, rejects all calls. */
export function connectWorker<P extends Protocol<P>>(worker: Worker, name: string): RpcClient<P> {
  const client = new RpcClient<P>(worker);
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    client.close(
      new ArkletError(
        `The ${name} worker failed: ${event.message || 'its script could not be loaded'}.`,
        'Reload the page; finished work is kept.',
      ),
    );
  });
  return client;
}

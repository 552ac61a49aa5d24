/** A thread of the CPU backend's pool. */
import { servePool, type PoolSetup } from '../src/cpu/poolWorker';

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = (event: MessageEvent<PoolSetup>) => servePool(event.data);

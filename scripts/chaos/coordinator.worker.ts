/** The product's coordinator with its real store and engine, and the faults that strike from within it. */
import { EngineClient } from '../../src/engine/engineClient';
import type { EngineProtocol } from '../../src/engine/engineProtocol';
import { eventChannel, peerChannel } from '../../src/coordinator/channels';
import { EventBatch } from '../../src/coordinator/eventBatch';
import { openServices, type Services } from '../../src/coordinator/services';
import { linkWorker, serveWorker } from '../../src/rpc/workerPort';
import { asStorageError } from '../../src/store/database';
import { openJobStore } from '../../src/store/jobStore';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { JobProtocol } from '../../src/wire/jobApi';
import { isGpu, type Kind } from './faults';
import { hookedStore } from './hookedStore';
import { isChaos, type EngineOrder, type Order, type Told } from './strike';

declare const self: DedicatedWorkerGlobalScope;

/** Milliseconds of an engine's silence here; a busy machine may need some. */
const hung = 5000;
const day = 24 * 3600 * 1000;

let armed: { readonly kind: Kind; after: number; readonly choice: number } | null = null;
let failing: 'once' | 'for-good' | 'full' | null = null;
let cut = false;
let events = 0;
let broken = false;
/** There is a checkpoint or an adapter. */
let hasFiles = false;
let engine: Worker | null = null;

const tell = (told: Told): void => self.postMessage(told);
const order = (chaos: EngineOrder['chaos']): void => engine?.postMessage({ chaos } satisfies EngineOrder);

const errors = {
  once: () => new DOMException('The transaction was aborted.', 'AbortError'),
  'for-good': () => new DOMException('The transaction was aborted.', 'AbortError'),
  full: () => new DOMException('The quota has been exceeded.', 'QuotaExceededError'),
};

/** The parts of a fault that strike here. */
function strike(kind: Kind, choice: number): void {
  switch (kind) {
    case 'engine':
      // Ended from outside, and by itself: as the browser does for lack of memory.
      if (choice < 0.5) engine?.terminate();
      else order('close');
      return;
    case 'hang':
      return order('hang');
    case 'write-once':
      failing = 'once';
      return;
    case 'write-for-good':
      failing = 'for-good';
      return;
    case 'quota':
      failing = 'full';
      return;
    case 'network':
      cut = true;
      engine?.terminate();
      return;
    case 'clock': {
      const shift = (choice < 0.5 ? -40 : 40) * day;
      const now = Date.now.bind(Date);
      Date.now = () => now() + shift;
      return;
    }
    case 'device-lost':
      return order('destroy');
    case 'device-lost-memory':
      return order('starve');
    default:
      // The page does the others.
      return;
  }
}

/** A write, a turn or a step: the moments that are counted. */
function event(): void {
  events++;
  if (!armed || --armed.after > 0) return;
  const { kind, choice } = armed;
  // What is not there yet cannot be lost or damaged.
  if (isGpu(kind) && !engine) return;
  if (kind === 'file' && !hasFiles) return;
  armed = null;
  strike(kind, choice);
  tell({ chaos: 'struck', kind });
}

function beforeWrite(write: string): boolean {
  event();
  hasFiles ||= write === 'putCheckpoint' || write === 'putAdapter';
  if (failing === null) return !(broken && write === 'putTurns' && events % 3 === 0);
  const error = errors[failing]();
  if (failing === 'once') failing = null;
  throw asStorageError(error);
}

self.addEventListener('message', ({ data }) => {
  if (!isChaos<Order>(data)) return;
  if (data.chaos === 'arm') armed = data;
  else if (data.chaos === 'break') broken = true;
  else {
    failing = null;
    cut = false;
    order('heal');
    tell({ chaos: 'count', events });
  }
});

const original = self.fetch.bind(self);
self.fetch = (...request) => (cut ? Promise.reject(new TypeError('Failed to fetch')) : original(...request));

const counted = (one: JobEvent): boolean => one.type === 'turn' || one.type === 'train';
const channel = new BroadcastChannel(eventChannel);
const batch = new EventBatch((list) => channel.postMessage(list));
const opening: Promise<Services> = openJobStore(undefined, () => {
  void opening.then(({ coordinator }) => coordinator.storeClosed());
}).then((store) =>
  openServices({
    store: hookedStore(store, beforeWrite),
    openEngine: (memory) => {
      engine = new Worker(new URL('./engine.worker.ts', import.meta.url), {
        type: 'module',
        name: cut ? 'cut' : '',
      });
      const { client, terminate } = linkWorker<EngineProtocol>(engine, 'engine', hung);
      return new EngineClient(client, memory, terminate);
    },
    locks: navigator.locks,
    base: new URL('../', self.location.href).href,
    version: 'chaos',
    peers: new BroadcastChannel(peerChannel),
    patience: 5000,
    emit: (one) => {
      batch.emit(one);
      if (counted(one)) event();
    },
  }),
);
channel.onmessage = () => void opening.then(({ hearOther }) => hearOther());
serveWorker<JobProtocol>(
  self,
  opening.then(({ handlers }) => handlers),
);

import { asArkletError } from '../core/errors';
import { serveWorker } from '../rpc/workerPort';
import { openJobStore } from '../store/jobStore';
import type { JobProtocol } from '../wire/jobApi';
import { eventChannel, peerChannel } from './channels';
import type { CoordinatorParts } from './coordinatorParts';
import { EventBatch } from './eventBatch';
import type { Room } from './planDisk';
import { openServices, type Services } from './services';

/** What the browser grants this site, where known. */
async function room(): Promise<Room | null> {
  const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
  return usage === undefined || quota === undefined ? null : { usage, quota };
}

/** Serves a coordinator in its worker; calls wait until the store is open, and reject when it cannot be opened. */
export function serveCoordinator(
  scope: DedicatedWorkerGlobalScope,
  parts: Omit<CoordinatorParts, 'store' | 'emit' | 'peers' | 'room'>,
): void {
  const channel = new BroadcastChannel(eventChannel);
  const batch = new EventBatch((events) => channel.postMessage(events));
  const peers = new BroadcastChannel(peerChannel);
  // Of other tabs alone: a channel does not hear itself.
  channel.onmessage = () => void opening.then(({ hearOther }) => hearOther()).catch(() => undefined);
  const opening: Promise<Services> = openJobStore(undefined, () => {
    void opening.then(({ coordinator }) => coordinator.storeClosed());
  }).then((store) => openServices({ ...parts, store, peers, room, emit: (event) => batch.emit(event) }));
  opening.catch((thrown: unknown) =>
    batch.emit({ type: 'error', runId: null, error: asArkletError(thrown).toData() }),
  );
  serveWorker<JobProtocol>(
    scope,
    opening.then(({ handlers }) => handlers),
  );
}

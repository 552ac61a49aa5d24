import { asArkletError } from '../core/errors';
import type { JobApi } from '../wire/jobApi';
import type { Handlers } from '../rpc/rpc';
import { serveWorker } from '../rpc/workerPort';
import { openJobStore } from '../store/jobStore';
import { Coordinator, type CoordinatorParts } from './coordinator';
import { EventBatch } from './eventBatch';
import type { Room } from './planDisk';
import { eventChannel, jobMethods, peerChannel, type JobProtocol } from './jobProtocol';

/** What the browser grants this site, where it says so. */
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
  const opening: Promise<Coordinator> = openJobStore(undefined, () => {
    void opening.then((coordinator) => coordinator.storeClosed());
  }).then((store) => new Coordinator({ ...parts, store, peers, room, emit: (event) => batch.emit(event) }));
  opening.catch((thrown: unknown) =>
    batch.emit({ type: 'error', runId: null, error: asArkletError(thrown).toData() }),
  );
  const handlers = Object.fromEntries(
    jobMethods.map((name) => [
      name,
      async (request: never) => {
        const coordinator: JobApi = await opening;
        return (coordinator[name] as (...all: unknown[]) => Promise<unknown>).apply(coordinator, request);
      },
    ]),
  ) as unknown as Handlers<JobProtocol>;
  serveWorker<JobProtocol>(scope, handlers);
}

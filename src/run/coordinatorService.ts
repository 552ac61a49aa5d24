import { asArkletError } from '../core/errors';
import type { JobApi } from '../core/jobApi';
import { serve, type Handlers, type Port } from '../rpc/rpc';
import { openJobStore } from '../store/jobStore';
import { Coordinator, type CoordinatorParts } from './coordinator';
import { EventBatch } from './eventBatch';
import { eventChannel, jobMethods, type JobProtocol } from './jobProtocol';

/** Serves a coordinator at the port; calls wait until the store is open, and reject when it cannot be opened. */
export function serveCoordinator(port: Port, parts: Omit<CoordinatorParts, 'store' | 'emit'>): void {
  const channel = new BroadcastChannel(eventChannel);
  const batch = new EventBatch((events) => channel.postMessage(events));
  const opening = openJobStore().then(
    (store) => new Coordinator({ ...parts, store, emit: (event) => batch.emit(event) }),
  );
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
  serve<JobProtocol>(port, handlers);
}

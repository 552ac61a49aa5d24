/** Tabs as the product has them: a coordinator worker each, on one database. */
import type { JobClient } from '../../src/wire/jobApi';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunRecord } from '../../src/records/runRecords';
import { connectJob } from '../../src/coordinator/jobClient';
import { makeTinyConfig } from '../support/makeConfig';

export interface Tab {
  readonly client: JobClient;
  readonly worker: Worker;
  readonly events: JobEvent[];
  until(test: (event: JobEvent) => boolean): Promise<JobEvent>;
}

export const tiny = makeTinyConfig({ trainQuestions: 12, steps: 8 });

const tabs: Tab[] = [];

export function openTab(
  worker = new Worker(new URL('../../workers/coordinator.worker.ts', import.meta.url), { type: 'module' }),
): Tab {
  const client = connectJob(worker);
  const events: JobEvent[] = [];
  const listeners = new Set<() => void>();
  client.listen((event) => {
    events.push(event);
    for (const listener of listeners) listener();
  });
  const tab: Tab = {
    client,
    worker,
    events,
    until: (test) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find(test);
          if (!found) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
  };
  tabs.push(tab);
  return tab;
}

export function closeTabs(): void {
  for (const tab of tabs.splice(0)) tab.worker.terminate();
}

export const ends = (status: RunRecord['status'], id?: string) => (event: JobEvent) =>
  event.type === 'runs' &&
  event.runs.some((run) => run.status === status && (id === undefined || run.id === id));

export async function remove(tab: Tab, id: string): Promise<void> {
  await tab.client.api.runs.remove(id);
  // A run in the bin keeps its id.
  await tab.client.api.runs.purge(id);
}

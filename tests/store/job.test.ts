import { deleteDB } from 'idb';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { JobClient, JobEvent, RunRecord } from '../../src/core/jobApi';
import type { RunConfig } from '../../src/core/records';
import { trajectoriesJsonl } from '../../src/core/trajectories';
import { connectJob } from '../../src/run/jobClient';
import { presets } from '../../src/settings/config';

/** The real chain: coordinator worker, engine worker inside it, IndexedDB, OPFS, Web Lock, BroadcastChannel. */
interface Tab {
  readonly client: JobClient;
  readonly worker: Worker;
  readonly events: JobEvent[];
  until(test: (event: JobEvent) => boolean): Promise<JobEvent>;
}

const tiny: RunConfig = {
  ...presets.quick,
  preset: 'custom',
  trainQuestions: 12,
  validationQuestions: 2,
  testQuestions: 6,
  steps: 8,
  batch: 4,
  accept: 'any',
  backend: 'cpu',
};

const tabs: Tab[] = [];

function openTab(): Tab {
  const url = new URL('../../workers/coordinator.worker.ts', import.meta.url);
  const worker = new Worker(url, { type: 'module' });
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

const ends = (status: RunRecord['status'], id?: string) => (event: JobEvent) =>
  event.type === 'runs' &&
  event.runs.some((run) => run.status === status && (id === undefined || run.id === id));

async function remove(tab: Tab, id: string): Promise<void> {
  await tab.client.api.remove(id);
  // A run in the bin keeps its id.
  await tab.client.api.purge(id);
}

async function outputs(tab: Tab, id: string) {
  const { turns, run } = await tab.client.api.archive(id);
  const adapter = await tab.client.api.adapter(id, 'rsft', 0);
  return {
    error: run.error,
    trajectories: trajectoriesJsonl(turns),
    adapter: [...(adapter['adapter_model.safetensors'] ?? [])],
  };
}

afterEach(() => {
  for (const tab of tabs.splice(0)) tab.worker.terminate();
});

afterAll(async () => {
  await deleteDB('arklet');
  await (await navigator.storage.getDirectory()).removeEntry('arklet', { recursive: true });
});

describe('a job in the browser', () => {
  it.each([
    ['debate', (event: JobEvent) => event.type === 'turn' && event.turn.round === 1],
    ['training', (event: JobEvent) => event.type === 'train' && event.log.step === 5],
    ['evaluation', (event: JobEvent) => event.type === 'turn' && event.turn.protocol.startsWith('eval:')],
  ])('whose tab dies in the middle of its %s goes on to the same bytes', async (_, when) => {
    const first = openTab();
    const started = await first.client.api.start(tiny, null);
    await first.until(ends('done', started.id));
    const whole = await outputs(first, started.id);
    expect(whole.error).toBeNull();
    await remove(first, started.id);

    const dying = openTab();
    const { id } = await dying.client.api.start(tiny, null);
    expect(id).toBe(started.id);
    await dying.until(when);
    dying.worker.terminate();

    const reopened = openTab();
    const found = await untilInterrupted(reopened, id);
    expect(found.status).toBe('interrupted');
    await reopened.client.api.resume(id);
    await reopened.until(ends('done', id));
    expect(await outputs(reopened, id)).toEqual(whole);
    await remove(reopened, id);
  });

  it('refuses a second tab while the first one works', async () => {
    const first = openTab();
    const { id } = await first.client.api.start(tiny, null);
    const second = openTab();
    await expect(second.client.api.start({ ...tiny, seed: 9 }, null)).rejects.toMatchObject({ code: 'busy' });
    expect((await second.client.api.runs()).find((run) => run.id === id)?.status).toBe('running');
    await first.client.api.stop();
    await remove(first, id);
  });
});

/** The dead worker's lock is free a moment after its end. */
async function untilInterrupted(tab: Tab, id: string): Promise<RunRecord> {
  for (;;) {
    const run = (await tab.client.api.runs()).find((one) => one.id === id);
    if (run?.status === 'interrupted') return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

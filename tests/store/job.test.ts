import { deleteDB } from 'idb';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunRecord } from '../../src/records/runRecords';
import { trajectoriesJsonl } from '../../src/records/trajectories';
import { closeTabs, ends, openTab, remove, tiny, type Tab } from './tabs';

// The real chain: coordinator worker, engine worker inside it, IndexedDB, OPFS, Web Lock, BroadcastChannel.

async function outputs(tab: Tab, id: string) {
  const { turns, run } = await tab.client.api.runs.archive(id);
  const adapter = await tab.client.api.runs.adapter({ runId: id, strategy: 'rsft', seed: 0 });
  return {
    error: run.error,
    trajectories: trajectoriesJsonl(turns),
    adapter: [...(adapter['adapter_model.safetensors'] ?? [])],
  };
}

afterEach(() => {
  closeTabs();
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
    const started = await first.client.api.control.start({ config: tiny, questions: null });
    await first.until(ends('done', started.id));
    const whole = await outputs(first, started.id);
    expect(whole.error).toBeNull();
    await remove(first, started.id);

    const dying = openTab();
    const { id } = await dying.client.api.control.start({ config: tiny, questions: null });
    expect(id).toBe(started.id);
    await dying.until(when);
    dying.worker.terminate();

    const reopened = openTab();
    const found = await untilInterrupted(reopened, id);
    expect(found.status).toBe('interrupted');
    await reopened.client.api.control.resume(id);
    await reopened.until(ends('done', id));
    expect(await outputs(reopened, id)).toEqual(whole);
    await remove(reopened, id);
  });

  it('refuses a second tab while the first one works', async () => {
    const first = openTab();
    const { id } = await first.client.api.control.start({ config: tiny, questions: null });
    const second = openTab();
    await expect(
      second.client.api.control.start({ config: { ...tiny, seed: 9 }, questions: null }),
    ).rejects.toMatchObject({ code: 'busy' });
    expect((await second.client.api.runs.list()).find((run) => run.id === id)?.status).toBe('running');
    await first.client.api.control.stop();
    await remove(first, id);
  });
});

/** The dead worker's lock is free a moment after its end. */
async function untilInterrupted(tab: Tab, id: string): Promise<RunRecord> {
  for (;;) {
    const run = (await tab.client.api.runs.list()).find((one) => one.id === id);
    if (run?.status === 'interrupted') return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

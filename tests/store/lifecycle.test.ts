/** What a browser and its tabs do to a run: workers that die without a word, databases that go away, two tabs at once. */
import { deleteDB, openDB } from 'idb';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ArkletError } from '../../src/core/errors';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunRecord } from '../../src/records/runRecords';
import { RandomStream } from '../../src/core/rng';
import { openJobStore } from '../../src/store/jobStore';
import { schemaVersion } from '../../src/store/schema';
import { closeTabs, ends, openTab, remove, tiny, type Tab } from './tabs';

/** Of many seconds: it is still at work when a test comes to it. */
const long = { ...tiny, trainQuestions: 400, steps: 200 };

afterEach(() => closeTabs());
afterAll(async () => {
  await deleteDB('arklet');
  await (await navigator.storage.getDirectory()).removeEntry('arklet', { recursive: true });
});

const debating = (event: JobEvent): boolean => event.type === 'turn';

async function started(tab: Tab): Promise<RunRecord> {
  const run = await tab.client.api.control.start({ config: long, questions: null });
  await tab.until(debating);
  return run;
}

/** Milliseconds until the event. */
async function took(work: Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work;
  return performance.now() - before;
}

describe('a run in two tabs', () => {
  it('whose tab dies is known to be interrupted in the other within two seconds, and is resumed there', async () => {
    const first = openTab();
    const { id } = await started(first);
    const second = openTab();
    expect((await second.client.api.runs.list()).find((run) => run.id === id)?.status).toBe('running');
    first.worker.terminate();
    expect(await took(second.until(ends('interrupted', id)))).toBeLessThan(2000);
    const cut = (await second.client.api.runs.list()).find((run) => run.id === id)!;
    expect(cut.error?.message).toBe('The tab that ran this was closed.');
    const third = openTab();
    const taken = await Promise.allSettled([
      second.client.api.control.resume(id),
      third.client.api.control.resume(id),
    ]);
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await second.client.api.control.stop();
    await remove(second, id);
  });

  it('whose tab dies is known to be interrupted in one that was open before it began and asked nothing since', async () => {
    const second = openTab();
    await second.client.api.runs.list();
    const first = openTab();
    const { id } = await started(first);
    first.worker.terminate();
    expect(await took(second.until(ends('interrupted', id)))).toBeLessThan(2000);
    await remove(second, id);
  });

  it('is not deleted under the one that works on it, and a purged one stays gone', async () => {
    const first = openTab();
    const { id } = await started(first);
    const second = openTab();
    await expect(second.client.api.runs.remove(id)).rejects.toMatchObject({ code: 'busy' });
    await expect(second.client.api.runs.purge(id)).rejects.toMatchObject({ code: 'busy' });
    await second.client.api.runs.update({ runId: id, change: { note: 'kept' } });
    await first.client.api.control.stop();
    const run = (await second.client.api.runs.list()).find((one) => one.id === id)!;
    expect([run.status, run.note]).toEqual(['interrupted', 'kept']);
    await remove(second, id);
    await expect(first.client.api.control.resume(id)).rejects.toMatchObject({ code: 'config' });
    expect(await first.client.api.runs.list()).toEqual([]);
  });

  it('is paused, stepped, unpaused and stopped from either', async () => {
    const first = openTab();
    const { id } = await started(first);
    const second = openTab();
    await second.client.api.control.pause();
    expect((await first.client.api.runs.list()).find((run) => run.id === id)?.status).toBe('paused');
    await second.client.api.control.step();
    await second.client.api.control.unpause();
    expect((await first.client.api.runs.list()).find((run) => run.id === id)?.status).toBe('running');
    await second.client.api.control.stop();
    expect((await second.client.api.runs.list()).find((run) => run.id === id)?.status).toBe('interrupted');
    await remove(second, id);
  });
});

describe('two changes of one run at once', () => {
  it('are both kept, whichever tab they come from', async () => {
    const [first, second] = [openTab(), openTab()];
    const { id } = await started(first);
    await first.client.api.control.stop();
    for (let i = 0; i < 10; i++) {
      await Promise.all([
        first.client.api.runs.update({ runId: id, change: { note: `note ${i}` } }),
        second.client.api.runs.update({ runId: id, change: { pinned: i % 2 === 0 } }),
        first.client.api.runs.update({ runId: id, change: { name: `name ${i}` } }),
      ]);
      const run = (await second.client.api.runs.list()).find((one) => one.id === id)!;
      expect([run.note, run.pinned, run.name]).toEqual([`note ${i}`, i % 2 === 0, `name ${i}`]);
    }
    await remove(first, id);
  });
});

describe('two tabs that do two things to one run at once', () => {
  const things = ['resume', 'pause', 'stop', 'remove', 'purge', 'restore', 'update'] as const;

  /** Seeded, so that a failure can be tried again. */
  const pairs = things
    .flatMap((a, i) => things.slice(i).map((b) => [a, b] as const))
    .filter((_, i) => i % 2 === 0);

  it('never leave a run without questions, rows without a run, or a purged run that comes back', async () => {
    const tabs = [openTab(), openTab()] as const;
    const act = async (tab: Tab, what: (typeof things)[number], id: string): Promise<void> => {
      const { runs, control } = tab.client.api;
      switch (what) {
        case 'update':
          await runs.update({ runId: id, change: { note: what } });
          return;
        case 'pause':
        case 'stop':
          return control[what]();
        case 'resume':
          return control.resume(id);
        case 'restore':
          await runs.restore(id);
          return;
        case 'remove':
        case 'purge':
          return runs[what](id);
        default:
          what satisfies never;
      }
    };
    const store = await openJobStore();
    const stream = new RandomStream(12);
    for (const [a, b] of pairs) {
      const { id } = await tabs[0].client.api.control.start({ config: tiny, questions: null });
      await new Promise((resolve) => setTimeout(resolve, stream.integer(0, 300)));
      if (stream.integer(0, 2) === 0)
        await tabs[stream.integer(0, 2) === 0 ? 0 : 1].client.api.control.stop();
      const ended = await Promise.allSettled([act(tabs[0], a, id), act(tabs[1], b, id)]);
      for (const one of ended)
        if (one.status === 'rejected')
          expect((one.reason as ArkletError).code, `${a} and ${b}`).toMatch(/^(busy|config|interrupted)$/);
      await tabs[0].client.api.control.stop();
      const run = await store.getRun(id);
      if (run) {
        expect(await store.getQuestions(id), `${a} and ${b}`).not.toBeNull();
        expect(['interrupted', 'done'], `${a} and ${b}`).toContain(run.status);
        if (run.deletedAt === undefined) await tabs[1].client.api.runs.remove(id);
        await tabs[0].client.api.runs.purge(id);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect([await store.getRun(id), await store.sizeOf(id)], `${a} and ${b}`).toEqual([null, 0]);
    }
  });
});

describe('a database that goes away', () => {
  it('by an update in another tab stops the run with what to do, and leaves no lock', async () => {
    const tab = openTab();
    const { id } = await started(tab);
    const newer = await openDB('arklet', schemaVersion + 1);
    const end = await tab.until((event) => event.type === 'ended');
    expect(end).toMatchObject({ runId: id, status: 'interrupted', error: { code: 'storage' } });
    expect(end.type === 'ended' && end.error?.message).toMatch(/newer version of Arklet/);
    newer.close();
    const { held } = await navigator.locks.query();
    expect(held?.filter(({ name }) => name === 'arklet-job' || name === `arklet-run ${id}`)).toEqual([]);
    await deleteDB('arklet');
  });

  it('because the browser dropped the connection is opened again, and nothing is lost', async () => {
    const store = await openJobStore('arklet-dropped');
    await store.putSetting('kept', 1);
    const { transaction } = IDBDatabase.prototype;
    let dropped = false;
    try {
      IDBDatabase.prototype.transaction = function (...all) {
        // What a connection does that the browser closed: every transaction is refused.
        if (!dropped) this.close();
        dropped = true;
        return transaction.apply(this, all);
      };
      await store.putSetting('more', 2);
    } finally {
      IDBDatabase.prototype.transaction = transaction;
    }
    expect([await store.getSetting('kept'), await store.getSetting('more')]).toEqual([1, 2]);
    await deleteDB('arklet-dropped');
  });

  it('because the site was cleared stops the run with what to do, and the next one begins', async () => {
    const tab = openTab();
    const { id } = await started(tab);
    await deleteDB('arklet');
    const end = await tab.until((event) => event.type === 'ended');
    expect(end).toMatchObject({ runId: id, status: 'interrupted', error: { code: 'storage' } });
    expect(end.type === 'ended' && end.error?.message).toMatch(/was cleared/);
    const next = await tab.client.api.control.start({ config: { ...tiny, seed: 4 }, questions: null });
    await tab.client.api.control.stop();
    await remove(tab, next.id);
  });
});

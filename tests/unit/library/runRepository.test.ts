import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { trashDays, type RunArchive } from '../../../src/records/runRecords';
import { packArchive, unpackArchive } from '../../../src/records/archiveFile';
import { makeArchive } from '../../ui/fixtures/archive';
import { openNodeJob, type NodeJob } from '../../support/nodeJob';

let job: NodeJob;
beforeEach(async () => {
  job = await openNodeJob();
});
afterEach(async () => {
  vi.useRealTimers();
  await job.close();
});

const withAdapter = (): RunArchive => ({
  ...makeArchive(4),
  version: 2,
  adapters: [
    {
      strategy: 'rsft+da',
      seed: 1,
      files: { 'adapter_config.json': btoa('{}'), 'adapter_model.safetensors': btoa('\u0000\u00ff\u0080') },
    },
  ],
});

describe('a run in one file', () => {
  it('holds its adapters, and a copy that was imported holds the same bytes', async () => {
    const { id } = await job.api.runs.importArchive(withAdapter());
    const archive = await job.api.runs.wholeArchive(id);
    const copy = await job.api.runs.importArchive(unpackArchive(packArchive(archive)));
    expect(copy.id).not.toBe(id);
    const files = await job.api.runs.adapter({ runId: copy.id, strategy: 'rsft+da', seed: 1 });
    expect([...files['adapter_model.safetensors']!]).toEqual([0, 255, 128]);
    const again = await job.api.runs.wholeArchive(copy.id);
    expect({ ...again, run: null, turns: again.turns.length }).toEqual({
      ...archive,
      run: null,
      turns: archive.turns.length,
    });
  });

  it('of version 1 is still read', async () => {
    const run = await job.api.runs.importArchive({ ...makeArchive(2), version: 1 });
    expect((await job.api.runs.archive(run.id)).turns.length).toBeGreaterThan(0);
  });

  it('whose adapter is no base64 or leaves its folder is refused', async () => {
    const [adapter] = withAdapter().adapters!;
    const hostile = (files: Record<string, string>) => ({
      ...withAdapter(),
      adapters: [{ ...adapter, files }],
    });
    for (const files of [{ 'a.json': 'not base64!' }, { '../a.json': 'AAAA' }]) {
      await expect(job.api.runs.importArchive(hostile(files))).rejects.toMatchObject({ code: 'import' });
    }
  });
});

describe('a stored copy of the recorded run', () => {
  const recorded = () => unpackArchive(readFileSync('public/recorded/run.json.gz'));

  it('that came without adapters leaves with those that ship, and they are then listed once', async () => {
    const { id } = await job.api.runs.importArchive(recorded());
    expect((await job.api.playground.adapters()).map((one) => one.origin)).toEqual(['recorded']);
    const whole = await job.api.runs.wholeArchive(id);
    expect(whole.adapters?.map(({ strategy, seed }) => [strategy, seed])).toEqual([['rsft', 0]]);
    expect((await job.api.runs.archive(id)).adapters).toBeUndefined();

    await job.api.runs.remove(id);
    await job.api.runs.purge(id);
    const copy = await job.api.runs.importArchive(unpackArchive(packArchive(whole)));
    expect(await job.store.listAdapters(copy.id)).toEqual([{ strategy: 'rsft', seed: 0 }]);
    expect((await job.api.playground.adapters()).map((one) => one.origin)).toEqual(['run']);
    const files = await job.api.runs.adapter({ runId: copy.id, strategy: 'rsft', seed: 0 });
    const shipped = readFileSync('public/recorded/adapters/rsft-0/adapter_model.safetensors');
    expect(shipped.equals(files['adapter_model.safetensors']!)).toBe(true);
  });
});

describe('the trash', () => {
  it('keeps a deleted run, restores it, and deletes for good only what is in the trash', async () => {
    const { id } = await job.api.runs.importArchive(withAdapter());
    await expect(job.api.runs.purge(id)).rejects.toThrow('is not in the trash');
    await job.api.runs.remove(id);
    expect(await job.api.runs.list()).toEqual([]);
    expect((await job.api.runs.bin()).map((run) => run.id)).toEqual([id]);
    const back = await job.api.runs.restore(id);
    expect(back.deletedAt).toBeUndefined();
    expect((await job.api.runs.list()).map((run) => run.id)).toEqual([id]);
    expect(Object.keys(await job.api.runs.adapter({ runId: id, strategy: 'rsft+da', seed: 1 }))).toHaveLength(
      2,
    );
    await job.api.runs.remove(id);
    await job.api.runs.purge(id);
    expect(await job.api.runs.bin()).toEqual([]);
    expect(await job.store.getRun(id)).toBeNull();
  });

  /** The app as it is opened on another day: the runs are listed, as each page does first. */
  async function openedOn(now: number): Promise<string[]> {
    vi.useFakeTimers({ toFake: ['Date'], now });
    const later = await openNodeJob(job.store);
    await later.api.runs.list();
    const left = (await later.api.runs.bin()).map((run) => run.id);
    await later.close();
    return left;
  }
  const day = 24 * 3600 * 1000;

  it('outlives the session and is emptied of runs that lay there for its days of use', async () => {
    const { id } = await job.api.runs.importArchive(makeArchive(1));
    await job.api.runs.remove(id);
    const first = Date.now();
    for (let i = 0; i < trashDays; i++) expect(await openedOn(first + i * day + 1)).toEqual([id]);
    expect(await openedOn(first + trashDays * day + 1)).toEqual([]);
    expect(await job.store.getRun(id)).toBeNull();
  });

  it('is not emptied by a clock that was set wrong, however often the app is opened then', async () => {
    const { id } = await job.api.runs.importArchive(makeArchive(1));
    await job.api.runs.remove(id);
    const now = Date.now();
    expect(await openedOn(now)).toEqual([id]);
    for (let i = 0; i < 12; i++) expect(await openedOn(now + 40 * day + i)).toEqual([id]);
    for (let i = 0; i < 12; i++) expect(await openedOn(now - 40 * day + i)).toEqual([id]);
    expect(await openedOn(now + 1000)).toEqual([id]);
  });
});

describe('the baseline', () => {
  it('is one run at a time', async () => {
    const one = await job.api.runs.importArchive(makeArchive(1));
    const two = await job.api.runs.importArchive(makeArchive(2));
    await job.api.runs.update({ runId: one.id, change: { pinned: true } });
    await job.api.runs.update({ runId: two.id, change: { pinned: true } });
    const pinned = (await job.api.runs.list()).filter((run) => run.pinned);
    expect(pinned.map(({ id }) => id)).toEqual([two.id]);
  });
});

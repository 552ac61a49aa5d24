import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { binDays, type RunArchive } from '../../../src/records/runRecords';
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
    const { id } = await job.coordinator.importArchive(withAdapter());
    const archive = await job.coordinator.archive(id, true);
    const copy = await job.coordinator.importArchive(unpackArchive(packArchive(archive)));
    expect(copy.id).not.toBe(id);
    const files = await job.coordinator.adapter(copy.id, 'rsft+da', 1);
    expect([...files['adapter_model.safetensors']!]).toEqual([0, 255, 128]);
    const again = await job.coordinator.archive(copy.id, true);
    expect({ ...again, run: null, turns: again.turns.length }).toEqual({
      ...archive,
      run: null,
      turns: archive.turns.length,
    });
  });

  it('of version 1 is still read', async () => {
    const run = await job.coordinator.importArchive({ ...makeArchive(2), version: 1 });
    expect((await job.coordinator.archive(run.id)).turns.length).toBeGreaterThan(0);
  });

  it('whose adapter is no base64 or leaves its folder is refused', async () => {
    const [adapter] = withAdapter().adapters!;
    const hostile = (files: Record<string, string>) => ({
      ...withAdapter(),
      adapters: [{ ...adapter, files }],
    });
    for (const files of [{ 'a.json': 'not base64!' }, { '../a.json': 'AAAA' }]) {
      await expect(job.coordinator.importArchive(hostile(files))).rejects.toMatchObject({ code: 'import' });
    }
  });
});

describe('a stored copy of the recorded run', () => {
  const recorded = () => unpackArchive(readFileSync('public/recorded/run.json.gz'));

  it('that came without adapters leaves with those that ship, and they are then listed once', async () => {
    const { id } = await job.coordinator.importArchive(recorded());
    expect((await job.coordinator.adapters()).map((one) => one.origin)).toEqual(['recorded']);
    const whole = await job.coordinator.archive(id, true);
    expect(whole.adapters?.map(({ strategy, seed }) => [strategy, seed])).toEqual([['rsft', 0]]);
    expect((await job.coordinator.archive(id)).adapters).toBeUndefined();

    await job.coordinator.remove(id);
    await job.coordinator.purge(id);
    const copy = await job.coordinator.importArchive(unpackArchive(packArchive(whole)));
    expect(await job.store.listAdapters(copy.id)).toEqual([{ strategy: 'rsft', seed: 0 }]);
    expect((await job.coordinator.adapters()).map((one) => one.origin)).toEqual(['run']);
    const files = await job.coordinator.adapter(copy.id, 'rsft', 0);
    const shipped = readFileSync('public/recorded/adapters/rsft-0/adapter_model.safetensors');
    expect(shipped.equals(files['adapter_model.safetensors']!)).toBe(true);
  });
});

describe('the trash', () => {
  it('keeps a deleted run, gives it back, and deletes for good only what lies in it', async () => {
    const { id } = await job.coordinator.importArchive(withAdapter());
    await expect(job.coordinator.purge(id)).rejects.toThrow('is not in the trash');
    await job.coordinator.remove(id);
    expect(await job.coordinator.runs()).toEqual([]);
    expect((await job.coordinator.bin()).map((run) => run.id)).toEqual([id]);
    const back = await job.coordinator.restore(id);
    expect(back.deletedAt).toBeUndefined();
    expect((await job.coordinator.runs()).map((run) => run.id)).toEqual([id]);
    expect(Object.keys(await job.coordinator.adapter(id, 'rsft+da', 1))).toHaveLength(2);
    await job.coordinator.remove(id);
    await job.coordinator.purge(id);
    expect(await job.coordinator.bin()).toEqual([]);
    expect(await job.store.getRun(id)).toBeNull();
  });

  /** The app as it is opened on another day: the runs are listed, as each page does first. */
  async function openedOn(now: number): Promise<string[]> {
    vi.useFakeTimers({ toFake: ['Date'], now });
    const later = await openNodeJob(job.store);
    await later.coordinator.runs();
    const left = (await later.coordinator.bin()).map((run) => run.id);
    await later.close();
    return left;
  }
  const day = 24 * 3600 * 1000;

  it('outlives the session and is emptied of runs that lay there for its days of use', async () => {
    const { id } = await job.coordinator.importArchive(makeArchive(1));
    await job.coordinator.remove(id);
    const first = Date.now();
    for (let i = 0; i < binDays; i++) expect(await openedOn(first + i * day + 1)).toEqual([id]);
    expect(await openedOn(first + binDays * day + 1)).toEqual([]);
    expect(await job.store.getRun(id)).toBeNull();
  });

  it('is not emptied by a clock that was set wrong, however often the app is opened then', async () => {
    const { id } = await job.coordinator.importArchive(makeArchive(1));
    await job.coordinator.remove(id);
    const now = Date.now();
    expect(await openedOn(now)).toEqual([id]);
    for (let i = 0; i < 12; i++) expect(await openedOn(now + 40 * day + i)).toEqual([id]);
    for (let i = 0; i < 12; i++) expect(await openedOn(now - 40 * day + i)).toEqual([id]);
    expect(await openedOn(now + 1000)).toEqual([id]);
  });
});

describe('the baseline', () => {
  it('is one run at a time', async () => {
    const one = await job.coordinator.importArchive(makeArchive(1));
    const two = await job.coordinator.importArchive(makeArchive(2));
    await job.coordinator.update(one.id, { pinned: true });
    await job.coordinator.update(two.id, { pinned: true });
    const pinned = (await job.coordinator.runs()).filter((run) => run.pinned);
    expect(pinned.map(({ id }) => id)).toEqual([two.id]);
  });
});

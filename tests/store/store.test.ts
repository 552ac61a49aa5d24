import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StorageError } from '../../src/core/errors';
import type { Turn } from '../../src/records/records';
import { asStorageError, openDatabase } from '../../src/store/database';
import { openFiles } from '../../src/store/files';
import { openJobStore, type JobStore } from '../../src/store/jobStore';
import { getSetting, putSetting } from '../../src/store/settings';
import { schemaVersion, type StoredRun } from '../../src/store/schema';
import { makeConfig } from '../support/makeConfig';
import { makeTiming, makeTurn } from '../support/makeTurn';

const run = (id: string, createdAt: number): StoredRun => ({
  id,
  name: `run ${id}`,
  note: '',
  config: makeConfig(),
  createdAt,
  status: 'running',
  phase: 'debate',
  pinned: false,
  error: null,
  device: null,
  seconds: {},
});

function turn(runId: string, questionId: string, round: number, agent: number): Turn {
  return makeTurn({ runId, questionId, round, agent });
}

const timed = (list: readonly Turn[]) => list.map((one) => ({ turn: one, timing: makeTiming(one) }));

let name = '';
let store: JobStore;

beforeEach(async () => {
  name = `test-${crypto.randomUUID()}`;
  store = await openJobStore(name);
});

afterEach(async () => {
  await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
  // The open connection closes itself when the deletion asks it to (`blocking`).
  await deleteDB(name);
});

describe('the store of runs', () => {
  it('gives back what was written, through a second connection', async () => {
    await store.putRun(run('a', 1));
    await store.putTurns(timed([turn('a', 'q1', 0, 0), turn('a', 'q1', 0, 1)]));
    const again = await openJobStore(name);
    expect(await again.getRun('a')).toEqual(run('a', 1));
    expect(await again.getTurns('a')).toEqual([turn('a', 'q1', 0, 0), turn('a', 'q1', 0, 1)]);
    expect(await again.getTimings('a')).toHaveLength(2);
  });

  it('lists runs newest first', async () => {
    for (const [id, at] of [
      ['a', 1],
      ['b', 3],
      ['c', 2],
    ] as const)
      await store.putRun(run(id, at));
    expect((await store.listRuns()).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
  });

  it('keeps one turn per question, round and agent: a repeat replaces it', async () => {
    await store.putTurns(timed([turn('a', 'q1', 0, 0)]));
    await store.putTurns(timed([{ ...turn('a', 'q1', 0, 0), reply: 'second' }]));
    expect((await store.getTurns('a')).map(({ reply }) => reply)).toEqual(['second']);
  });

  it('distinguishes runs whose ids start alike', async () => {
    await store.putTurns(timed([turn('a', 'q1', 0, 0), turn('ab', 'q1', 0, 0)]));
    expect(await store.getTurns('a')).toHaveLength(1);
  });

  it('removes a run with its turns, checkpoint and adapter, and leaves the others', async () => {
    for (const id of ['a', 'b']) {
      await store.putRun(run(id, 1));
      await store.putTurns(timed([turn(id, 'q1', 0, 0)]));
      await store.putCheckpoint({ runId: id, strategy: 'rsft', seed: 0 }, 5, new Uint8Array([1]));
      await store.putAdapter(
        { runId: id, strategy: 'rsft', seed: 0 },
        { 'adapter_config.json': new Uint8Array([2]) },
      );
    }
    await store.removeRun('a');
    const left = async (id: string) => [
      await store.getRun(id),
      (await store.getTurns(id)).length,
      await store.getCheckpoint({ runId: id, strategy: 'rsft', seed: 0 }),
      await store.getAdapter({ runId: id, strategy: 'rsft', seed: 0 }),
    ];
    expect(await left('a')).toEqual([null, 0, null, null]);
    expect((await left('b'))[1]).toBe(1);
    expect((await left('b'))[3]).toEqual({ 'adapter_config.json': new Uint8Array([2]) });
  });
});

describe('settings', () => {
  it('outlive the connection that wrote them', async () => {
    const first = await openDatabase(name);
    await putSetting(first, 'theme', { dark: true });
    const second = await openDatabase(name);
    expect(await getSetting(second, 'theme')).toEqual({ dark: true });
    expect(await getSetting(second, 'nothing')).toBeUndefined();
  });
});

describe('two changes of one setting at once', () => {
  it('are both kept', async () => {
    const other = await openJobStore(name);
    const add = (to: JobStore, n: number) =>
      to.editSetting('list', (list) => [...((list as number[] | undefined) ?? []), n]);
    await Promise.all([1, 2, 3, 4].map((n) => add(n % 2 === 0 ? store : other, n)));
    expect(((await store.getSetting('list')) as number[]).sort()).toEqual([1, 2, 3, 4]);
  });
});

describe('checkpoints and adapters', () => {
  const id = { runId: 'a', strategy: 'rsft+da', seed: 1 };

  it('keep the newest two checkpoints in two files, and drop those of an earlier version', async () => {
    const files = await openFiles(name);
    const database = await openDatabase(name);
    await files.write('runs/a/checkpoints/rsft+da-1-2.bin', new Uint8Array([9]));
    const earlier = { ...id, step: 2, path: 'runs/a/checkpoints/rsft+da-1-2.bin', bytes: 1 };
    await database.put('checkpoints', earlier);
    database.close();
    expect((await store.getCheckpoint(id))?.step).toBe(2);
    for (const step of [5, 10, 15]) {
      await store.putCheckpoint(id, step, new Uint8Array([3, 4, step]));
      expect(await store.getCheckpoint(id)).toEqual({ step, bytes: new Uint8Array([3, 4, step]) });
      expect(await files.list('runs/a/checkpoints')).toHaveLength(2);
    }
    await store.removeCheckpoint(id);
    expect(await files.list('runs/a/checkpoints')).toEqual([]);
  });

  it('give the checkpoint before where the newest is cut short, and then write over the damaged one', async () => {
    const files = await openFiles(name);
    const [a, b] = ['a', 'b'].map((slot) => `runs/a/checkpoints/rsft+da-1-${slot}.bin`);
    await store.putCheckpoint(id, 5, new Uint8Array([1, 2, 3]));
    await store.putCheckpoint(id, 10, new Uint8Array([4, 5, 6]));
    await files.write(b!, new Uint8Array([4]));
    const parts: string[] = [];
    const kept = await store.getCheckpoint(id, ({ part }) => parts.push(part));
    expect(kept).toEqual({ step: 5, bytes: new Uint8Array([1, 2, 3]) });
    expect(parts).toEqual(['checkpoint']);
    await store.putCheckpoint(id, 10, new Uint8Array([4, 5, 6]));
    await files.write(b!, new Uint8Array([4]));
    expect((await store.getCheckpoint(id))?.step).toBe(5);
    await files.write(a!, new Uint8Array([1]));
    expect(await store.getCheckpoint(id)).toBeNull();
  });

  it('give no adapter before its last file is written', async () => {
    const files = await openFiles(name);
    await files.write('runs/a/adapters/rsft+da-1/adapter_model.safetensors', new Uint8Array([1]));
    expect(await store.getAdapter(id)).toBeNull();
  });
});

describe('failures of storage', () => {
  it('arrive as StorageError with what to do when the quota is used up', () => {
    const error = asStorageError(new DOMException('full', 'QuotaExceededError'));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.hint).toContain('Delete old runs');
  });

  it('refuse a database of a newer version', async () => {
    const newer = `${name}-newer`;
    (await openDB(newer, schemaVersion + 1)).close();
    await expect(openDatabase(newer)).rejects.toMatchObject({ code: 'storage', message: /newer version/ });
    await deleteDB(newer);
  });

  it('refuse paths that leave the folder', async () => {
    const files = await openFiles(name);
    await expect(files.write('a//b', new Uint8Array([1]))).rejects.toBeInstanceOf(StorageError);
    await files.write('../up', new Uint8Array([7])).catch(() => undefined);
    expect(await (await navigator.storage.getDirectory()).getFileHandle('up').catch(() => null)).toBeNull();
  });
});

import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Damage } from '../../src/store/digest';
import { openFiles } from '../../src/store/files';
import { openJobStore, type JobStore } from '../../src/store/jobStore';
import type { StoredRun } from '../../src/store/schema';
import { makeArchive } from '../ui/fixtures/archive';

const runId = '0000000a';
const id = { runId, strategy: 'rsft', seed: 0 };
const archive = makeArchive(8);
const run: StoredRun = { ...archive.run, id: runId, device: null, seconds: {} };
const turns = archive.turns.map((turn) => {
  const { questionId, protocol, round, agent } = turn;
  return {
    turn: { ...turn, runId },
    timing: { questionId, protocol, round, agent, startedAt: 1, seconds: 2 },
  };
});
const whole = {
  run,
  questions: archive.questions,
  turns,
  datasets: archive.datasets,
  logs: archive.logs.map((log) => ({ runId, ...log })),
  report: archive.report,
};
const files = {
  'adapter_config.json': new TextEncoder().encode('{"r": 8}'),
  'adapter_model.safetensors': new Uint8Array(4000).map((_, i) => i % 251),
};

let name = '';
let store: JobStore;
let damages: Damage[] = [];
const hear = (damage: Damage): void => void damages.push(damage);

beforeEach(async () => {
  name = `test-${crypto.randomUUID()}`;
  store = await openJobStore(name);
  damages = [];
});

afterEach(async () => {
  await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
  await deleteDB(name);
});

/** Changes the first record of a store behind the product's back. */
async function edit(table: string, change: (record: Record<string, unknown>) => void): Promise<void> {
  const database = await openDB(name);
  const [key] = await database.getAllKeys(table);
  const record = (await database.get(table, key!)) as Record<string, unknown>;
  change(record);
  await database.put(table, record);
  database.close();
}

describe('what is read is as it was written, or it is left out and reported', () => {
  it('whole', async () => {
    await store.putWhole(whole);
    expect(await store.getQuestions(runId)).toEqual(archive.questions);
    expect(await store.getTurns(runId, hear)).toHaveLength(turns.length);
    expect(await store.getDatasets(runId, hear)).toEqual(archive.datasets);
    expect(await store.getLogs(runId, hear)).toEqual(whole.logs);
    expect(await store.getReport(runId, hear)).toEqual(archive.report);
    await store.putLog(whole.logs[0]!);
    expect(await store.getLogs(runId, hear)).toEqual(whole.logs);
    expect(damages).toEqual([]);
  });

  it.each([
    ['the answer in a turn', (turn: Record<string, unknown>) => (turn['answer'] = '7')],
    ['a turn without its reply', (turn: Record<string, unknown>) => delete turn['reply']],
  ])('%s', async (_, change) => {
    await store.putWhole(whole);
    await edit('turns', (record) => change(record['turn'] as Record<string, unknown>));
    expect(await store.getTurns(runId, hear)).toHaveLength(turns.length - 1);
    expect(damages.map(({ part }) => part)).toEqual(['turn']);
    expect(damages[0]?.name).toMatch(/^debate\/q00000\/0\/0$/);
  });

  it('a turn of the first version, which has no digest, when it lacks its reply', async () => {
    await store.putWhole(whole);
    await edit('turns', (record) => {
      delete record['hash'];
    });
    expect(await store.getTurns(runId, hear)).toHaveLength(turns.length);
    await edit('turns', (record) => {
      delete (record['turn'] as Record<string, unknown>)['reply'];
    });
    expect(await store.getTurns(runId, hear)).toHaveLength(turns.length - 1);
  });

  it('data sets, logs and reports', async () => {
    await store.putWhole(whole);
    await edit('datasets', (record) => {
      (record['dataset'] as { kept: number }).kept += 1;
    });
    await edit('logs', (record) => {
      (record['steps'] as { loss: number }[])[3]!.loss = 0;
    });
    await edit('reports', (record) => {
      (record['report'] as { arms: { accuracy: number }[] }).arms[0]!.accuracy = 1;
    });
    expect(await store.getDatasets(runId, hear)).toEqual([]);
    expect(await store.getLogs(runId, hear)).toEqual([]);
    expect(await store.getReport(runId, hear)).toBeNull();
    expect(damages.map(({ part }) => part)).toEqual(['dataset', 'log', 'report']);
  });

  it('questions, without which there is no run', async () => {
    await store.putWhole(whole);
    await edit('questions', (record) => {
      (record['questions'] as { gold: string }[])[0]!.gold = '0';
    });
    await expect(store.getQuestions(runId)).rejects.toMatchObject({ code: 'import' });
  });

  it.each([
    ['flipped', (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte, i) => (i === 777 ? byte ^ 1 : byte))],
    ['cut short', (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -1)],
  ])('a checkpoint and an adapter whose bytes were %s', async (_, change) => {
    const opfs = await openFiles(name);
    const bytes = new Uint8Array(2000).fill(5);
    await store.putCheckpoint(id, 25, bytes);
    expect((await store.getCheckpoint(id, hear))?.bytes).toEqual(bytes);
    await opfs.write(`runs/${runId}/checkpoints/rsft-0-a.bin`, change(bytes));
    expect(await store.getCheckpoint(id, hear)).toBeNull();

    await store.putAdapter(id, files);
    expect(await store.getAdapter(id, hear)).toEqual(files);
    const weights = `runs/${runId}/adapters/rsft-0/adapter_model.safetensors`;
    await opfs.write(weights, change((await opfs.read(weights))!));
    expect(await store.getAdapter(id, hear)).toBeNull();
    expect(await store.getAdapterFile(id, 'adapter_model.safetensors')).toBeNull();
    expect(damages.map(({ part }) => part)).toEqual(['checkpoint', 'adapter']);
    // Trained again, it is whole again.
    await store.putAdapter(id, files);
    expect(await store.getAdapter(id, hear)).toEqual(files);
  });

  it('an adapter that lost a file, but not one that was never finished', async () => {
    const opfs = await openFiles(name);
    await store.putAdapter(id, files);
    await opfs.remove(`runs/${runId}/adapters/rsft-0/adapter_model.safetensors`);
    expect(await store.getAdapter(id, hear)).toBeNull();
    expect(damages).toHaveLength(1);
    await opfs.remove(`runs/${runId}/adapters/rsft-0/adapter_config.json`);
    expect(await store.getAdapter(id, hear)).toBeNull();
    expect(damages).toHaveLength(1);
  });

  it('an adapter of the first version, which has no digest, is read as it is', async () => {
    const opfs = await openFiles(name);
    for (const [file, bytes] of Object.entries(files))
      await opfs.write(`runs/${runId}/adapters/rsft-0/${file}`, bytes);
    expect(await store.getAdapter(id, hear)).toEqual(files);
  });
});

describe('the records of a new run', () => {
  it('are all written or none', async () => {
    // A function cannot be stored: the fault comes after questions, turns and data sets.
    const bad = { ...whole, report: { ...archive.report, timings: () => 1 } as never };
    await expect(store.putWhole(bad)).rejects.toMatchObject({ code: 'storage' });
    expect(await store.listRuns()).toEqual([]);
    expect(await store.getQuestions(runId)).toBeNull();
    expect(await store.getTurns(runId)).toEqual([]);
    expect(await store.getDatasets(runId)).toEqual([]);
    await store.putWhole(whole);
    await expect(store.putWhole(whole)).rejects.toMatchObject({ code: 'storage' });
    expect(await store.listRuns()).toEqual([run]);
  });
});

describe('a run of an older version', () => {
  it.each(['../../models', '..', ''])('with the id "%s" has a size and can be deleted', async (odd) => {
    await store.putWhole({ ...whole, run: { ...run, id: odd } });
    expect(await store.sizeOf(odd)).toBeGreaterThan(0);
    await store.removeRun(odd);
    expect(await store.listRuns()).toEqual([]);
  });
});

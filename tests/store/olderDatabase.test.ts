import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digester } from '../../src/store/digest';
import { openFiles } from '../../src/store/files';
import { openJobStore } from '../../src/store/jobStore';
import { migrations, schemaVersion, type ArkletSchema } from '../../src/store/schema';
import { makeArchive } from '../ui/fixtures/archive';

const archive = makeArchive(4);
const runId = '0000000b';
const records = [
  { traceKey: 'q0/0/1', step: 0, right: 2, total: 4, tokens: 31 },
  { traceKey: 'q0/0/1', step: 1, right: 0, total: 4, tokens: 17 },
];

let name = '';
beforeEach(() => {
  name = `test-${crypto.randomUUID()}`;
});
afterEach(async () => {
  await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
  await deleteDB(name);
});

/** A database as version 3 left it: sentences, English names of filters, and continuations as a checkpoint of no training. */
async function versionThree(): Promise<void> {
  const digest = await digester();
  const database = await openDB<ArkletSchema>(name, 3, {
    upgrade(opened, from, _to, transaction) {
      const run = async (): Promise<void> => {
        for (const upgrade of migrations.slice(from, 3)) await upgrade(opened, transaction);
      };
      run().catch(() => transaction.abort());
    },
  });
  const device = {
    backend: 'wasm',
    device: 'WASM SIMD, 1 thread',
    threads: 1,
    reason: 'The CPU was asked for.',
  };
  const dropped = { 'wrong traces': 5, 'questions without a correct trace': 2 };
  const [first] = archive.datasets;
  const dataset = { ...first!, dropped };
  const report = {
    ...archive.report!,
    dataset: { kept: 1, dropped },
    datasets: { rsft: { kept: 1, dropped } },
  };
  const bytes = new TextEncoder().encode(JSON.stringify(records));
  const path = `runs/${runId}/checkpoints/pad-labels-0-2.bin`;
  await (await openFiles(name)).write(path, bytes);
  const put = async (table: string, row: unknown): Promise<void> => {
    await database.put(table as 'runs', row as never);
  };
  await put('runs', { ...archive.run, id: runId, device, seconds: {} });
  await put('datasets', { runId, name: 'rsft', dataset, hash: digest(dataset) });
  await put('reports', { runId, report, hash: digest(report) });
  await put('checkpoints', {
    runId,
    strategy: 'pad-labels',
    seed: 0,
    step: 2,
    path,
    bytes: bytes.byteLength,
    hash: digest(bytes),
  });
  database.close();
}

describe('a database of version 3', () => {
  it('keeps everything, in the forms of today', async () => {
    await versionThree();
    const store = await openJobStore(name);
    const facts = [{ kind: 'text', text: 'The CPU was asked for.' }];
    expect((await store.getRun(runId))?.device).toEqual({
      backend: 'wasm',
      device: 'WASM SIMD, 1 thread',
      threads: 1,
      reason: facts,
    });
    const damages: unknown[] = [];
    const hear = (damage: unknown): void => void damages.push(damage);
    const dropped = { 'wrong-trace': 5, 'no-correct-trace': 2 };
    expect((await store.getDatasets(runId, hear))[0]?.dropped).toEqual(dropped);
    const report = await store.getReport(runId, hear);
    expect([report?.dataset.dropped, report?.datasets['rsft']?.dropped]).toEqual([dropped, dropped]);
    expect(damages).toEqual([]);
    expect(await store.getContinuations(runId)).toEqual(records);
  });

  it('gives its continuations to the table of today with the next that come, and to none once the run is removed', async () => {
    await versionThree();
    const store = await openJobStore(name);
    const job = store.during(runId, new AbortController().signal);
    const more = [...records, { traceKey: 'q1/0/0', step: 0, right: 4, total: 4, tokens: 9 }];
    await job.putContinuations(runId, more);
    expect(await store.getContinuations(runId)).toEqual(more);
    expect(await store.getCheckpoint({ runId, strategy: 'pad-labels', seed: 0 })).toBeNull();
    await store.removeRun(runId);
    expect(await store.getContinuations(runId)).toEqual([]);
    await expect(job.putContinuations(runId, more)).rejects.toMatchObject({ code: 'interrupted' });
    expect(await store.getContinuations(runId)).toEqual([]);
  });

  it('loses continuations that were altered: they are drawn again', async () => {
    await versionThree();
    const store = await openJobStore(name);
    await store.putContinuations(runId, records);
    const database = await openDB<ArkletSchema>(name, schemaVersion);
    const row = (await database.get('continuations', runId))!;
    await database.put('continuations', { ...row, records: records.slice(1) });
    database.close();
    expect(await store.getContinuations(runId)).toEqual([]);
  });
});

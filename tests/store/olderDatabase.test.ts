import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digester } from '../../src/store/digest';
import { openFiles } from '../../src/store/files';
import { openJobStore } from '../../src/store/jobStore';
import { migrations, schemaVersion, type ArkletSchema } from '../../src/store/schema';
import { turnKey } from '../../src/store/turns';
import { storedConfig } from '../../src/settings/config';
import old from '../golden/settings/version-0.1.json';
import { makeArchive } from '../ui/fixtures/archive';
import { makePadArchive } from '../ui/fixtures/padArchive';

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

/** Names of filters as they stood up to version 3, by today's. */
const english = { 'wrong-trace': 'wrong traces', 'no-correct-trace': 'questions without a correct trace' };
const droppedThen = { [english['wrong-trace']]: 5, [english['no-correct-trace']]: 2 };
const droppedNow = { 'wrong-trace': 5, 'no-correct-trace': 2 };
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const adapter = {
  'adapter_config.json': bytes('{"peft_type": "LORA"}'),
  'adapter_model.safetensors': new Uint8Array(5000).map((_, i) => i),
};
const checkpoint = new Uint8Array(3000).map((_, i) => i * 7);

/**
 * Two runs with all that is stored of one, in a database of a version as the code of that version wrote it (history of schema.ts):
 * 1 had settings under the keys of 0.1; 1 and 2 no digests and no records of adapters; up to 3 sentences for the device and English
 * names of filters.
 */
async function databaseOf(version: number): Promise<void> {
  const digest = await digester();
  const database = await openDB<ArkletSchema>(name, version, {
    upgrade(opened, from, _to, transaction) {
      const run = async (): Promise<void> => {
        for (const upgrade of migrations.slice(from, version)) await upgrade(opened, transaction);
      };
      run().catch(() => transaction.abort());
    },
  });
  const put = async (table: string, row: object, sealed?: unknown): Promise<void> => {
    const whole = version >= 3 && sealed !== undefined ? { ...row, hash: digest(sealed) } : row;
    await database.put(table as 'runs', whole as never);
  };
  const files = await openFiles(name);
  for (const { id, of } of stored) {
    const config = version === 1 ? old.configs.quick.config : storedConfig(old.configs.quick.config);
    const { run, questions, turns, datasets, logs, report } = of;
    const reason =
      version <= 3 ? 'The CPU was asked for.' : [{ kind: 'text', text: 'The CPU was asked for.' }];
    const device = { backend: 'wasm', device: 'WASM SIMD', threads: 1, reason };
    const dropped = version <= 3 ? droppedThen : droppedNow;
    await put('runs', { ...run, id, config, device, seconds: { debate: 3 } });
    await put('questions', { runId: id, questions }, questions);
    for (const one of turns) {
      const turn = { ...one, runId: id };
      const { questionId, protocol, round, agent } = turn;
      await put('turns', { runId: id, key: turnKey(turn), turn }, turn);
      const timing = { questionId, protocol, round, agent, startedAt: 5, seconds: 0.5 };
      await put('timings', { runId: id, key: turnKey(turn), timing });
    }
    for (const one of datasets) {
      const dataset = { ...one, dropped };
      await put('datasets', { runId: id, name: one.strategy, dataset }, dataset);
    }
    for (const log of logs) await put('logs', { runId: id, ...log });
    const written = { ...report!, config, dataset: { ...report!.dataset, dropped } };
    await put('reports', { runId: id, report: written }, written);
    const path = `runs/${id}/checkpoints/rsft-0-2.bin`;
    await files.write(path, checkpoint);
    const place = { runId: id, strategy: 'rsft', seed: 0 };
    await put('checkpoints', { ...place, step: 2, path, bytes: checkpoint.length }, checkpoint);
    for (const [file, contents] of Object.entries(adapter))
      await files.write(`runs/${id}/adapters/rsft-0/${file}`, contents);
    const hashes = Object.fromEntries(Object.entries(adapter).map(([file, one]) => [file, digest(one)]));
    if (version >= 3) await put('adapters', { ...place, hashes });
  }
  await put('settings', { key: 'pace', value: { tokens: 12.5 } });
  database.close();
}

const stored = [
  { id: '0000000c', of: archive },
  { id: '0000000d', of: makePadArchive() },
];

const earlier = Array.from({ length: schemaVersion - 1 }, (_, i) => i + 1);

describe('a database of every earlier version', () => {
  it.each(earlier)('%i keeps equal contents', async (version) => {
    await databaseOf(version);
    const store = await openJobStore(name);
    const damages: unknown[] = [];
    const hear = (damage: unknown): void => void damages.push(damage);
    const config = storedConfig(old.configs.quick.config);
    expect((await store.listRuns()).map(({ id }) => id).sort()).toEqual(stored.map(({ id }) => id));
    for (const { id, of } of stored) {
      const { run, questions, turns, datasets, logs, report } = of;
      const facts = [{ kind: 'text', text: 'The CPU was asked for.' }];
      const device = { backend: 'wasm', device: 'WASM SIMD', threads: 1, reason: facts };
      expect(await store.getRun(id)).toEqual({ ...run, id, config, device, seconds: { debate: 3 } });
      expect(await store.getQuestions(id)).toEqual(questions);
      const byKey = (list: readonly Parameters<typeof turnKey>[0][]) =>
        [...list].sort((a, b) => (turnKey(a) < turnKey(b) ? -1 : 1));
      expect(byKey(await store.getTurns(id, hear))).toEqual(
        byKey(turns.map((turn) => ({ ...turn, runId: id }))),
      );
      expect(await store.getTimings(id)).toHaveLength(turns.length);
      const sets = await store.getDatasets(id, hear);
      const byName = <T extends { readonly strategy: string }>(list: readonly T[]): T[] =>
        [...list].sort((a, b) => (a.strategy < b.strategy ? -1 : 1));
      expect(byName(sets)).toEqual(byName(datasets.map((one) => ({ ...one, dropped: droppedNow }))));
      expect(byName(await store.getLogs(id, hear))).toEqual(
        byName(logs.map((log) => ({ runId: id, ...log }))),
      );
      expect(await store.getReport(id, hear)).toEqual({
        ...report,
        config,
        dataset: { ...report!.dataset, dropped: droppedNow },
      });
      const place = { runId: id, strategy: 'rsft', seed: 0 };
      expect(await store.getCheckpoint(place, hear)).toEqual({ step: 2, bytes: checkpoint });
      expect(await store.listAdapters(id)).toEqual([{ strategy: 'rsft', seed: 0 }]);
      expect(await store.getAdapter(place, hear)).toEqual(adapter);
    }
    expect(await store.getSetting('pace')).toEqual({ tokens: 12.5 });
    expect(damages).toEqual([]);
  });
});

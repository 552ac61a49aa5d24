import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ArkletError, ImportError } from '../../../src/core/errors';
import { reportWithDropCounts, withDropCounts } from '../../../src/records/dropped';
import type { RunArchive } from '../../../src/records/runRecords';
import { reportMarkdown } from '../../../src/eval/markdown';
import { parseArchive } from '../../../src/records/archiveSchema';
import { packArchive, parseTrajectories, unpackArchive } from '../../../src/records/archiveFile';
import { storedConfig } from '../../../src/settings/config';
import { readArchive, storeArchive } from '../../../src/library/storedRuns';
import { makeArchive } from '../../ui/fixtures/archive';
import { makePadArchive } from '../../ui/fixtures/padArchive';
import { mutated } from './archiveFuzz';
import { createMemoryStore } from '../../support/memoryStore';

const archive = makeArchive(8);
const recorded = (): RunArchive => unpackArchive(readFileSync('public/recorded/run.json.gz'));

function refusal(change: unknown): string {
  try {
    parseArchive(change);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ImportError);
    return (thrown as ImportError).message;
  }
  return 'accepted';
}

describe('an archive from outside', () => {
  it('is taken as it is where Arklet made it: the recorded run, with the settings it lacks completed and reasons for dropped traces as codes', () => {
    const raw = JSON.parse(gunzipSync(readFileSync('public/recorded/run.json.gz')).toString()) as RunArchive;
    const { run, ...rest } = parseArchive(raw);
    expect(rest).toEqual({
      format: raw.format,
      version: raw.version,
      questions: raw.questions,
      turns: raw.turns,
      timings: raw.timings,
      datasets: raw.datasets.map(withDropCounts),
      logs: raw.logs,
      report: raw.report && {
        ...reportWithDropCounts(raw.report),
        config: storedConfig(raw.report.config),
      },
    });
    expect(run.config).toEqual(storedConfig(raw.run.config));
  });

  it.each<[string, unknown, string]>([
    ['settings that are empty of sense', { agents: 5 }, 'run.config: Models of the agents is 5'],
    ['a billion agents', { ...archive.run.config, nAgents: 1e9 }, 'run.config: Agents is 1000000000'],
    ['no settings', null, 'run.config'],
  ])('is refused with its reason for %s', (_, config, reason) => {
    expect(refusal({ ...archive, run: { ...archive.run, config } })).toContain(reason);
  });

  it.each<[string, Partial<RunArchive['run']>, string]>([
    ['an unknown phase', { phase: 'zzz' as 'done' }, 'run.phase'],
    ['a date that no calendar has', { createdAt: 1e300 }, 'run.createdAt'],
    ['a name of blanks', { name: '  ' }, 'run.name'],
  ])('is refused for %s', (_, change, reason) => {
    expect(refusal({ ...archive, run: { ...archive.run, ...change } })).toContain(reason);
  });

  it('is refused for turns at places that no debate has', () => {
    const [first] = archive.turns;
    expect(refusal({ ...archive, turns: [{ ...first, round: 1e15 }] })).toContain('turns.0.round');
    expect(refusal({ ...archive, turns: [{ ...first, agent: 2e9 }] })).toContain('turns.0.agent');
    expect(refusal({ ...archive, turns: [{ ...first, agent: 3 }] })).toContain('3 agents');
    const line = JSON.stringify({ ...first, agent: 2e9 });
    expect(() => parseTrajectories(line, 'a file')).toThrow(/agent/);
  });

  it('is refused for a report, logs or data sets of another shape', () => {
    const { report } = archive;
    expect(refusal({ ...archive, report: { arms: [] } })).toContain('report.');
    expect(refusal({ ...archive, report: { ...report, arms: [null] } })).toContain('report.arms.0');
    const twice = report?.arms.concat(report.arms);
    expect(refusal({ ...archive, report: { ...report, arms: twice } })).toContain(
      '"report.arms" is not what belongs there',
    );
    expect(refusal({ ...archive, logs: [{ strategy: 'rsft', seed: 0, steps: [1] }] })).toContain(
      'logs.0.steps.0',
    );
    expect(refusal({ ...archive, datasets: [{ strategy: 'rsft', traces: [{}] }] })).toContain('datasets.0');
  });

  it('keeps only the keys of a run, and is not in the trash', () => {
    const text = JSON.stringify(archive).replace(
      '"run":{',
      '"run":{"__proto__":{"polluted":1},"deletedAt":1,"evil":2,',
    );
    const { run } = parseArchive(JSON.parse(text));
    expect(Object.keys(run).sort()).toEqual(
      ['config', 'createdAt', 'error', 'id', 'name', 'note', 'phase', 'pinned', 'status'].sort(),
    );
    expect((run as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('gets an id of its own where its own could be a path, or an imported adapter’s folder', async () => {
    const store = createMemoryStore();
    for (const id of ['../../models', '', '..', 'imported', 'a/b']) {
      const run = await storeArchive(store, parseArchive({ ...archive, run: { ...archive.run, id } }));
      expect(run.id).toMatch(/^[0-9a-f]{8}(-\d+)?$/);
      expect((await store.getTurns(run.id)).length).toBe(archive.turns.length);
    }
    const kept = await storeArchive(store, recorded());
    expect(kept.id).toBe(recorded().run.id);
  });

  it('leaves nothing behind when it cannot be stored', async () => {
    const store = createMemoryStore();
    const removed: string[] = [];
    const failing = {
      ...store,
      putWhole: () => Promise.reject(new Error('the disk is full')),
      removeRun: async (id: string) => void removed.push(id),
    };
    const adapters = [{ strategy: 'rsft', seed: 0, files: { 'adapter_config.json': 'e30=' } }];
    await expect(storeArchive(failing, { ...recorded(), adapters })).rejects.toThrow('full');
    // Before, for what an earlier import left, and after.
    expect(removed).toEqual([recorded().run.id, recorded().run.id]);
    expect(await store.listRuns()).toEqual([]);
  });
});

describe('a compressed archive', () => {
  it('is unpacked as it was packed', () => {
    expect(unpackArchive(packArchive(archive))).toEqual(parseArchive(archive));
  });

  it.each([
    ['600 MB of blanks', () => gzipSync(Buffer.alloc(600e6, 32), { level: 9 })],
    [
      'a list that grows to more than 100 times its size',
      () => gzipSync(Buffer.alloc(100e6, '[0],'), { level: 9 }),
    ],
  ])('of %s is refused before it is read', (_, make) => {
    const bytes = make();
    const before = process.memoryUsage().rss;
    expect(() => unpackArchive(bytes)).toThrow(/unpack/);
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });

  it('that nests lists 100,000 deep is refused', () => {
    const text = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(() => unpackArchive(new TextEncoder().encode(text))).toThrow(/deep/);
  });

  it('that was cut short is damaged', () => {
    const bytes = packArchive(archive);
    expect(() => unpackArchive(bytes.subarray(0, bytes.length - 20))).toThrow(ImportError);
  });
});

/** Seeds of the changes; one that fails is found again by its number. */
const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => 1000 + i);

describe('changed at random', () => {
  it('an archive is refused with a typed error, or listed, read, exported and deleted', async () => {
    let accepted = 0;
    for (const seed of seeds(600)) {
      const input = mutated(seed % 2 === 0 ? archive : makePadArchive(), seed);
      let taken: RunArchive;
      try {
        taken = parseArchive(input);
      } catch (thrown) {
        expect(thrown, `seed ${seed}`).toBeInstanceOf(ArkletError);
        expect((thrown as ArkletError).code, `seed ${seed}`).toBe('import');
        continue;
      }
      accepted++;
      const store = createMemoryStore();
      const run = await storeArchive(store, taken);
      const again = await readArchive(store, run, true);
      expect(unpackArchive(packArchive(again)).turns.length, `seed ${seed}`).toBe(again.turns.length);
      if (again.report) reportMarkdown(again.report);
      await store.removeRun(run.id);
      expect(await store.listRuns()).toEqual([]);
    }
    // Both ends are reached: else the changes are too mild or too harsh to show anything.
    expect(accepted).toBeGreaterThan(20);
    expect(accepted).toBeLessThan(580);
  });

  it('a report becomes a document, or is refused with a typed error', () => {
    const reports = [archive.report, makePadArchive().report];
    for (const seed of seeds(3000)) {
      const input = mutated(reports[seed % 2], seed);
      try {
        expect(reportMarkdown(input as never)).toContain('# Comparison');
      } catch (thrown) {
        expect(thrown, `seed ${seed}`).toBeInstanceOf(ImportError);
      }
    }
  });
});

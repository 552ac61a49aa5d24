import { describe, expect, it } from 'vitest';
import { presets } from '../../../src/run/presets';
import { curves, everyNth, sampleSteps } from '../../../src/ui/runs/curves';
import {
  armNames,
  armRow,
  butSeed,
  groups,
  settingRows,
  trainedStrategies,
  type ComparedRun,
} from '../../../src/ui/runs/runDiff';
import { matchingRuns, outcomeOf, sortedRuns } from '../../../src/ui/runs/runFacts';
import { runDash, runColour } from '../../../src/ui/runs/runLook';
import { codeSpans, splitHeader } from '../../../src/ui/help/kernelGroups';
import { makeArchive } from '../../ui/fixtures/archive';

function compared(id: string, change: Partial<ComparedRun> = {}): ComparedRun {
  const { run, logs, report } = makeArchive(4);
  return { run: { ...run, id, name: id }, logs, report, ...change };
}

describe('runs held against each other', () => {
  it('list the settings that differ first, a value each', () => {
    const rows = settingRows([
      { config: presets.quick },
      { config: { ...presets.quick, seed: 7, rank: 32 } },
    ]);
    expect(rows.filter(({ differs }) => differs).map(({ name, values }) => [name, ...values])).toEqual([
      ['rank', '16', '32'],
      ['seed', '0', '7'],
    ]);
    expect(rows[0]!.differs && rows[1]!.differs && !rows[2]!.differs).toBe(true);
  });

  it('do not differ by a setting that a run of an older version lacks, nor by PAD settings without PAD, nor by the name of the preset', () => {
    const { rank: _, padKlForm: _form, ...older } = presets.quick;
    const rows = settingRows([
      { config: older as typeof presets.quick },
      { config: { ...presets.quick, preset: 'custom', padKl: 0.5 } },
    ]);
    expect(rows.filter(({ differs }) => differs)).toEqual([]);
    expect(rows.find(({ name }) => name === 'rank')).toEqual({
      name: 'rank',
      label: 'LoRA rank',
      values: [null, '16'],
      differs: false,
    });
    expect(rows.map(({ name }) => name)).not.toContain('preset');
  });

  it('call every setting of a run by a name that people read', () => {
    for (const { label } of settingRows([{ config: presets.full }]))
      expect(label).not.toMatch(/^[a-z]|[a-z][A-Z][a-z]/);
  });

  it('hold an arm against the baseline run on the same questions by its pairs, and on others with an unpaired interval', () => {
    const first = compared('baseline');
    const items = first.report!.items.map((item) => ({ ...item, id: `${item.id}-other` }));
    const elsewhere = compared('elsewhere', { report: { ...first.report!, items } });
    // The fixture's arms are of 300 questions, its items are fewer: as many as there are make a pair.
    const arms = first.report!.arms.map((arm) => ({ ...arm, n: first.report!.items.length }));
    const paired = compared('paired', { report: { ...first.report!, arms } });
    const { cells } = armRow([first, elsewhere, paired], 'base', 0);
    expect(cells[0]!.delta).toBeNull();
    expect(cells[1]!.delta).toMatchObject({ paired: false, difference: 0, counts: null });
    expect(cells[1]!.delta!.ci![0]).toBeLessThan(0);
    expect(cells[1]!.delta!.ci![1]).toBeGreaterThan(0);
    expect(cells[2]!.delta).toMatchObject({ paired: true, counts: { aOnly: 0, bOnly: 0 } });
    expect(armNames([first])[0]).toBe('distilled:rsft');
  });

  it('show a run that has not finished as an empty cell', () => {
    expect(armRow([compared('a'), compared('b', { report: null })], 'base', 0).cells[1]).toBeNull();
  });

  it('form groups of all settings but the seed, with mean and range', () => {
    const run = (id: string, seed: number, rank: number, correct: number): ComparedRun => {
      const made = compared(id);
      const arms = made.report!.arms.map((arm) => ({ ...arm, accuracy: correct / 100 }));
      const config = { ...made.run.config, seed, rank };
      return { ...made, run: { ...made.run, config }, report: { ...made.report!, arms } };
    };
    const runs = [run('a', 0, 8, 50), run('b', 1, 8, 60), run('c', 0, 16, 80)];
    const rows = settingRows(runs.map((one) => one.run));
    const byRank = groups(runs, rows, butSeed, 'distilled:rsft');
    expect(byRank.map(({ label, runs: names }) => [label, ...names])).toEqual([
      ['LoRA rank 8', 'a', 'b'],
      ['LoRA rank 16', 'c'],
    ]);
    expect(byRank[0]).toMatchObject({ lo: 0.5, hi: 0.6 });
    expect(byRank[0]!.mean).toBeCloseTo(0.55, 12);
    expect(groups(runs, rows, 'seed', 'distilled:rsft').map(({ label }) => label)).toEqual([
      'Seed 0',
      'Seed 1',
    ]);
  });

  it('are told apart by colour and dash, 36 of them', () => {
    const looks = Array.from({ length: 36 }, (_, look) => `${runColour(look)} ${runDash(look)}`);
    expect(new Set(looks).size).toBe(36);
  });

  it('draw one smoothed curve a run on axes that hold them all', () => {
    const steps = [4, 2, 1].map((loss, i) => ({ ...makeArchive(1).logs[0]!.steps[0]!, step: i + 1, loss }));
    const logs = [{ strategy: 'rsft', seed: 0, steps }];
    const drawn = curves([compared('a', { logs }), compared('b', { logs: [] })], 'rsft');
    expect(drawn.lines.map(({ id }) => id)).toEqual(['a']);
    // By hand: m1 = .4/.1 = 4; m2 = (.36 + .2)/.19 = 2.947; m3 = (.504 + .1)/.271 = 2.229.
    expect(drawn.lines[0]!.points.map(({ loss }) => Number(loss.toFixed(3)))).toEqual([4, 2.947, 2.229]);
    expect([drawn.low.toFixed(3), drawn.high, drawn.lastStep]).toEqual(['2.229', 4, 3]);
    expect(trainedStrategies([compared('a', { logs })])).toEqual(['rsft']);
  });

  it('thin a long curve without losing its ends', () => {
    const points = Array.from({ length: 1001 }, (_, i) => i);
    const thin = everyNth(points, 100);
    expect(thin.length).toBeLessThanOrEqual(101);
    expect([thin[0], thin.at(-1)]).toEqual([0, 1000]);
    expect(sampleSteps({ lines: [], low: 0, high: 1, lastStep: 200 }).at(-1)).toBe(200);
  });
});

describe('the list of runs', () => {
  const { report, run } = makeArchive(4);
  const result = (after: number) => ({
    timings: {},
    gainKept: null,
    backend: 'wasm',
    arms: report!.arms.map((arm) => (arm.name === 'distilled:rsft' ? { ...arm, accuracy: after } : arm)),
  });
  const runs = ['late', 'best', 'open'].map((id, at) => ({
    ...run,
    id,
    name: id,
    createdAt: 10 - at,
    config: { ...run.config, seed: at },
  }));
  const results = { late: result(0.5), best: result(0.9) };

  it('shows before and after, and is sorted by date, name or result, the baseline first', () => {
    expect(outcomeOf(results.best)?.after.accuracy).toBe(0.9);
    expect(outcomeOf(undefined)).toBeNull();
    const names = (order: 'newest' | 'oldest' | 'name' | 'after' | 'gain') =>
      sortedRuns(runs, results, order).map(({ name }) => name);
    expect(names('newest')).toEqual(['late', 'best', 'open']);
    expect(names('oldest')).toEqual(['open', 'best', 'late']);
    expect(names('name')).toEqual(['best', 'late', 'open']);
    expect(names('after')).toEqual(['best', 'late', 'open']);
    expect(names('gain')).toEqual(['best', 'late', 'open']);
    const pinned = runs.map((one) => ({ ...one, pinned: one.id === 'open' }));
    expect(sortedRuns(pinned, results, 'after')[0]?.name).toBe('open');
  });

  it('is filtered by words of name, note and settings', () => {
    expect(matchingRuns(runs, 'seed 1').map(({ name }) => name)).toContain('best');
    expect(matchingRuns(runs, 'LATE rsft').map(({ name }) => name)).toEqual(['late']);
    expect(matchingRuns(runs, 'nothing like it')).toEqual([]);
  });
});

describe('a shader on the page', () => {
  it('is split into the header that states its maths and the code', () => {
    const { header, body } = splitHeader('// y = x.\n// Grid: a thread a value.\n//#if A\nfn main() {}\n');
    expect(header).toBe('y = x.\nGrid: a thread a value.');
    expect(body).toBe('//#if A\nfn main() {}');
  });

  it('is coloured without losing a character', () => {
    const code = 'let x = 3.5e-2; // half\nfn f(a: u32) -> f32 { return 1.0; }';
    const spans = codeSpans(code);
    expect(spans.map(({ text }) => text).join('')).toBe(code);
    expect(spans.filter(({ kind }) => kind === 'comment').map(({ text }) => text)).toEqual(['// half']);
    expect(spans.filter(({ kind }) => kind === 'number').map(({ text }) => text)).toEqual(['3.5e-2', '1.0']);
  });
});

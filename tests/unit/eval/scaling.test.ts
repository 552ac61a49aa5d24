/** Accuracy by a setting: which settings can be the axis, and what stands along it. */
import { describe, expect, it } from 'vitest';
import { dials, scalingCurve, type ScaledRun } from '../../../src/eval/scaling';
import { presets, withValue, type Path, type RunConfig } from '../../../src/settings/config';
import { scalingForm, scalingRows, scalingTable } from '../../../src/ui/runs/scalingChart';

const arm = (name: string, correct: number, n = 100): ScaledRun['arms'][number] => ({
  name,
  n,
  correct,
  accuracy: correct / n,
  ci: [(correct - 5) / n, (correct + 5) / n],
  strict: { correct, accuracy: correct / n },
  tokensPerQuestion: 1,
  promptTokensPerQuestion: 1,
  secondsPerQuestion: 1,
});

const set = (...changes: readonly (readonly [Path, unknown])[]): RunConfig =>
  changes.reduce<RunConfig>(
    (config, [path, value]) => withValue(config, path, value as never),
    presets.quick,
  );

const run = (name: string, config: RunConfig, arms: ScaledRun['arms'] = [arm('debate', 90)]): ScaledRun => ({
  name,
  config,
  arms,
});
const paths = (...configs: readonly RunConfig[]): readonly Path[] =>
  dials(configs.map((config, i) => run(`run-${i}`, config))).map(({ path }) => path);

describe('what can be the axis', () => {
  it('is a number in which the runs differ, the one with most values first', () => {
    expect(
      paths(set(['nAgents', 1], ['rounds', 0]), set(['nAgents', 3], ['rounds', 2]), set(['nAgents', 5])),
    ).toEqual(['nAgents', 'rounds']);
  });

  it('is a choice only where its values have an order', () => {
    expect(paths(set(['labels', 'gold']), set(['labels', 'none']))).toEqual(['labels']);
    expect(paths(set(['visibility', 'all']), set(['visibility', 'ring']))).toEqual([]);
  });

  it('is a list of numbers where each run has one of them', () => {
    const strategies = ['strategies', ['rsft+pad']] as const;
    expect(paths(set(strategies, ['pad.rl.lr', [1e-4]]), set(strategies, ['pad.rl.lr', [2e-4]]))).toEqual([
      'pad.rl.lr',
    ]);
    expect(
      paths(set(strategies, ['pad.rl.lr', [1e-4]]), set(strategies, ['pad.rl.lr', [1e-4, 2e-4]])),
    ).toEqual([]);
  });

  it('is neither the seed, nor what changes no result, nor a setting of PAD without PAD', () => {
    expect(paths(set(), set(['seed', 1]))).toEqual([]);
    expect(paths(set(), set(['endpointConcurrency', 3]))).toEqual([]);
    expect(paths(set(), set(['pad.rl.klWeight', 0.5]))).toEqual([]);
    expect(paths(set())).toEqual([]);
    expect(paths()).toEqual([]);
  });
});

describe('a curve', () => {
  const arms = (debate: number, student: number): ScaledRun['arms'] => [
    arm('base', 30),
    arm('debate', debate),
    arm('distilled:rsft', student),
    arm('control:answer-only', 40),
  ];
  const runs = [
    run('five', set(['nAgents', 5]), arms(95, 80)),
    run('three, seed 0', set(['nAgents', 3]), arms(75, 50)),
    run('three, seed 1', set(['nAgents', 3], ['seed', 1]), [...arms(25, 0), arm('single-greedy', 50)]),
  ];
  const curve = scalingCurve(runs, dials(runs)[0]!);

  it('has a point for each run, with its interval, and the mean of the runs at one value', () => {
    expect(curve.ticks).toEqual([
      { at: 3, label: '3' },
      { at: 5, label: '5' },
    ]);
    expect(curve.runs.map(({ name }) => name)).toEqual(['three, seed 0', 'three, seed 1', 'five']);
    const debate = curve.lines.find((line) => line.arm === 'debate')!;
    expect(debate.points.map(({ at, row, accuracy, ci }) => [at, row, accuracy, ...ci])).toEqual([
      [3, 0, 0.75, 0.7, 0.8],
      [3, 1, 0.25, 0.2, 0.3],
      [5, 2, 0.95, 0.9, 1],
    ]);
    expect(debate.means.map(({ at }) => at)).toEqual([3, 5]);
    expect(debate.means[0]!.accuracy).toBe(0.5);
  });

  it('shows the arms that a debate is read off, where two values have them', () => {
    expect(curve.lines.map((line) => line.arm)).toEqual(['debate', 'distilled:rsft']);
  });

  it('names what else differs, without the seed', () => {
    expect(curve.mixed).toEqual([]);
    const mixed = [...runs, run('other', set(['nAgents', 1], ['rank', 32]), arms(50, 40))];
    expect(scalingCurve(mixed, dials(mixed)[0]!).mixed).toEqual(['LoRA rank']);
  });

  it('puts numbers that span much at equal distances where they double', () => {
    const many = [100, 200, 3200].map((n) => run(String(n), set(['trainQuestions', n]), arms(90, 70)));
    const places = scalingCurve(many, dials(many)[0]!).ticks.map(({ at }) => at);
    expect(places[1]! - places[0]!).toBeCloseTo(1, 12);
    expect(places[2]! - places[1]!).toBeCloseTo(4, 12);
    const zero = [0, 20].map((n) => run(String(n), set(['robustQuestions', n]), arms(90, 70)));
    expect(scalingCurve(zero, dials(zero)[0]!).ticks.map(({ at }) => at)).toEqual([0, 20]);
  });

  it('has a choice’s values in the order of the table, under their names', () => {
    const labels = (['none', 'gold'] as const).map((one) => run(one, set(['labels', one]), arms(90, 70)));
    expect(scalingCurve(labels, dials(labels)[0]!).ticks).toEqual([
      { at: 0, label: 'Gold answer' },
      { at: 2, label: 'None' },
    ]);
  });

  it('is drawn in percent, whiskers and all, and leaves the page with full numbers', () => {
    expect(scalingRows(curve)).toEqual([
      { step: 3, debate: 50, 'distilled:rsft': 25 },
      { step: 5, debate: 95, 'distilled:rsft': 80 },
    ]);
    const [debate] = scalingForm(curve).curves;
    expect(debate).toMatchObject({ label: 'Vote after the debate', colour: '--arm-ensemble' });
    expect(debate!.whiskers).toHaveLength(3);
    const { head, rows } = scalingTable(curve);
    expect(head).toEqual(['nAgents', 'run', 'arm', 'n', 'accuracy', 'ci_low', 'ci_high']);
    expect(rows).toHaveLength(6);
    expect(rows[0]).toEqual(['3', 'three, seed 0', 'debate', '100', '0.75', '0.7', '0.8']);
  });
});

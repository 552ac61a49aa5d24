import { describe, expect, it } from 'vitest';
import type { ArmResult, ReportItem } from '../../src/records/records';
import { newcombe, questionsNeeded } from '../../src/eval/statistics';
import { cellsOf, deltaOf } from '../../src/ui/compare/baseline';
import { makeArchive } from './fixtures/archive';

const report = makeArchive(60).report!;
const arm = (name: string): ArmResult => report.arms.find((one) => one.name === name)!;
const item = (id: string, verdicts: Record<string, boolean>): ReportItem => ({
  id,
  question: id,
  answer: '1',
  verdicts: Object.fromEntries(
    Object.entries(verdicts).map(([name, correct]) => [name, { answer: '1', correct, tokens: 1 }]),
  ),
});

describe('cells of a pair', () => {
  it('count who is right on the questions that both were asked', () => {
    const items = [
      item('q1', { a: true, b: true }),
      item('q2', { a: true, b: false }),
      item('q3', { a: false, b: true }),
      item('q4', { a: true, b: false }),
      item('q5', { a: false, b: false }),
    ];
    expect(cellsOf({ name: 'a', items }, { name: 'b', items })).toEqual({
      n: 5,
      both: 1,
      aOnly: 2,
      bOnly: 1,
      neither: 1,
    });
    expect(cellsOf({ name: 'a', items }, { name: 'b', items: items.slice(1) })).toBeNull();
  });
});

describe('the difference of two independent shares', () => {
  it('has the interval of Newcombe (1998), table II, method 10: 56/70 against 48/80', () => {
    // Wilson's intervals of 56/70 and 48/80, as statsmodels' proportion_confint gives them (method "wilson").
    const one = { ...arm('base'), accuracy: 0.8, ci: [0.691772, 0.876919] } as const;
    const two = { ...arm('base'), accuracy: 0.6, ci: [0.490453, 0.700403] } as const;
    const { difference, ci } = newcombe(one, two);
    expect(difference).toBeCloseTo(0.2, 10);
    expect(ci[0]).toBeCloseTo(0.0524, 3);
    expect(ci[1]).toBeCloseTo(0.3339, 3);
  });
});

describe('an arm against the baseline', () => {
  const own = (name: string) => ({ arm: arm(name), run: null, items: report.items });

  it('takes the pair of the report where it holds one, turned round if need be', () => {
    const delta = deltaOf(report, arm('base'), own('distilled:rsft'));
    expect(delta.type).toBe('paired');
    // The report has distilled - base: 112 only there, 11 only here, of 300.
    if (delta.type === 'paired') expect(delta.pair.difference).toBeCloseTo(-101 / 300);
  });

  it('asks for the counts where the report has no such pair', () => {
    const complete = { ...arm('single'), n: report.items.length };
    expect(deltaOf(report, complete, own('vote:3')).type).toBe('counts');
  });

  it('is unpaired against a run with other questions', () => {
    const items = report.items.map((one) => ({ ...one, id: `other-${one.id}` }));
    const baseline = { arm: arm('base'), run: { id: 'r', name: 'old' }, items };
    expect(deltaOf(report, arm('base'), baseline).type).toBe('unpaired');
  });
});

it('the number of questions needed grows with the square of how far the difference is out of reach', () => {
  const pair = { ...report.pairs[0]!, difference: 0.02, detectable: 0.08 };
  // 0.08 is four times 0.02, so sixteen times the questions.
  expect(questionsNeeded(pair, 300)).toBe(4800);
});

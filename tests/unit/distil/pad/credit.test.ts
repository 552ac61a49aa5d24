/** Credit and advantages: hand-worked soft minima, and a plain NumPy version of docs/method.md's formulas. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { leaveOneOut, softMinimum, spread, whiten, zScore } from '../../../../src/distil/pad/credit';

interface Credit {
  readonly groups: {
    tokens: number;
    steps: { reward: number; token: number; tokens: number }[];
    verdict: number;
  }[][];
  readonly weighted: number[][][];
  readonly returns: number[][];
  readonly whitened: number[];
  readonly scores: number[][];
}

const golden = JSON.parse(readFileSync('tests/golden/pad/credit.json', 'utf8')) as Credit;

const samples = golden.groups.map((group) =>
  group.map(({ tokens, steps, verdict }) => {
    const credits = softMinimum(steps.map(({ reward }) => reward), 0.1); // prettier-ignore
    return {
      tokens,
      outcome: verdict,
      steps: steps.map(({ token, tokens: own }, i) => ({ credit: credits[i]!, token, tokens: own })),
    };
  }),
);

describe('the soft minimum (PURE: r softmax(-r / T))', () => {
  it('of equal rewards shares them out evenly', () => {
    expect(softMinimum([0.6, 0.6, 0.6], 0.1).map((x) => x.toFixed(12))).toEqual(
      Array.from({ length: 3 }, () => (0.2).toFixed(12)),
    );
  });

  it('of one reward is that reward', () => {
    expect(softMinimum([-0.7], 0.1)).toEqual([-0.7]);
  });

  it('of 1 and -1 at T = 0.1 is nearly -1, all of it on the bad step', () => {
    // Weights e^-10 and e^10: the good one has 1 / (1 + e^20).
    const [good, bad] = softMinimum([1, -1], 0.1);
    expect(good).toBeCloseTo(1 / (1 + Math.exp(20)), 15);
    expect(bad).toBeCloseTo(-1 / (1 + Math.exp(-20)), 12);
  });

  it('of 0.5, 0.1 and -0.2 at T = 0.5 is worked by hand', () => {
    // e^-1 = 0.367879, e^-0.2 = 0.818731, e^0.4 = 1.491825; sum 2.678435.
    const credits = softMinimum([0.5, 0.1, -0.2], 0.5);
    expect(credits[0]).toBeCloseTo((0.5 * 0.367879) / 2.678435, 5);
    expect(credits[1]).toBeCloseTo((0.1 * 0.818731) / 2.678435, 5);
    expect(credits[2]).toBeCloseTo((-0.2 * 1.491825) / 2.678435, 5);
  });

  it('stays finite at a temperature near 0, where it is the minimum', () => {
    expect(softMinimum([0.9, -0.3, 0.2], 1e-4)).toEqual([0, -0.3, 0]);
  });

  it("has NumPy's credits", () => {
    samples.forEach((group, g) =>
      group.forEach(({ steps }, i) =>
        steps.forEach(({ credit }, s) => expect(credit).toBeCloseTo(golden.weighted[g]![i]![s]!, 12)),
      ),
    );
  });
});

describe('advantages of step credit and verdict', () => {
  it('leave one out token by token as NumPy does', () => {
    const ours = samples.flatMap((group) => leaveOneOut(group));
    ours.forEach((tokens, i) => {
      expect(tokens).toHaveLength(golden.returns[i]!.length);
      tokens.forEach((value, t) => expect(value).toBeCloseTo(golden.returns[i]![t]!, 10));
    });
  });

  it('leave one out as worked by hand', () => {
    // Two samples of 4 and 2 tokens. First: steps of credit 1 (token 1, 2 tokens) and -1 (token 3, 2 tokens), right;
    // second: one step of credit 0.5 (token 1), wrong. Baselines a token: 0.5 / 2 for the first, 0 / 4 for the second.
    const group = [
      {
        tokens: 4,
        outcome: 1,
        steps: [
          { credit: 1, token: 1, tokens: 2 },
          { credit: -1, token: 3, tokens: 2 },
        ],
      },
      { tokens: 2, outcome: 0, steps: [{ credit: 0.5, token: 1, tokens: 2 }] },
    ];
    const [first, second] = leaveOneOut(group);
    // From the end: 1 - 0 + (-1 - 0.5) = -0.5; then + (1 - 0.5) = 0.
    expect([...first!]).toEqual([0, 0, -0.5, -0.5]);
    expect([...second!]).toEqual([-0.5, -0.5]);
  });

  it('are whitened over the whole rollout as NumPy does', () => {
    const ours = samples.flatMap((group) => leaveOneOut(group));
    whiten(ours);
    ours
      .flatMap((tokens) => [...tokens])
      .forEach((value, t) => expect(value).toBeCloseTo(golden.whitened[t]!, 9));
  });

  it('as z-scores are the same for every token of a sample', () => {
    samples.forEach((group, g) =>
      zScore(group).forEach((tokens, i) => {
        for (const value of tokens) expect(value).toBeCloseTo(golden.scores[g]![i]!, 10);
      }),
    );
  });

  it('are 0 where all samples of a group earned the same', () => {
    const same = Array.from({ length: 4 }, () => ({ tokens: 3, steps: [], outcome: 1 }));
    for (const tokens of [...leaveOneOut(same), ...zScore(same)]) expect([...tokens]).toEqual([0, 0, 0]);
  });

  it('use the sample standard deviation', () => {
    expect(spread([1, 3])).toEqual({ mean: 2, deviation: Math.SQRT2 });
    expect(spread([5])).toEqual({ mean: 5, deviation: 0 });
  });
});

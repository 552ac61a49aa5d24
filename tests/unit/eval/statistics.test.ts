import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashKey, RandomStream } from '../../../src/core/rng';
import { CountResampler } from '../../../src/eval/binomial';
import { gainKeptInterval, pairedBootstrap } from '../../../src/eval/bootstrap';
import {
  detectableDifference,
  holm,
  mcnemarMidP,
  meanInterval,
  quantile,
  wilson,
} from '../../../src/eval/statistics';

interface Golden {
  wilson: { correct: number; n: number; ci: [number, number] }[];
  mcnemar: { aOnly: number; bOnly: number; p: number }[];
  holm: { p: number[]; adjusted: number[] }[];
  t: { values: number[]; ci: [number, number] }[];
  paired: { aOnly: number; bOnly: number; n: number; ci: [number, number] }[];
}

/** Written by make.py with scipy and statsmodels. */
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../golden/eval/statistics.json'), 'utf8'),
) as Golden;

describe('against statsmodels and scipy', () => {
  test.each(golden.wilson)('Wilson for $correct of $n', ({ correct, n, ci }) => {
    const [lo, hi] = wilson(correct, n);
    expect(lo).toBeCloseTo(ci[0], 12);
    expect(hi).toBeCloseTo(ci[1], 12);
  });

  test.each(golden.mcnemar)('mid-p McNemar for $aOnly against $bOnly', ({ aOnly, bOnly, p }) => {
    expect(Math.abs(mcnemarMidP(aOnly, bOnly) / p - 1)).toBeLessThan(1e-9);
    expect(mcnemarMidP(bOnly, aOnly)).toBe(mcnemarMidP(aOnly, bOnly));
  });

  test.each(golden.holm)('Holm for $p', ({ p, adjusted }) => {
    const got = holm(p);
    expect(got).toHaveLength(p.length);
    adjusted.forEach((want, i) => expect(got[i]).toBeCloseTo(want, 12));
  });

  test.each(golden.t)('the t interval of $values', ({ values, ci }) => {
    const got = meanInterval(values)!;
    ci.forEach((want, i) => expect(got.ci[i]).toBeCloseTo(want, 9));
  });

  test.each(golden.paired)(
    'the bootstrap of $aOnly and $bOnly discordant of $n is the exact multinomial’s interval within one item',
    ({ aOnly, bOnly, n, ci }) => {
      const [lo, hi] = pairedBootstrap(aOnly, bOnly, n, 5);
      expect(Math.abs(lo - ci[0])).toBeLessThan(1.001 / n);
      expect(Math.abs(hi - ci[1])).toBeLessThan(1.001 / n);
    },
  );
});

describe('the bootstrap', () => {
  test('is the same for the same seed and differs for another', () => {
    expect(pairedBootstrap(30, 20, 300, 1)).toEqual(pairedBootstrap(30, 20, 300, 1));
    const many = [1, 2, 3, 4, 5, 6].map((key) => pairedBootstrap(30, 20, 300, key, 200).join());
    expect(new Set(many).size).toBeGreaterThan(1);
  });

  test('changes sign when the arms change places, and is [0, 0] when no item is discordant', () => {
    const [lo, hi] = pairedBootstrap(45, 4, 150, 9);
    const [lo2, hi2] = pairedBootstrap(4, 45, 150, 9);
    expect(Math.abs(lo + hi2)).toBeLessThan(0.02);
    expect(Math.abs(hi + lo2)).toBeLessThan(0.02);
    expect(pairedBootstrap(0, 0, 100, 1)).toEqual([0, 0]);
  });

  test('resamples of a table are what drawing items gives: equal means and covariances', () => {
    const counts = [12, 5, 0, 23];
    const n = 40;
    const draws = 20_000;
    const resampler = new CountResampler(counts, 3);
    const cells = new Float64Array(4);
    const sums = [0, 0, 0, 0];
    let product = 0;
    for (let i = 0; i < draws; i++) {
      resampler.draw(cells);
      expect(cells.reduce((sum, count) => sum + count, 0)).toBe(n);
      cells.forEach((count, cell) => (sums[cell]! += count));
      product += (cells[0]! - 12) * (cells[3]! - 23);
    }
    sums.forEach((sum, cell) => expect(sum / draws).toBeCloseTo(counts[cell]!, 0.9));
    expect(sums[2]).toBe(0);
    // Covariance of two multinomial cells: -n p q = -40 * 0.3 * 0.575 = -6.9.
    expect(Math.abs(product / draws + 6.9)).toBeLessThan(0.35);
  });

  test('covers the true difference in about 95 % of simulated experiments', () => {
    // 400 experiments of 200 items; a right only with 0.18, b right only with 0.08: the true difference is 0.1.
    const random = new RandomStream(hashKey('coverage'));
    let covered = 0;
    for (let experiment = 0; experiment < 400; experiment++) {
      let aOnly = 0;
      let bOnly = 0;
      for (let i = 0; i < 200; i++) {
        const u = random.next();
        if (u < 0.18) aOnly++;
        else if (u < 0.26) bOnly++;
      }
      const [lo, hi] = pairedBootstrap(aOnly, bOnly, 200, experiment, 1000);
      if (lo <= 0.1 && 0.1 <= hi) covered++;
    }
    // Nominal 380 of 400; three binomial standard errors are 13, and the percentile bootstrap runs a little short.
    expect(covered).toBeGreaterThan(360);
    expect(covered).toBeLessThan(396);
  });
});

describe('performance gap recovered', () => {
  /** Cells by bits: 1 distilled, 2 base, 4 ensemble right. */
  const cells = (counts: Record<number, number>): number[] =>
    Array.from({ length: 8 }, (_, cell) => counts[cell] ?? 0);

  test('is the share of the ensemble’s gain, with an interval around it', () => {
    // base 30, distilled 30 + 30 = 60, ensemble 30 + 30 + 20 = 80 of 100: 30 / 50.
    const kept = gainKeptInterval(cells({ 7: 30, 5: 30, 4: 20, 0: 20 }), 4);
    expect(kept?.value).toBeCloseTo(0.6, 12);
    expect(kept!.ci[0]).toBeGreaterThan(0.4);
    expect(kept!.ci[0]).toBeLessThan(0.6);
    expect(kept!.ci[1]).toBeGreaterThan(0.6);
    expect(kept!.ci[1]).toBeLessThan(0.8);
  });

  test('is null when the ensemble is not distinguishably above base', () => {
    expect(gainKeptInterval(cells({ 7: 50, 4: 6, 2: 4, 0: 40 }), 4)).toBeNull();
    expect(gainKeptInterval(cells({}), 4)).toBeNull();
  });

  test('has finite bounds even when some resamples gain nothing', () => {
    const kept = gainKeptInterval(cells({ 7: 10, 5: 3, 4: 4, 2: 0, 0: 3 }), 4);
    expect(kept!.ci.every(Number.isFinite)).toBe(true);
  });
});

test('the detectable difference is 2.8 sqrt(discordant share / n)', () => {
  // 0.25 discordant of 100: 2.8 * sqrt(0.25 / 100) = 0.14.
  expect(detectableDifference(25, 100)).toBeCloseTo(0.14, 12);
});

test('quantiles are linear between neighbours', () => {
  expect(quantile([1, 2, 4], 0.25)).toBe(1.5);
  expect(quantile([1, 2, Infinity, Infinity], 1)).toBe(Infinity);
});

describe('Holm over contrasts of any number', () => {
  const random = new RandomStream(hashKey(7, 'holm'));
  const draws = Array.from({ length: 300 }, () =>
    Array.from({ length: random.integer(1, 60) }, () => random.next() ** random.integer(1, 6)),
  );

  test('never lowers a p, never passes 1, keeps their order, and is the plain p of a single one', () => {
    for (const ps of draws) {
      const adjusted = holm(ps);
      ps.forEach((p, i) => {
        expect(adjusted[i]).toBeGreaterThanOrEqual(p);
        expect(adjusted[i]).toBeLessThanOrEqual(1);
        // Never above Bonferroni's.
        expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, ps.length * p) + 1e-12);
        ps.forEach((other, j) => {
          if (p < other) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
        });
      });
      expect(holm([ps[0]!])).toEqual([ps[0]]);
    }
  });

  test('does not hang on the order in which the contrasts stand', () => {
    for (const ps of draws) {
      const order = new RandomStream(ps.length).shuffle(ps.map((_, i) => i));
      const shuffled = holm(order.map((i) => ps[i]!));
      const straight = holm(ps);
      order.forEach((i, at) => expect(shuffled[at]).toBe(straight[i]));
    }
  });

  test('finds nothing at 5 % in 95 % of draws in which there is nothing to find', () => {
    const noise = new RandomStream(hashKey(8, 'holm'));
    const trials = 4000;
    let found = 0;
    for (let i = 0; i < trials; i++) {
      const ps = Array.from({ length: 40 }, () => noise.next());
      if (holm(ps).some((p) => p < 0.05)) found++;
    }
    // 1 - (1 - 0.05/40)^40 = 4.9 %; standard deviation 0.34 points.
    expect(found / trials).toBeGreaterThan(0.035);
    expect(found / trials).toBeLessThan(0.063);
  });
});

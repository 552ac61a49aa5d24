/** Seeded percentile bootstrap over items, paired: every resample takes the same items from every arm. */
import { CountResampler } from './binomial';
import { mcnemarMidP, percentileInterval } from './statistics';

export const bootstrapDraws = 10_000;

/**
 * 95 % interval of accuracy(a) - accuracy(b) over n items, from the discordant counts: the difference of a resample depends
 * only on how many items of each of the three kinds (a only, b only, equal) it holds, and those are multinomial.
 */
export function pairedBootstrap(
  aOnly: number,
  bOnly: number,
  n: number,
  key: number,
  draws = bootstrapDraws,
): [number, number] {
  if (n === 0) return [-1, 1];
  const resampler = new CountResampler([aOnly, bOnly, n - aOnly - bOnly], key);
  const cells = new Float64Array(3);
  const values = new Float64Array(draws);
  for (let i = 0; i < draws; i++) {
    resampler.draw(cells);
    values[i] = (cells[0]! - cells[1]!) / n;
  }
  return percentileInterval(values);
}

/**
 * Gain kept = (distilled - base) / (ensemble - base) with its 95 % interval; null unless the lower bound of
 * ensemble - base is above 0 and McNemar's mid-p under 0.05. That choice makes the value too small on average where the
 * ensemble gains little: it is given only where chance made that gain large. `cells[i]` counts items by which of them are right: bit 0 distilled, bit 1 base, bit 2 ensemble.
 * A resample whose ensemble gains nothing counts as infinite with the numerator's sign; infinite bounds become the largest
 * finite value of any resample.
 */
export function gainKeptInterval(
  cells: readonly number[],
  key: number,
  draws = bootstrapDraws,
): { value: number; ci: [number, number] } | null {
  const n = cells.reduce((sum, count) => sum + count, 0);
  const right = (counts: ArrayLike<number>, bit: number): number => {
    let sum = 0;
    for (let cell = 0; cell < 8; cell++) if (cell & (1 << bit)) sum += counts[cell]!;
    return sum;
  };
  const ensembleOnly = cells[4]! + cells[5]!;
  const baseOnly = cells[2]! + cells[3]!;
  if (n === 0 || pairedBootstrap(ensembleOnly, baseOnly, n, key, draws)[0] <= 0) return null;
  if (mcnemarMidP(ensembleOnly, baseOnly) >= 0.05) return null;
  const ratio = (counts: ArrayLike<number>): number => {
    const base = right(counts, 1);
    const gain = right(counts, 0) - base;
    const whole = right(counts, 2) - base;
    return whole > 0 ? gain / whole : gain > 0 ? Infinity : -Infinity;
  };
  const resampler = new CountResampler(cells, key);
  const resample = new Float64Array(8);
  const values = new Float64Array(draws);
  for (let i = 0; i < draws; i++) {
    resampler.draw(resample);
    values[i] = ratio(resample);
  }
  const [lo, hi] = percentileInterval(values);
  const finite = values.filter(Number.isFinite);
  const clamp = (x: number): number => Math.min(Math.max(x, finite[0]!), finite[finite.length - 1]!);
  return { value: ratio(cells), ci: [clamp(lo), clamp(hi)] };
}

import { RandomStream } from '../core/rng';

/** log k! for k = 0..n, as running sums (simple-statistics' binomial stops at a cumulative 0.9999, too early for tests). */
export function logFactorials(n: number): Float64Array {
  const log = new Float64Array(n + 1);
  for (let k = 1; k <= n; k++) log[k] = log[k - 1]! + Math.log(k);
  return log;
}

/**
 * Draws multinomial resamples of a table of counts: what a bootstrap of n items does to the numbers of items in each cell,
 * without drawing items. Each cell is binomial given the cells before it; the binomials are inverted on cached tables.
 */
export class CountResampler {
  readonly #counts: readonly number[];
  readonly #n: number;
  readonly #logFactorials: Float64Array;
  /** Cumulative probabilities by cell and number of items left. */
  readonly #tables = new Map<number, Float64Array>();
  readonly #random: RandomStream;

  constructor(counts: readonly number[], key: number) {
    this.#counts = counts;
    this.#n = counts.reduce((sum, count) => sum + count, 0);
    this.#logFactorials = logFactorials(this.#n);
    this.#random = new RandomStream(key);
  }

  /** Fills `out` with the counts of one resample (same cells, same sum). */
  draw(out: Float64Array): void {
    let left = this.#n;
    let pool = this.#n;
    for (let cell = 0; cell < this.#counts.length; cell++) {
      const count = this.#counts[cell]!;
      out[cell] =
        count === pool ? left : count === 0 || left === 0 ? 0 : this.#binomial(cell, left, count / pool);
      left -= out[cell]!;
      pool -= count;
    }
  }

  #binomial(cell: number, trials: number, share: number): number {
    const key = cell * (this.#n + 1) + trials;
    let table = this.#tables.get(key);
    if (!table) {
      table = this.#cumulative(trials, share);
      this.#tables.set(key, table);
    }
    const u = this.#random.next() * table[trials]!;
    let low = 0;
    let high = trials;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (table[middle]! > u) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #cumulative(trials: number, share: number): Float64Array {
    const table = new Float64Array(trials + 1);
    const log = this.#logFactorials;
    const yes = Math.log(share);
    const no = Math.log1p(-share);
    let sum = 0;
    for (let k = 0; k <= trials; k++) {
      sum += Math.exp(log[trials]! - log[k]! - log[trials - k]! + k * yes + (trials - k) * no);
      table[k] = sum;
    }
    return table;
  }
}

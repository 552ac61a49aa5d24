/** Draws of one case: the same seed, importer and number, the same draws. */
import { RandomStream } from '../../src/core/rng';

export class Dice {
  readonly #random: RandomStream;

  constructor(key: number) {
    this.#random = new RandomStream(key);
  }

  /** Below 1. */
  next(): number {
    return this.#random.next();
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Times alternatives on the device at hand and remembers which one won, by adapter and shape class. */
import { fail } from '../core/assert';

/** Where choices are remembered between sessions; the caller decides (a database, a file, nothing). */
export interface TunerMemory {
  get(key: string): string | undefined;
  set(key: string, choice: string): void;
}

/** Sizes that behave alike: each rounded up to a power of two. */
export function shapeClass(sizes: readonly number[]): string {
  return sizes.map((size) => 2 ** Math.ceil(Math.log2(Math.max(1, size)))).join('x');
}

/**
 * The candidate with the smallest median time; rounds are interleaved so that a busy moment hurts all alike. The first
 * candidate is kept unless another is at least its `margin` (a fraction) faster: noise must not decide. From `deadline` (on
 * performance.now()) on nothing more is timed: with less than one whole round the first candidate stays.
 */
export async function fastest<T extends string>(
  candidates: readonly T[],
  time: (candidate: T) => Promise<number>,
  options: { readonly rounds: number; readonly margin: (candidate: T) => number; readonly deadline?: number },
): Promise<T> {
  const [first, ...rest] = candidates;
  if (first === undefined) fail('no candidates to time');
  const { rounds, margin, deadline = Number.POSITIVE_INFINITY } = options;
  const times = new Map<T, number[]>(candidates.map((candidate) => [candidate, []]));
  // The round before the first compiles and warms up.
  for (let round = -1; round < rounds; round++) {
    for (const candidate of candidates) {
      if (performance.now() > deadline && round < 1) return first;
      const ms = await time(candidate);
      if (round >= 0) times.get(candidate)?.push(ms);
    }
    if (performance.now() > deadline) break;
  }
  const usual = median(times.get(first) ?? []);
  const faster = rest
    .map((candidate) => [candidate, median(times.get(candidate) ?? [])] as const)
    .filter(([candidate, ms]) => ms < usual * (1 - margin(candidate)));
  return faster.reduce((best, other) => (other[1] < best[1] ? other : best), [first, usual] as const)[0];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

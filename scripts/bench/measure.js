/** Interleaved rounds: every contender once a round, so that a drifting machine slows all of them alike. */
/** @import { BenchRow, Contender } from './types' */

/**
 * A seeded array of small numbers, the same for every contender.
 * @param {number} count @param {number} seed
 */
export function numbers(count, seed, size = 0.5) {
  const data = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state / 0x100000000 - 0.5) * 2 * size;
  }
  return data;
}

/**
 * Largest |a - b| / (1e-3 + 1e-3 |b|); every contender's result is compared with the first one's.
 * @param {ArrayLike<number>} result @param {ArrayLike<number>} reference
 */
export function disagreement(result, reference) {
  let worst = result.length === reference.length ? 0 : Infinity;
  for (let i = 0; i < reference.length; i++) {
    const expected = reference[i] ?? 0;
    const error = Math.abs((result[i] ?? NaN) - expected) / (1e-3 + 1e-3 * Math.abs(expected));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/** @param {readonly number[]} values */
function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  /** @param {number} index */
  const at = (index) => sorted[index] ?? null;
  return { min: at(0), median: at(sorted.length >> 1), max: at(sorted.length - 1) };
}

/**
 * `score` gives the figure of a run of so many seconds.
 * Returns rows of the bench document. A contender whose result disagrees with the first one's is reported as an error;
 * one with `checked: false` (other arithmetic, it checks itself) is not compared.
 * @param {{
 *   work: string, unit: string, better: BenchRow['better'], contenders: readonly Contender[], rounds: number,
 *   score: (seconds: number) => number, log: (line: string) => void
 * }} race
 * @returns {Promise<BenchRow[]>}
 */
export async function race({ work, unit, better, contenders, rounds, score, log }) {
  /** @type {Map<string, number[]>} */
  const figures = new Map();
  /** @type {Map<string, string>} */
  const failed = new Map();
  /** @type {ArrayLike<number> | null} */
  let reference = null;
  for (const { contender, run, checked = true } of contenders) {
    try {
      const result = await run();
      reference ??= result;
      const error = checked ? disagreement(result, reference) : 0;
      if (error > 1) failed.set(contender, `its result is off by ${error.toPrecision(3)} tolerances`);
      await run();
      figures.set(contender, []);
    } catch (error) {
      failed.set(contender, error instanceof Error ? error.message : String(error));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const { contender, run } of contenders) {
      if (failed.has(contender)) continue;
      const began = performance.now();
      await run();
      figures.get(contender)?.push(score((performance.now() - began) / 1000));
    }
  }
  return contenders.map(({ contender }) => {
    const reason = failed.get(contender);
    const figure = summary(figures.get(contender) ?? []);
    log(`${work} ${contender}: ${reason ?? `${figure.median?.toPrecision(4) ?? 'no'} ${unit}`}`);
    return { work, contender, unit, better, ...figure, ...(reason === undefined ? {} : { error: reason }) };
  });
}

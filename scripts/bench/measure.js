/** Interleaved rounds: every contender once a round, so that a drifting machine slows all of them alike. */

/** A seeded array of small numbers, the same for every contender. */
export function numbers(count, seed, size = 0.5) {
  const data = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = (state / 0x100000000 - 0.5) * 2 * size;
  }
  return data;
}

/** Largest |a - b| / (1e-3 + 1e-3 |b|); every contender's result is compared with the first one's. */
export function disagreement(result, reference) {
  let worst = result.length === reference.length ? 0 : Infinity;
  for (let i = 0; i < reference.length; i++) {
    const error = Math.abs(result[i] - reference[i]) / (1e-3 + 1e-3 * Math.abs(reference[i]));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted[sorted.length - 1] };
}

/**
 * contenders: [{contender, run(): Promise<Float32Array | number[]>}]; score(seconds) gives the figure of a run.
 * Returns rows of the bench document. A contender whose result disagrees with the first one's is reported as an error;
 * one with `checked: false` (other arithmetic, it checks itself) is not compared.
 */
export async function race({ work, unit, better, contenders, rounds, score, log }) {
  const figures = new Map();
  const failed = new Map();
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
      figures.get(contender).push(score((performance.now() - began) / 1000));
    }
  }
  return contenders.map(({ contender }) => {
    const reason = failed.get(contender);
    const row = reason
      ? { work, contender, unit, better, min: null, median: null, max: null, error: reason }
      : { work, contender, unit, better, ...summary(figures.get(contender)) };
    log?.(`${work} ${contender}: ${reason ?? `${row.median.toPrecision(4)} ${unit}`}`);
    return row;
  });
}

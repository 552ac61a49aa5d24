import type { Dataset, Trace } from '../records/records';
import { hashKey, RandomStream } from '../core/rng';
import { compareDistances, distance, isNearDuplicate, shapeOf, type Distance, type Shape } from './distance';
import { kindsOf } from './audit';
import { cleanTraces } from './cleanTraces';
import { Dropped, makeDataset, traceOf, type Candidate, type DistillInput } from './source';

interface Shaped {
  readonly candidate: Candidate;
  readonly shape: Shape;
}

/** Distance to the nearest chosen one. */
function nearest(shape: Shape, chosen: readonly Shaped[]): Distance {
  return chosen
    .map((one) => distance(shape, one.shape))
    .reduce((least, next) => (compareDistances(next, least) < 0 ? next : least));
}

/**
 * Greedy max-min selection: the first is drawn (seeded), each further one is the farthest from those chosen. Corrective traces
 * are taken before all others; near-duplicates of a chosen trace never.
 */
export function selectDiverse(
  fit: readonly Candidate[],
  most: number,
  random: RandomStream,
  dropped: Dropped,
): readonly Candidate[] {
  let left: Shaped[] = fit.map((candidate) => ({ candidate, shape: shapeOf(candidate.text) }));
  const chosen: Shaped[] = [];
  while (chosen.length < most && left.length > 0) {
    const corrective = left.filter((one) => one.candidate.corrective);
    const pool = corrective.length > 0 ? corrective : left;
    const next =
      chosen.length === 0
        ? random.pick(pool)
        : pool.reduce((best, one) =>
            compareDistances(nearest(one.shape, chosen), nearest(best.shape, chosen)) > 0 ? one : best,
          );
    chosen.push(next);
    const before = left.length - 1;
    left = left.filter((one) => one !== next && !isNearDuplicate(distance(one.shape, next.shape)));
    dropped.add('near-duplicate', before - left.length);
  }
  dropped.add('correct-not-drawn', left.length);
  return chosen.map((one) => one.candidate);
}

/**
 * DA (trajectory augmentation, docs/method.md section 3): per question up to `tracesPerQuestion` clean, structurally different
 * traces that end in its label, corrective ones first; questions with fewer than 2 are dropped. Those of a question weigh as one.
 */
export function da(input: DistillInput): Dataset {
  const dropped = new Dropped();
  const { taught, audit } = cleanTraces(input, dropped);
  const traces: Trace[] = [];
  const kept: Candidate[] = [];
  for (const { question, fit, without } of taught) {
    if (without === 'unlabelled-question') {
      dropped.add(without);
      continue;
    }
    if (fit.length < 2) {
      dropped.add('fewer-than-2-correct-traces');
      dropped.add('correct-of-dropped-question', fit.length);
      continue;
    }
    const random = new RandomStream(hashKey(input.seed, 'da', question.id));
    const chosen = selectDiverse(fit, input.tracesPerQuestion, random, dropped);
    kept.push(...chosen);
    const weight = chosen.length === 1 ? {} : { weight: 1 / chosen.length };
    for (const candidate of chosen) traces.push({ ...traceOf(input, question, candidate), ...weight });
  }
  return makeDataset('da', traces, dropped, { ...audit, kept: kindsOf(kept) });
}

/** Picks the next token from a row of logits, in f64 on the host, so that every backend samples alike. */
import { ConfigError, ModelError } from '../../core/errors';
import type { Sampling } from '../../records/records';
import { uniform } from '../../core/rng';

export interface SampledToken {
  readonly id: number;
  /** log p(id) at temperature 1 before truncation. */
  readonly logprob: number;
}

/** Throws ConfigError naming the setting, its value and its range. */
export function checkSampling(sampling: Sampling): void {
  const { temperature, topP, topK, minP, maxTokens, seed } = sampling;
  const check = (ok: boolean, name: string, value: unknown, range: string) => {
    if (!ok) throw new ConfigError(`${name} is ${String(value)}; it must be ${range}.`, `Change ${name}.`);
  };
  check(temperature >= 0 && Number.isFinite(temperature), 'temperature', temperature, 'a number from 0');
  check(topP > 0 && topP <= 1, 'topP', topP, 'above 0 and at most 1');
  check(
    topK === undefined || (Number.isInteger(topK) && topK >= 0),
    'topK',
    topK,
    'a whole number from 0 (off)',
  );
  check(minP === undefined || (minP >= 0 && minP <= 1), 'minP', minP, 'from 0 to 1');
  check(Number.isInteger(maxTokens) && maxTokens >= 0, 'maxTokens', maxTokens, 'a whole number from 0');
  check(Number.isSafeInteger(seed), 'seed', seed, 'a whole number');
}

/** Samples from rows of one vocabulary size; holds scratch space only, no state between calls. */
export class Sampler {
  readonly #weights: Float64Array;

  constructor(vocab: number) {
    this.#weights = new Float64Array(vocab);
  }

  /**
   * Token number `index` of a reply from `logits` [vocab]. Truncation is applied in the order top-k, top-p, min-p
   * after temperature, as transformers does; the kept tokens are drawn from in the order of their ids with
   * u = uniform(seed, index). Temperature 0 takes the likeliest token (the first of equals).
   * Throws ModelError when the logits are not finite.
   */
  sample(logits: Float32Array, sampling: Sampling, index: number): SampledToken {
    let best = 0;
    for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
    const most = logits[best]!;
    let sum = 0;
    for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - most);
    if (!Number.isFinite(sum) || !Number.isFinite(most)) {
      throw new ModelError(
        'The model’s logits are not finite.',
        'The weights or the adapter are damaged, or too coarse a format was chosen: load them again.',
      );
    }
    const id = sampling.temperature === 0 ? best : this.#draw(logits, most, sampling, index);
    return { id, logprob: logits[id]! - most - Math.log(sum) };
  }

  #draw(logits: Float32Array, most: number, sampling: Sampling, index: number): number {
    const weights = this.#weights;
    const { temperature, topK = 0, topP, minP = 0 } = sampling;
    const least = topK > 0 && topK < logits.length ? kthLargest(logits, topK) : -Infinity;
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const logit = logits[i]!;
      const weight = logit < least ? 0 : Math.exp((logit - most) / temperature);
      weights[i] = weight;
      total += weight;
    }
    let kept: readonly number[] | null = null;
    if (topP < 1) {
      kept = nucleus(weights, topP * total);
      total = kept.reduce((sum, i) => sum + weights[i]!, 0);
    }
    // The largest weight is exp(0) = 1, so min-p compares with minP itself.
    if (minP > 0) {
      kept = kept ? kept.filter((i) => weights[i]! >= minP) : idsAbove(weights, minP);
      total = kept.reduce((sum, i) => sum + weights[i]!, 0);
    }
    let left = uniform(sampling.seed, index) * total;
    let last = 0;
    const count = kept?.length ?? weights.length;
    for (let k = 0; k < count; k++) {
      const i = kept ? kept[k]! : k;
      const weight = weights[i]!;
      if (weight === 0) continue;
      last = i;
      left -= weight;
      if (left < 0) return i;
    }
    return last;
  }
}

/** Ids whose weight is at least `floor`, ascending. */
function idsAbove(weights: Float64Array, floor: number): number[] {
  const ids: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i]! >= floor) ids.push(i);
  return ids;
}

/** The k-th largest value, by a heap of k. */
function kthLargest(values: Float32Array, k: number): number {
  const heap = values.slice(0, k).sort();
  for (let i = k; i < values.length; i++) {
    const value = values[i]!;
    if (value <= heap[0]!) continue;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= k) break;
      if (child + 1 < k && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= value) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
  }
  return heap[0]!;
}

/** Ids (ascending) of the smallest set of largest weights whose sum reaches `mass`. The largest weight is 1. */
function nucleus(weights: Float64Array, mass: number): number[] {
  // Only tokens above a floor are sorted; the floor sinks until they hold enough.
  for (let floor = 1 / 16; ; floor /= 256) {
    const ids: number[] = [];
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! <= floor) continue;
      ids.push(i);
      sum += weights[i]!;
    }
    if (sum < mass && floor > 0) continue;
    ids.sort((a, b) => weights[b]! - weights[a]! || a - b);
    let reached = 0;
    let count = 0;
    while (count < ids.length && reached < mass) reached += weights[ids[count++]!]!;
    return ids.slice(0, count).sort((a, b) => a - b);
  }
}

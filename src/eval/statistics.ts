/** Intervals and tests of the comparison (docs/method.md section 4; Miller 2411.00640). Fractions, natural units, 95 %. */
import { logFactorials } from './binomial';

/** Two-sided 95 % quantile of the normal distribution. */
const z95 = 1.959963984540054;

/** Wilson's score interval for `correct` of `n`, 95 %. [0, 1] for n = 0. */
export function wilson(correct: number, n: number): [number, number] {
  if (n === 0) return [0, 1];
  const share = correct / n;
  const z2 = z95 * z95;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (z95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return [correct === 0 ? 0 : centre - half, correct === n ? 1 : centre + half];
}

/** McNemar's mid-p for `aOnly` and `bOnly` discordant items: 2 P(X <= min) - P(X = min), X ~ Binomial(aOnly + bOnly, 1/2). */
export function mcnemarMidP(aOnly: number, bOnly: number): number {
  const n = aOnly + bOnly;
  const least = Math.min(aOnly, bOnly);
  const log = logFactorials(n);
  const mass = (k: number): number => Math.exp(log[n]! - log[k]! - log[n - k]! - n * Math.LN2);
  let below = 0;
  for (let k = 0; k < least; k++) below += mass(k);
  return Math.min(1, 2 * below + mass(least));
}

/** Holm's step-down adjustment (1979): holding each against 0.05 keeps the chance of any false finding among them under 5 %. */
export function holm(ps: readonly number[]): readonly number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a]! - ps[b]!);
  const adjusted = new Array<number>(ps.length).fill(1);
  let least = 0;
  order.forEach((at, rank) => {
    least = Math.max(least, Math.min(1, (ps.length - rank) * ps[at]!));
    adjusted[at] = least;
  });
  return adjusted;
}

/** P(|T| <= t) of Student's t with a whole number of degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4). */
function tWithin(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  const odd = freedom % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 2 : 1; k < freedom - 2; k += 2) {
    term *= (cosine * cosine * k) / (k + 1);
    sum += term;
  }
  const rest = Math.sin(angle) * sum;
  return odd ? (2 / Math.PI) * (angle + rest) : rest;
}

/** Two-sided 95 % quantile of Student's t. */
export function t95(freedom: number): number {
  let low = 0;
  let high = 13;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (tWithin(middle, freedom) < 0.95) low = middle;
    else high = middle;
  }
  return high;
}

/** Mean of independent values with its 95 % t interval; null for fewer than two. */
export function meanInterval(
  values: readonly number[],
): { readonly mean: number; readonly ci: readonly [number, number] } | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = t95(n - 1) * Math.sqrt(variance / n);
  return { mean, ci: [mean - half, mean + half] };
}

/** Smallest difference that n items detect with 80 % power at 5 %: 2.8 sqrt(discordant share / n). */
export function detectableDifference(discordant: number, n: number): number {
  return n === 0 ? 1 : 2.8 * Math.sqrt(discordant / n / n);
}

/**
 * Interval of a difference of two independent shares, from their Wilson intervals (Newcombe 1998, Statistics in Medicine
 * 17:873, method 10).
 */
export function newcombe(a: Share, b: Share): { difference: number; ci: readonly [number, number] } {
  const difference = a.accuracy - b.accuracy;
  const down = Math.hypot(a.accuracy - a.ci[0], b.ci[1] - b.accuracy);
  const up = Math.hypot(a.ci[1] - a.accuracy, b.accuracy - b.ci[0]);
  return { difference, ci: [difference - down, difference + up] };
}

interface Share {
  readonly accuracy: number;
  readonly ci: readonly [number, number];
}

/** Questions at which a difference of that size would show, at the share of disagreement seen: n (detectable / difference)^2. */
export function questionsNeeded(
  { detectable, difference }: { readonly detectable: number; readonly difference: number },
  n: number,
): number {
  return Math.ceil(n * (detectable / Math.abs(difference)) ** 2);
}

/** The q-quantile of sorted values, linear between neighbours (NumPy's default). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  // Equal neighbours first: infinite ones would give NaN.
  return low === high ? low : low + (at - Math.floor(at)) * (high - low);
}

/** Percentile interval, 95 %. Sorts in place. */
export function percentileInterval(values: Float64Array): [number, number] {
  values.sort();
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

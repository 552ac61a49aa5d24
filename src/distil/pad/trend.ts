/** Whether the reward that is trained on rose or fell: the first third of the rollouts beside the last. */
import { spread } from './credit';

export interface RewardTrend {
  /** Mean reward of the first and of the last third. */
  readonly from: number;
  readonly to: number;
  /** Welch's 95 % interval of to - from. */
  readonly ci: readonly [number, number];
}

/** Least rollouts of a third. */
const least = 3;

/** Student's two-sided 95 % quantile, by its expansion about the normal one (Abramowitz and Stegun 26.7.5). */
function tQuantile(degrees: number): number {
  const z = 1.959963984540054;
  const first = (z ** 3 + z) / (4 * degrees);
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
  return z + first + second;
}

/** Null where there are too few rollouts to say. `rewards`: a rollout's mean each. */
export function rewardTrend(rewards: readonly number[]): RewardTrend | null {
  const third = Math.floor(rewards.length / 3);
  if (third < least) return null;
  const [first, last] = [spread(rewards.slice(0, third)), spread(rewards.slice(-third))];
  const [a, b] = [first.deviation ** 2 / third, last.deviation ** 2 / third];
  const degrees = a + b === 0 ? 1 : ((a + b) ** 2 * (third - 1)) / (a ** 2 + b ** 2);
  const half = tQuantile(degrees) * Math.sqrt(a + b);
  const difference = last.mean - first.mean;
  return { from: first.mean, to: last.mean, ci: [difference - half, difference + half] };
}

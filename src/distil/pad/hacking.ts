/** Reward hacking: the reward that is trained on rises while the accuracy on held-out questions falls. */
import type { ScoredStep } from './rewardModel';

export interface HackingOptions {
  /** Rollouts whose mean reward is compared. */
  readonly window: number;
  /** Least rise of the mean reward since the best evaluation. */
  readonly rise: number;
  /** Least fall of the accuracy since then; two standard errors of a share are asked for as well. */
  readonly fall: number;
}

/** One rollout of the past. */
export interface RolloutPoint {
  /** Optimiser steps done before it. */
  readonly step: number;
  readonly reward: number;
  readonly length: number;
  readonly repetition: number;
}

export interface Evaluation {
  readonly step: number;
  readonly accuracy: number;
  readonly n: number;
}

/** A wrong sample with a high reward. */
export interface OffendingSample {
  readonly questionId: string;
  readonly reply: string;
  readonly answer: string | null;
  readonly gold: string;
  readonly reward: number;
  readonly steps: readonly ScoredStep[];
}

interface Change {
  readonly from: number;
  readonly to: number;
}

export interface HackingStop {
  readonly reason: 'reward-hacking';
  readonly step: number;
  readonly reward: Change;
  readonly accuracy: Change;
  readonly length: Change;
  readonly repetition: Change;
  readonly samples: readonly OffendingSample[];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/**
 * Compares the last evaluation with the best before it. Fires when the accuracy has fallen by `fall` and by two
 * standard errors sqrt(2 p (1 - p) / n), while the mean reward of the last `window` rollouts is `rise` above that of
 * the `window` rollouts around the best evaluation.
 */
export function detectHacking(
  rollouts: readonly RolloutPoint[],
  evaluations: readonly Evaluation[],
  { window, rise, fall }: HackingOptions,
): Omit<HackingStop, 'samples'> | null {
  const last = evaluations.at(-1);
  const earlier = evaluations.slice(0, -1);
  if (!last || earlier.length === 0) return null;
  const best = earlier.reduce((top, each) => (each.accuracy > top.accuracy ? each : top));
  const pooled = (best.accuracy + last.accuracy) / 2;
  const error = Math.sqrt((2 * pooled * (1 - pooled)) / Math.max(1, last.n));
  if (best.accuracy - last.accuracy < Math.max(fall, 2 * error)) return null;
  const place = rollouts.findIndex(({ step }) => step >= best.step);
  const start = Math.max(0, (place < 0 ? rollouts.length : place) - Math.floor(window / 2));
  const then = rollouts.slice(start, start + window);
  const now = rollouts.slice(-window);
  const change = (value: (point: RolloutPoint) => number): Change => ({
    from: mean(then.map(value)),
    to: mean(now.map(value)),
  });
  const reward = change((point) => point.reward);
  if (reward.to - reward.from < rise) return null;
  return {
    reason: 'reward-hacking',
    step: last.step,
    reward,
    accuracy: { from: best.accuracy, to: last.accuracy },
    length: change((point) => point.length),
    repetition: change((point) => point.repetition),
  };
}

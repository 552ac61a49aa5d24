/** Reward hacking: the reward that is trained on rises while the accuracy on held-out questions falls below the start's. */
import type { ScoredStep } from './rewardModel';

export interface HackingOptions {
  /** Rollouts whose mean reward is compared. */
  readonly window: number;
  /** Least rise of the mean reward since the start. */
  readonly rise: number;
  /** Least fall of the accuracy since then. */
  readonly fall: number;
  /** The fall must be this unlikely by chance too: McNemar's one-sided mid-p over the questions, below this. */
  readonly level: number;
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
  /** Questions that were right at the start and are not now, and the other way round. */
  readonly lost: number;
  readonly gained: number;
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

/** Chance of at least that many losses among the questions that changed, were either as likely: mid-p, X ~ Binomial(n, 1/2). */
export function lossMidP(lost: number, gained: number): number {
  const n = lost + gained;
  let log = -n * Math.LN2;
  let sum = 0;
  // From X = 0 on: log C(n, k) by its ratio to the one before.
  for (let k = 0; k <= n; k++) {
    if (k > 0) log += Math.log((n - k + 1) / k);
    if (k >= lost) sum += Math.exp(log) * (k === lost ? 0.5 : 1);
  }
  return sum;
}

/** Evaluations in a row that must show it. */
const inARow = 2;

/**
 * Compares evaluations with the first, question by question. Fires when the last two both show it: the accuracy has fallen by `fall`
 * and with McNemar's one-sided mid-p below `level`, and the mean reward of the `window` rollouts before is `rise` above that of the
 * first ones. A reference that is fixed, not the best so far, and two in a row keep false alarms under 5 % over ten evaluations.
 */
export function detectHacking(
  rollouts: readonly RolloutPoint[],
  evaluations: readonly Evaluation[],
  { window, rise, fall, level }: HackingOptions,
): Omit<HackingStop, 'samples'> | null {
  const [first, ...later] = evaluations;
  const last = later.at(-1);
  if (!first || !last || later.length < inARow) return null;
  const then = rollouts.slice(0, window);
  const changeTo = ({ step }: Evaluation, value: (point: RolloutPoint) => number): Change => ({
    from: mean(then.map(value)),
    to: mean(
      rollouts
        .filter((point) => point.step < step)
        .slice(-window)
        .map(value),
    ),
  });
  const shows = (evaluation: Evaluation): boolean => {
    const { n, lost, gained } = evaluation;
    const reward = changeTo(evaluation, (point) => point.reward);
    return (
      (lost - gained) / Math.max(1, n) >= fall &&
      lossMidP(lost, gained) < level &&
      reward.to - reward.from >= rise
    );
  };
  if (!later.slice(-inARow).every(shows)) return null;
  return {
    reason: 'reward-hacking',
    step: last.step,
    reward: changeTo(last, (point) => point.reward),
    accuracy: { from: first.accuracy, to: last.accuracy },
    length: changeTo(last, (point) => point.length),
    repetition: changeTo(last, (point) => point.repetition),
  };
}

/** The result in sentences. */
import { formatCount } from '../format';

/** What n questions tell when no answer differs: a share that was never seen is under 3 / n (95 %, the rule of three). */
function noneDiffer(n: number): string {
  const points = `${(300 / n).toFixed(300 / n < 10 ? 1 : 0)} points`;
  return n < 150
    ? `${formatCount(n)} questions are too few to rule out a difference of up to ${points}.`
    : `With ${formatCount(n)} questions a difference above ${points} would have shown.`;
}

/** 0.18 -> "18", with a real minus. */
const whole = (share: number): string => (100 * share).toFixed(0).replace('-', '\u2212');

const parts = [
  'half',
  'a third',
  'a quarter',
  'a fifth',
  'a sixth',
  'a seventh',
  'an eighth',
  'a ninth',
  'a tenth',
];

/** 6.02 -> "a sixth". */
function share(times: number): string {
  return parts[Math.round(times) - 2] ?? `${(100 / times).toFixed(0)}\u00a0%`;
}

export const verdictStrings = {
  better: (before: string, after: string, points: string, interval: string): string =>
    `Distilling lifted the student from ${before} to ${after}: ${points} points (95\u00a0% interval ${interval}).`,
  worse: (points: string, interval: string): string =>
    `Distilling made the student worse: ${points} points (95\u00a0% interval ${interval}).`,
  unclear: (points: string, interval: string, detectable: number, n: number): string =>
    `No clear change: ${points} points (95\u00a0% interval ${interval}). With ${formatCount(n)} questions only a difference of about ${(100 * detectable).toFixed(0)} points would show.`,
  unchanged: (n: number): string =>
    `Distilling changed nothing: before and after, the student gets the same of the ${formatCount(n)} questions right. ${noneDiffer(n)}`,
  bestOf: (arm: string, students: number): string =>
    `Shown is "${arm}", the best of ${formatCount(students)} students on these very questions, which flatters it.`,
  overSeeds: (seeds: number, mean: string, lo: string, hi: string): string =>
    `Over ${formatCount(seeds)} trainings with different seeds it is right in ${mean} on average (${lo} to ${hi}).`,
  aboveEnsemble: (points: string): string => `It is ${points} points better than the ensemble.`,
  belowEnsemble: (points: string): string => `The ensemble is still ${points} points better.`,
  levelWithEnsemble: (points: string): string =>
    `It cannot be told apart from the ensemble (${points} points, the interval includes 0).`,
  sameAsEnsemble: (n: number): string =>
    `It and the ensemble get the same of the ${formatCount(n)} questions right. ${noneDiffer(n)}`,
  kept: (value: number, lo: number, hi: number): string =>
    `The student keeps ${whole(value)}\u00a0% of the ensemble's gain (${whole(lo)} to ${whole(hi)}\u00a0%).`,
  notKept: "The ensemble's own gain is not distinguishable from 0, so the share kept is not shown.",
  belowAlone: (accuracy: string, points: string, interval: string): string =>
    `One agent alone, decoded greedily as the student is, gets ${accuracy}: ${points} points better than the student (95\u00a0% interval ${interval}), so no gain from the debate is shown.`,
  aboveAlone: (accuracy: string, points: string, interval: string): string =>
    `It is ${points} points better than one agent alone, decoded greedily as the student is (${accuracy}; 95\u00a0% interval ${interval}).`,
  levelWithAlone: (accuracy: string, points: string): string =>
    `It cannot be told apart from one agent alone, decoded greedily as the student is (${accuracy}; ${points} points, the interval includes 0), so no gain from the debate is shown.`,
  sameAsAlone: (n: number): string =>
    `It and one agent alone, decoded greedily as the student is, get the same of the ${formatCount(n)} questions right, so no gain from the debate is shown. ${noneDiffer(n)}`,
  noneAlone:
    'No agent was measured at the student’s greedy decoding, so whether the debate adds anything is not known.',
  voteWins: (vote: string, debate: string): string =>
    `A vote of independent answers at the debate's tokens gets ${vote}, the debate ${debate}.`,
  debateLosesOod: (points: string, interval: string): string =>
    `On questions unlike the training ones the debate loses ${points} points to its own first vote (95\u00a0% interval ${interval}).`,
  cheaper: (times: number): string => `The student answers with ${share(times)} of the ensemble's tokens.`,
} as const;

/** Group RL in sentences: one wording for the page, report.md and the command. */
import type { PadHacking, PadReport, PadRun } from '../records/padRecords';
import { formatCount, formatPercent } from './numbers';

/** A reward may be negative; its minus is a real one. */
const two = (value: number): string => value.toFixed(2).replace('-', '\u2212');

/** What rose, what fell, and when the training was ended. */
export function hackingSentences({
  step,
  reward,
  accuracy,
  length,
  repetition,
}: PadHacking): readonly string[] {
  return [
    `The reward rose from ${two(reward.from)} to ${two(reward.to)} while accuracy on held-out questions fell from ` +
      `${formatPercent(accuracy.from)} to ${formatPercent(accuracy.to)}: the student learnt to please the reward model, not to solve. ` +
      `Training was ended at update ${formatCount(step)}.`,
    ...(length
      ? [`Meanwhile an answer went from ${length.from.toFixed(1)} to ${length.to.toFixed(1)} tokens.`]
      : []),
    ...(repetition
      ? [
          `Sentences that repeat an earlier one of their answer: ${formatPercent(repetition.from)}, then ${formatPercent(repetition.to)}.`,
        ]
      : []),
  ];
}

/** The same of a run, by its name; null for one that reached its last update. */
export function hackingText({ strategy, seed, stopped }: PadRun): string | null {
  return stopped && `Reward hacking in ${strategy}, seed ${seed}. ${hackingSentences(stopped).join(' ')}`;
}

/** A training reward that fell, by name: nothing that is rewarded was learned then. Null where it did not, or cannot be said. */
export function fallingReward({ trend, lr }: Pick<PadRun, 'trend' | 'lr'>): string | null {
  if (!trend || trend.ci[1] >= 0) return null;
  const [lo, hi] = trend.ci.map(two);
  const rate = lr === undefined ? '' : ` than ${lr}`;
  return (
    `The training reward fell from ${two(trend.from)} to ${two(trend.to)} between the first and the last third of the rollouts ` +
    `(95\u00a0% interval of the change ${lo} to ${hi}): the updates did harm. Use a lower learning rate${rate}, or a larger KL weight.`
  );
}

/** How its learning rate was chosen; null where one was given, or none is known. */
export function sweepSentence({ strategy, seed, lr, sweep }: PadRun): string | null {
  if (!sweep || lr === undefined) return null;
  const tried = sweep.rates.map((one) => `${one.lr}: ${formatPercent(one.accuracy)}`).join(', ');
  return `Learning rate of ${strategy}, seed ${seed}: ${lr}, chosen by accuracy on ${formatCount(sweep.n)} validation questions after ${formatCount(sweep.updates)} updates each (${tried}).`;
}

/** Results of PAD, a line for each reward model and training. */
export function padLines({ rewardModels, runs }: PadReport): readonly string[] {
  const judges = rewardModels.map(
    ({ seed, auc, n }) =>
      `Reward model, seed ${seed}: step AUC ${auc?.toFixed(3) ?? 'unknown'} on ${formatCount(n)} held-out steps.`,
  );
  const trainings = runs.map((run) => {
    const { strategy, seed, evaluations, generatedTokens } = run;
    const [first, last] = [evaluations[0], evaluations.at(-1)];
    const accuracy =
      first && last
        ? `, held out ${formatPercent(first.accuracy)}, then ${formatPercent(last.accuracy)}`
        : '';
    const line = `${strategy}, seed ${seed}: ${formatCount(generatedTokens)} tokens generated${accuracy}.`;
    return [line, hackingText(run), fallingReward(run), sweepSentence(run)]
      .filter((part) => part !== null)
      .join(' ');
  });
  return [...judges, ...trainings];
}

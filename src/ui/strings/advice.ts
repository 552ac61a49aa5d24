/** Sentences for when there is little or nothing to learn from, each with its next step. */
import { formatCount, formatPlural, formatSmall } from '../format';

const traces = (count: number): string => formatPlural(count, 'trace', 'traces');

export const adviceStrings = {
  nothingTitle: 'Nothing to learn from',
  stronger: 'Stronger agents',
  acceptAny: 'Learn without labels',
  acceptAnyHelp: 'Trains on this debate again, on right and wrong traces alike: for testing only.',
  moreQuestions: 'More training questions',

  few: (kept: number, times: number): string =>
    `The student learns from ${traces(kept)} only: each is seen about ${formatCount(times)} ${times === 1 ? 'time' : 'times'}, so the student memorises them. Use stronger agents or more training questions.`,
  overfit: (
    kept: number | null,
    best: { step: number; loss: number },
    last: { step: number; loss: number },
  ): string =>
    `Held-out loss was lowest at step ${formatCount(best.step)} (${formatSmall(best.loss)}) and rose to ${formatSmall(last.loss)} by step ${formatCount(last.step)}: the student memorises its ${kept === null ? 'traces' : traces(kept)} from there on. Use fewer steps or more training questions.`,
  overfitButBest: (best: { step: number; loss: number }, last: { step: number; loss: number }): string =>
    `Held-out loss was lowest at step ${formatCount(best.step)} (${formatSmall(best.loss)}) and rose to ${formatSmall(last.loss)} by step ${formatCount(last.step)}: from there on the training memorised its traces.`,
  stoppedAt: (step: number, steps: number): string =>
    `Stopped early, after step ${formatCount(step)} of ${formatCount(steps)}.`,
  keptFrom: (step: number): string =>
    `The adapter of step ${formatCount(step)}, where the held-out loss was lowest, is kept.`,
  fewerSteps: (steps: number, planned: number, epochs: number): string =>
    `Trained for ${formatPlural(steps, 'step', 'steps')} instead of ${formatCount(planned)}, so that no trace is seen more than ${formatPlural(epochs, 'time', 'times')} (Maximum epochs).`,
  stopEarly: 'Stop early in the next run',
  stopsEarly: 'The next run stops early and keeps the adapter of the lowest held-out loss.',
  useSteps: (steps: number): string => `Use ${formatPlural(steps, 'step', 'steps')} in the next run`,
  stepsUsed: (steps: number): string => `The next run trains for ${formatPlural(steps, 'step', 'steps')}.`,

  fellFew: (kept: number): string =>
    `The student gets fewer questions right than before: ${traces(kept)} are too few to learn from. Use stronger agents or more training questions.`,
  fellOverfit:
    'The student gets fewer questions right than before: it memorised its traces. Use fewer steps or more training questions.',
  fell: 'The student gets fewer questions right than before. Try a lower learning rate or fewer steps, or stronger agents whose traces are longer and right.',
} as const;

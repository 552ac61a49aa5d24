/** Words of the training step: the data by hand, the settings, the eval samples. */
import { droppedWords } from '../../eval/droppedWords';
import type { DropReason } from '../../records/dropped';
import { formatCount, formatPlural } from '../format';

export const distilText = {
  dataTitle: 'The data',
  trainingTitle: 'The training',
  filters: 'Show traces',
  filter: { all: 'All', corrective: 'Corrective', excluded: 'Left out' },
  filterHelp: {
    all: 'Every trace that the student was trained on',
    corrective: 'The agent was wrong a round earlier and right in this turn',
    excluded: 'Left out by hand for the next run',
  },
  noneMatch: 'No trace matches.',
  browseHelp: 'Arrow keys move, X leaves a trace out of the next run.',
  why: 'Why it was kept',
  whyCorrect: (agent: string, round: string): string => `${agent} ended right in "${round}".`,
  whyDrawn: (correct: number): string =>
    correct <= 1
      ? 'It is the only right turn of its question.'
      : `It was drawn from the ${formatCount(correct)} right turns of its question.`,
  whyCorrective: 'The same agent was wrong the round before: traces that correct a mistake come first.',
  whyAny: 'This run has no labels: it learns from any trace, right or wrong.',
  whyConsensus: (agent: string, round: string): string =>
    `${agent} ended in the majority answer in "${round}". It is not the right one.`,
  whyWorked: 'It is the worked solution that came with the question.',
  leaveOut: 'Leave out',
  takeBack: 'Restore',
  leaveOutQuestion: 'Leave out the whole question',
  takeBackQuestion: 'Restore the whole question',
  excludedNote:
    'Another right turn of the question takes its place, if there is one. Left-out traces count in the next run on this debate.',
  badge: 'left out',
  excludedCount: (traces: number): string => `${formatPlural(traces, 'trace', 'traces')} left out by hand`,
  excludedBefore: (count: number): string =>
    `This run was trained without ${formatPlural(count, 'entry', 'entries')} left out by hand.`,
  clear: 'Restore all',

  /** A value that was measured at another step than the one under the pointer. */
  measuredAt: (value: string, step: number): string => `${value} (step ${formatCount(step)})`,
  tokensPerSecond: 'Tokens/s',
  meanTokensPerSecond: 'Tokens/s, mean',
  timeLeft: 'Time left',
  took: 'Took',
  memory: 'Memory',

  probes: 'Eval samples',
  probesHelp:
    'The same held-out questions, answered at intervals during training. They are never trained on.',
  probesNone: 'This training was recorded without eval samples.',
  probesNoValidation: 'Needs validation questions: this run has none.',
  probeStep: 'Step',
  probeAt: (step: number): string => (step === 0 ? 'Before training' : `After step ${formatCount(step)}`),
  probeTable: 'Eval samples by training step',
  probeRight: (right: number, all: number): string => `${right} of ${all} right`,

  next: 'Learn another way from this debate',
  nextHelp:
    'The debate is reused: only training and evaluation run. Choose how the student learns from it. The arms of this run are shown beside the new ones. The settings of the next run stay as they are.',
  toNext: 'Learn another way from this debate',
  diagnosis: 'What there is to learn from',
  kinds: 'Kind',
  kindsBefore: 'End in the label',
  kindsKept: 'Kept',
  rowsCut: (cut: number, dropped: number, length: number): string =>
    `${formatPlural(cut, 'trace was', 'traces were')} truncated at ${formatCount(length)} tokens, ${formatCount(dropped)} dropped because the prompt alone is as long.`,
  without: 'Without the turns of',
  nextStart: 'Train on this debate',
  nextStrategies: 'Strategies',
  settings: 'Settings of the training',
  defaultIs: (value: string): string => `default ${value}`,
  runHad: (value: string): string => `this run ${value}`,
} as const;

/** The funnel, the charts and their table. */
export const distilStrings = {
  strategy: 'Strategy',
  seed: (seed: number): string => `seed ${seed}`,
  seedLabel: 'Seed',
  data: 'Training data',
  dataHelp: 'What was kept from the debate, and why the rest were not.',
  kept: 'kept',
  keptCount: (kept: number, total: number): string =>
    `${formatCount(kept)} of ${formatCount(total)} traces kept`,
  filter: 'Filter',
  dropped: 'Dropped',
  droppedBy: (reason: DropReason): string => droppedWords[reason],
  traceCount: 'Count',
  loss: 'Loss',
  lossHelp: 'Lower is better. Held-out questions are never trained on.',
  train: 'train',
  smooth: 'train, smoothed',
  heldOut: 'held out',
  heldOutAuc: 'AUC, held out',
  learningRate: 'Learning rate',
  gradNorm: 'Gradient norm',
  tokens: 'Tokens seen',
  rate: 'Tokens/s',
  step: 'Step',
  stepOf: (step: number, steps: number): string => `${formatCount(step)} of ${formatCount(steps)}`,
  epoch: 'Epoch',
  noLog: 'Training has not begun.',
  noData: 'No training data yet: the debate comes first.',
  traces: 'Browse the traces',
  corrective: 'corrective',
  fromDebate: 'Open its debate',
  chartLabel: 'Loss on the training data and on held-out questions, by step',
  rateLabel: 'Learning rate by step',
  tableCaption: 'Training log',
} as const;

/** Words of the comparison: baseline, verdict, McNemar's cells, and the thread back to the training. */
import { formatCount } from '../format';

export const compareText = {
  /** Of an imported debate, which carries no clock values. */
  unknownSeconds: 'unknown',
  baseline: 'Compare against',
  focus: 'Look at',
  thisRun: 'This run',
  pinnedRun: (name: string): string => `Pinned: ${name}`,
  pinHelp: 'Pin a run in the Runs panel to compare against it here.',
  delta: (name: string): string => `Against ${name}`,
  deltaHelp: 'Difference in points, with its 95 % interval',
  isBaseline: 'baseline',
  unpaired: 'other questions: unpaired interval',
  pending: '…',
  otherOwn: (name: string, run: string): string => `${name} of ${run}`,

  verdictTitle: 'In plain words',
  above: (a: string, b: string, points: string, lo: string, hi: string): string =>
    `${a} is better than ${b}: ${points} points, and between ${lo} and ${hi} with 95 % confidence.`,
  below: (a: string, b: string, points: string, lo: string, hi: string): string =>
    `${a} is worse than ${b}: ${points} points, and between ${lo} and ${hi} with 95 % confidence.`,
  level: (a: string, b: string, points: string, lo: string, hi: string): string =>
    `${a} and ${b} cannot be told apart: ${points} points, but anything from ${lo} to ${hi} fits the data.`,
  same: (a: string, b: string, n: number): string =>
    `${a} and ${b} are right on exactly the same of the ${formatCount(n)} questions.`,
  tooSmall: (n: number, points: string, wanted: number): string =>
    `${formatCount(n)} questions are too few to settle this: only differences above about ${points} points show. About ${formatCount(wanted)} questions would be needed for a difference as small as this one.`,
  enough: (n: number, points: string): string =>
    `With ${formatCount(n)} questions, differences above about ${points} points show; smaller ones may go unseen.`,
  luck: (p: string): string =>
    `Were the two equally good, a split this uneven would come up by luck with p ${p.startsWith('<') ? p : `= ${p}`} (McNemar, mid-p).`,

  cellsTitle: 'Where they disagree',
  cellsHelp:
    'Every question falls in one cell; areas are to scale. Only the two coloured cells tell the two apart: that is what McNemar’s test counts.',
  cellsLabel: (a: string, b: string): string => `Questions by who is right: ${a} and ${b}`,
  bothRight: 'both right',
  bothWrong: 'both wrong',
  onlyRight: (name: string): string => `only ${name} right`,
  rightOf: (name: string): string => `${name} right`,
  wrongOf: (name: string): string => `${name} wrong`,
  noCells: 'The two were not asked the same questions.',
  allPairs: (count: number): string => `All ${formatCount(count)} pairs`,

  items: {
    gained: (a: string, b: string): string => `${b} wrong, ${a} right`,
    lost: (a: string, b: string): string => `${b} right, ${a} wrong`,
  },

  opensThread: 'Choose a question to see what the student wrote and which training traces are most like it.',
  openThread: 'From this answer back to its teachers',
  threadTitle: 'From the answer back to its teachers',
  threadHelp:
    'The training traces whose steps (operations and intermediate results) are most like those of this answer. This is similarity, not causation: no gradient was taken, and a similar trace need not be what taught it.',
  itsAnswer: 'What the student wrote',
  noReply: 'The words of this answer were not kept, only its verdict.',
  noTraces: 'The training data of this strategy are not available.',
  noneAlike: 'No training trace shares a step with this answer.',
  searching: 'Looking through the traces …',
  alike: (percent: string): string => `${percent} of the steps alike`,
  taughtBy: 'Taught by',
  openTurn: 'Open this turn in its debate',
  openDebate: 'The debate on this question',
  close: 'Close',
} as const;

/** The tables, the plot and the list of items. */
export const compareStrings = {
  arms: 'Who got how many right',
  armsHelp: 'Same questions, same format for every arm. Bars are 95 % Wilson intervals.',
  set: 'Questions',
  sets: { test: 'Test', ood: 'Unlike training', robust: 'Rephrased' },
  arm: 'Arm',
  right: 'Right',
  accuracy: 'Accuracy',
  interval: '95 % interval',
  strict: 'Strict',
  strictHelp: 'Only the asked-for answer format counts',
  tokens: 'Tokens / question',
  promptTokens: 'Prompt tokens',
  seconds: 'Seconds / question',
  pairs: 'Head to head',
  pairsHelp: 'Differences in points with a paired-bootstrap 95 % interval; p from the mid-p McNemar test.',
  pair: 'Pair',
  difference: 'Difference',
  p: 'p (mid-p)',
  discordant: 'Right in one only',
  detectable: 'Detectable',
  detectableHelp: 'Smallest difference that this many questions can show (80 % power)',
  noneDiffer: 'No answer differs, so the spread that this figure needs is not known',
  only: (count: number): string => `${formatCount(count)} only here`,
  against: 'against',
  plot: 'Accuracy against cost',
  plotHelp: 'Up is better, left is cheaper.',
  plotX: 'tokens per question (log scale)',
  plotY: 'accuracy',
  plotLabel: 'Accuracy of each arm against the tokens it spends per question',
  gainKept: (percent: string): string => `gain kept ${percent}`,
  ensembleGain: "ensemble's gain",
  items: 'Question by question',
  itemFilters: {
    all: 'All',
    gained: 'Gained',
    lost: 'Lost',
    bothWrong: 'Both wrong',
    ensembleOnly: 'Only the ensemble',
  },
  itemHelp: {
    all: 'Every test question',
    gained: 'Wrong before, right after distilling',
    lost: 'Right before, wrong after distilling',
    bothWrong: 'Wrong before and after',
    ensembleOnly: 'The ensemble is right, the distilled student is not',
  },
  base: 'Base',
  distilled: 'Distilled',
  ensemble: 'Ensemble',
  question: 'Question',
  gold: 'Right answer',
  noReport: 'No comparison yet: it comes after training.',
  noItems: 'No question matches this filter.',
  seeds: 'Over the distillation seeds',
  seedsHelp: 'Mean and range; seeds are never pooled into n.',
  mean: 'Mean',
  range: 'Range',
  selfCorrection: 'Asked to check its own answer',
  before: 'Before',
  after: 'After',
  wrongToRight: 'Wrong to right',
  rightToWrong: 'Right to wrong',
  repeat: {
    bytes: 'The same seed on this device gives the same bytes.',
    settings: 'Settings are reproducible; exact tokens are not.',
  },
  madeOn: (device: string, backend: string): string => `Made on ${device}, backend ${backend}.`,
} as const;

/** What each term means, in words that need no other term. Figures and formulas as in the method's description. */
export const glossary = {
  distil: {
    name: 'Distilling',
    text: 'Training a small model on what larger or several models wrote, so that it alone answers as they did together.',
  },
  student: {
    name: 'Student',
    text: 'The small model that is trained, and that answers alone afterwards.',
  },
  agent: {
    name: 'Agent',
    text: 'One of the models that debate. Several agents may be the same model with other seeds, temperatures or roles.',
  },
  ensemble: {
    name: 'Ensemble',
    text: 'All agents together: their vote after the debate, or without a debate the vote of their own answers.',
  },
  arm: {
    name: 'Arm',
    text: 'One way of answering that is compared: the student before, the student after, one agent alone, a vote, the debate.',
  },
  single: {
    name: 'Best single agent',
    text: 'The agent with the most right answers on the validation questions, asked alone. "Greedy": decoded as the student is; without that word it samples as it does in the debate.',
  },
  greedy: {
    name: 'Greedy',
    text: 'Always the most likely next token. The student answers this way; agents that sample are often less accurate than the same agents decoded greedily.',
  },
  equalTokens: {
    name: 'Vote at equal tokens',
    text: 'A vote of as many independent answers as cost the tokens of the debate: those it generated, or in total, with its prompts. The debate must beat the second to be worth it.',
  },
  tie: {
    name: 'Tied vote',
    text: 'No answer has more votes than every other. Then a draw decides that hangs on seed, question and round, never on who answered first. Runs of version 0.1, and those that ask for it, take the answer with the higher log-probability, else the first.',
  },
  debate: {
    name: 'Debate',
    text: 'Several agents answer alone, then read each other and answer again. The last answers are voted on.',
  },
  vote: {
    name: 'Vote',
    text: 'The answer that most agents gave. Answers that cannot be read do not count.',
  },
  round: {
    name: 'Round',
    text: 'Every agent reads what the others wrote and answers again. Before the first round each answers alone.',
  },
  splits: {
    name: 'Train, validation, test',
    text: 'The student learns from train questions. Validation ones choose the best agent and watch the training. Test ones are asked once, at the end.',
  },
  trace: {
    name: 'Trace',
    text: 'One written solution, step by step, that the student is trained on.',
  },
  corrective: {
    name: 'Corrective trace',
    text: 'A trace in which an agent went from a wrong answer to the right one after reading the others.',
  },
  rsft: {
    name: 'RSFT',
    text: 'Reasoning fine-tuning: one correct trace for each question, taken from the debate.',
  },
  da: {
    name: 'DA',
    text: 'Trajectory augmentation: up to three correct traces for each question that differ from one another, corrective ones first.',
  },
  pad: {
    name: 'PAD',
    text: 'Process-aware distillation: a reward model judges every step of a solution, and the student is rewarded for good steps.',
  },
  rewardModel: {
    name: 'Reward model',
    text: 'A model that was trained to say how likely each step of a solution is right.',
  },
  groupRl: {
    name: 'Group RL',
    text: 'The student answers a question several times; answers that score above the mean of their group become more likely, the others less.',
  },
  kl: {
    name: 'KL',
    text: 'How far the student’s probabilities have moved from those it started with. A penalty on it keeps the student near.',
  },
  auc: {
    name: 'AUC',
    text: 'How often a right step gets a higher score than a wrong one: 0.5 is guessing, 1 is perfect.',
  },
  control: {
    name: 'Control',
    text: 'The same training on other data (answers only, wrong traces, independent samples): it shows what the debate itself adds.',
  },
  lora: {
    name: 'LoRA',
    text: 'Two thin matrices beside each weight matrix are trained instead of the weights: W + (alpha / r) B A.',
  },
  rank: {
    name: 'LoRA rank',
    text: 'How thin those matrices are (r). A larger rank can learn more and takes more memory.',
  },
  adapter: {
    name: 'Adapter',
    text: 'The trained LoRA matrices: a small file that is switched on over the unchanged base model.',
  },
  base: { name: 'Base', text: 'The student before any training.' },
  loss: {
    name: 'Loss',
    text: 'The mean negative log-probability that the student gives to the next token of a trace. Lower is better.',
  },
  heldOut: {
    name: 'Held out',
    text: 'Questions that are never trained on. If their loss rises while the training loss falls, the student memorises.',
  },
  learningRate: {
    name: 'Learning rate',
    text: 'How far each step moves the adapter. It warms up from 0 and then falls.',
  },
  gradNorm: {
    name: 'Gradient norm',
    text: 'The length of the gradient of one step. Sudden peaks mean that training is unstable.',
  },
  batch: { name: 'Batch', text: 'How many traces one training step learns from.' },
  seed: {
    name: 'Seed',
    text: 'The number that fixes every random choice. The same seed on the same device gives the same bytes.',
  },
  wilson: {
    name: 'Wilson interval',
    text: 'The range that holds the true accuracy with 95 % confidence, given right answers out of n. It stays inside 0 to 100 % and holds for small n.',
  },
  bootstrap: {
    name: 'Paired bootstrap',
    text: 'The questions are drawn again 10,000 times with replacement, both arms on the same ones; the middle 95 % of the differences is the interval.',
  },
  mcnemar: {
    name: 'McNemar mid-p',
    text: 'How likely a split at least as uneven is among the questions that only one of two arms got right, if both were equally good. Small p: the difference is hardly chance.',
  },
  gainKept: {
    name: 'Performance gap recovered (PGR)',
    text: '(distilled - base) / (ensemble - base): how much of the ensemble’s advantage the student recovers. Shown only when the interval of that advantage is above 0.',
  },
  detectable: {
    name: 'Minimum detectable effect',
    text: 'The smallest difference that n questions detect with 80 % power at the 5 % level: 2.8 times the root of (share of questions on which two arms differ / n).',
  },
  strict: {
    name: 'Strict, flexible',
    text: 'Two figures as lm-evaluation-harness counts them, to compare with published ones: strict takes the first number after "####", flexible the last number of the reply. Accuracy is the verdict, which reads an answer as a careful person would.',
  },
  tokens: {
    name: 'Token',
    text: 'A piece of text that a model reads or writes at once: a word, a part of one, a digit.',
  },
  ood: {
    name: 'Out of distribution',
    text: 'Questions unlike those of training: unseen names and sentences, one more step.',
  },
  perturbed: {
    name: 'Perturbed',
    text: 'The test questions with renamed entities and a distractor sentence.',
  },
  onPolicy: {
    name: 'On-policy samples',
    text: 'Answers that the student itself gives while it is trained, as opposed to traces of the agents.',
  },
  rewardHacking: {
    name: 'Reward hacking',
    text: 'The reward rises while accuracy falls: the student finds wrong answers that the reward model scores high.',
  },
  evalSamples: {
    name: 'Eval samples',
    text: 'A few held-out questions that the student answers at intervals during training.',
  },
  selfConsistency: {
    name: 'Self-consistency',
    text: 'Independent answers and a vote, without reading each other: what a debate must beat at equal tokens.',
  },
  temperature: {
    name: 'Temperature',
    text: 'How freely tokens are sampled. 0 always takes the most likely, 1 samples from the probabilities of the model.',
  },
} as const;

export type TermId = keyof typeof glossary;
export const termIds = Object.keys(glossary) as TermId[];

/** Words of the settings: a label and one line of explanation each. */
import type { RunConfig } from '../../core/records';

export interface Words {
  readonly label: string;
  readonly help: string;
}

export const groups = {
  models: { title: 'Models', note: 'Who debates, who learns' },
  debate: { title: 'Debate', note: 'How the agents speak' },
  learn: { title: 'Learning', note: 'Strategies, controls, optimiser' },
  pad: { title: 'Process-aware (PAD)', note: 'Reward model and group RL' },
  questions: { title: 'Questions', note: 'Word problems or a file of your own' },
  machine: { title: 'Machine', note: 'Backend, memory, seed' },
} as const;

/** Beside a group's name. */
export const changedCount = (count: number): string => `${count} changed`;

export const settingWords: Readonly<Partial<Record<keyof RunConfig, Words>>> = {
  nAgents: { label: 'Agents', help: 'How many debate. The paper has 5.' },
  protocol: { label: 'Protocol', help: 'Debate reads each other; self-consistency only votes.' },
  rounds: { label: 'Exchanges', help: 'Times that agents read each other.' },
  consensusStop: { label: 'Stop on consensus', help: 'A debate ends when all agree.' },
  visibility: { label: 'Who reads whom', help: 'All peers, two neighbours, or a few at random.' },
  randomPeers: { label: 'Peers at random', help: 'How many an agent reads then.' },
  temperature: { label: 'Temperature', help: '0 repeats itself; about 0.7 to 1 gives diverse answers.' },
  topP: { label: 'Top-p', help: 'Tokens beyond this share of probability are left out.' },
  maxTokens: { label: 'Longest answer (tokens)', help: 'Longer answers are cut and count as they stand.' },
  shots: { label: 'Examples in the prompt', help: 'Solved questions that agents see first.' },
  zeroShotVote: { label: 'Vote without examples', help: 'Samples of one more arm; 0 leaves it out.' },
  summariser: { label: 'Summariser', help: 'An agent reads the last round and answers: one more arm.' },
  selfCheck: { label: 'Self-check', help: 'Students check their own answers: two more passes.' },
  steps: { label: 'Training steps', help: 'Optimiser steps of each training.' },
  batch: { label: 'Batch', help: 'Traces of one step: memory grows with it.' },
  lr: { label: 'Learning rate', help: 'Peak; it falls linearly after the warm-up.' },
  warmup: { label: 'Warm-up steps', help: 'Steps over which it rises from 0.' },
  rank: { label: 'LoRA rank', help: 'Size of the adapter.' },
  alpha: { label: 'LoRA alpha', help: 'Its weight is alpha over rank; usual is twice the rank.' },
  distilSeeds: { label: 'Distillation seeds', help: 'Trainings of each strategy, to see their spread.' },
  accept: { label: 'Traces to learn from', help: 'Correct ones; any only to try the machinery.' },
  trainQuestions: { label: 'Training questions', help: 'Debated, and learnt from.' },
  validationQuestions: {
    label: 'Validation questions',
    help: 'Choose the best single agent; held-out loss.',
  },
  testQuestions: { label: 'Test questions', help: 'Compared on; 100 tell 10 points, 1,000 tell 3.' },
  oodQuestions: { label: 'Out of distribution', help: 'Unseen words and one more step.' },
  robustQuestions: { label: 'Reworded', help: 'Renamed entities and an idle sentence.' },
  padOwnSamples: {
    label: 'Own samples',
    help: 'Answers of the student to each training question that the reward model learns from too.',
  },
  padLabels: {
    label: 'Who labels the steps',
    help: 'The checker does the arithmetic; continuations count how often a step still leads to the right answer.',
  },
  padContinuations: { label: 'Continuations', help: 'Tried from each step: more are steadier and slower.' },
  padSplitter: { label: 'Where a step ends', help: 'How a solution is cut into the steps that are judged.' },
  padAfterError: {
    label: 'Steps after the first error',
    help: 'Judged in themselves, or all wrong because they build on it.',
  },
  padContrastive: {
    label: 'Contrastive weight',
    help: 'Pulls steps of one label together; AgentArk has 0.5, 0 leaves it out.',
  },
  padKlForm: {
    label: 'Where the KL counts',
    help: 'Distance from the student before training: a term of the loss, or taken off the reward.',
  },
  padNormalisation: {
    label: 'Mean over',
    help: 'All tokens of a rollout alike, or all answers alike, whatever their length.',
  },
  padMaskTruncated: {
    label: 'Leave out answers that were cut',
    help: 'An answer cut off at the longest length teaches nothing.',
  },
  seed: { label: 'Seed', help: 'The same seed repeats a run on this machine.' },
  backend: { label: 'Backend', help: 'Automatic times both and takes the faster.' },
  schedule: {
    label: 'Memory',
    help: 'Agents can leave before the student comes, or be loaded one at a time: less at once, the same turns.',
  },
};

export const choices: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  protocol: { debate: 'Debate', 'self-consistency': 'Self-consistency' },
  visibility: { all: 'All', ring: 'Ring', random: 'Random' },
  accept: { correct: 'Correct', any: 'Any' },
  backend: { auto: 'Automatic', webgpu: 'WebGPU', cpu: 'CPU' },
  padLabels: { auto: 'Whichever can', exact: 'Checker', 'monte-carlo': 'Continuations' },
  padSplitter: { sentence: 'Sentence', line: 'Line', equation: 'Equation' },
  padAfterError: { own: 'Each in itself', bad: 'All wrong' },
  padKlForm: { 'k3-loss': 'In the loss (k3)', 'k1-reward': 'Off the reward (k1)' },
  padNormalisation: { dapo: 'All tokens (DAPO)', grpo: 'All answers (GRPO)' },
  schedule: { together: 'All loaded', 'agents-out': 'Agents leave', 'one-at-a-time': 'One at a time' },
};

export const range = (low: number, high: number): string => `${low} to ${high}`;

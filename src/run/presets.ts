import type { RunConfig } from '../core/records';

/** Stands for the bundled agents or the bundled student; the plan phase puts their ids in its place. */
export const bundled = 'bundled';

const quick: RunConfig = {
  preset: 'quick',
  agents: [bundled],
  nAgents: 3,
  personas: [],
  endpointConcurrency: 8,
  endpointRate: 0,
  protocol: 'debate',
  rounds: 1,
  consensusStop: false,
  visibility: 'all',
  randomPeers: 2,
  student: bundled,
  strategies: ['rsft'],
  controls: [],
  questions: null,
  trainQuestions: 800,
  validationQuestions: 64,
  testQuestions: 300,
  oodQuestions: 0,
  robustQuestions: 0,
  shots: 0,
  zeroShotVote: 0,
  summariser: false,
  selfCheck: true,
  maxTokens: 64,
  temperature: 1,
  topP: 1,
  steps: 200,
  batch: 32,
  lr: 5e-3,
  warmup: 10,
  rank: 16,
  alpha: 32,
  distilSeeds: 1,
  accept: 'correct',
  exclude: [],
  seed: 0,
  backend: 'auto',
};

const full: RunConfig = {
  ...quick,
  preset: 'full',
  nAgents: 5,
  rounds: 2,
  strategies: ['rsft', 'da', 'rsft+da'],
  controls: ['answer-only', 'gold-sft', 'self-consistency', 'wrong'],
  trainQuestions: 2400,
  validationQuestions: 128,
  testQuestions: 1000,
  oodQuestions: 200,
  robustQuestions: 200,
  distilSeeds: 5,
};

/** The settings that a preset stands for; flags and the page's controls change single ones. */
export const presets: Readonly<Record<'quick' | 'full', RunConfig>> = { quick, full };

import type { Question, Split, Turn, TurnTiming } from '../../../src/records/records';
import type { RunConfig } from '../../../src/settings/config';
import { presets } from '../../../src/settings/config';

export function makeQuestions(count: number, split: Split = 'test'): Question[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${split}-${String(i).padStart(4, '0')}`,
    split,
    text: `Question ${i}?`,
    gold: '1',
    answerType: 'number',
  }));
}

export interface Place {
  readonly protocol: string;
  readonly round?: number;
  readonly agent?: number;
  readonly tokens?: number;
}

/** A turn that answers `answer` ("1" is right) in the asked-for format. */
export function makeTurn(question: Question, answer: string, place: Place): Turn {
  return {
    runId: 'r',
    questionId: question.id,
    split: question.split,
    protocol: place.protocol,
    round: place.round ?? 0,
    agent: place.agent ?? 0,
    model: 'm',
    backend: 'scripted',
    messages: [{ role: 'user', content: question.text }],
    reply: `#### ${answer}`,
    answer,
    correct: answer === question.gold,
    strictCorrect: answer === question.gold,
    finishReason: 'stop',
    usage: { prompt: 20, completion: place.tokens ?? 10 },
    sampling: { temperature: 0, topP: 1, seed: 0, maxTokens: 64 },
    logprobKind: null,
  };
}

export function timing(turn: Turn, startedAt: number, seconds: number): TurnTiming {
  const { questionId, protocol, round, agent } = turn;
  return { questionId, protocol, round, agent, startedAt, seconds };
}

export const config: RunConfig = {
  ...presets.quick,
  preset: 'custom',
  agents: ['scripted'],
  nAgents: 3,
  personas: [],
  endpointConcurrency: 8,
  endpointRate: 0,
  protocol: 'debate',
  rounds: 1,
  consensusStop: false,
  visibility: 'all',
  randomPeers: 1,
  student: 'scripted',
  strategies: ['rsft'],
  controls: ['answer-only'],
  questions: null,
  trainQuestions: 10,
  validationQuestions: 4,
  testQuestions: 100,
  oodQuestions: 0,
  robustQuestions: 0,
  shots: 0,
  zeroShotVote: 0,
  summariser: false,
  selfCheck: true,
  maxTokens: 64,
  temperature: 0.7,
  topP: 1,
  steps: 1,
  batch: 1,
  lr: 0.001,
  warmup: 0,
  rank: 8,
  alpha: 16,
  distilSeeds: 1,
  accept: 'correct',
  exclude: [],
  seed: 3,
  backend: 'cpu',
};

import { describe, expect, it } from 'vitest';
import type { Question, Turn } from '../../../src/records/records';
import { controlDataset, strategyDatasets } from '../../../src/distil/datasets';
import type { DistillInput } from '../../../src/distil/source';
import { emptyReason } from '../../../src/eval/emptyDataset';
import { makeTurn } from '../../support/makeTurn';
import { traceRules } from '../../support/traceRules';

const questions: Question[] = Array.from({ length: 28 }, (_, i) => ({
  id: `q${i}`,
  split: 'train',
  text: `Question ${i}`,
  gold: '4',
  answerType: 'number',
}));

function turn(questionId: string, agent: number, change: Partial<Turn>): Turn {
  return makeTurn({
    questionId,
    agent,
    reply: `It is ${agent}. #### 5`,
    answer: '5',
    correct: false,
    ...change,
  });
}

const input = (turns: readonly Turn[], change: Partial<DistillInput> = {}): DistillInput => ({
  questions,
  turns,
  protocol: 'debate',
  prompt: () => [],
  seed: 0,
  ...traceRules,
  ...change,
});
const all = (change: Partial<Turn>): Turn[] =>
  questions.flatMap(({ id }) => [0, 1, 2].map((agent) => turn(id, agent, change)));
const wrong = all({});
const right = all({ correct: true, strictCorrect: true, answer: '4' });

function said(strategy: 'rsft' | 'da', turns: readonly Turn[], change: Partial<DistillInput> = {}): string {
  const [dataset] = strategyDatasets(strategy, input(turns, change));
  expect(dataset?.traces).toEqual([]);
  return emptyReason(strategy, dataset!, questions.length).message;
}

describe('no trace to learn from is said in one plain sentence', () => {
  it('where no agent solved a question', () => {
    expect(said('rsft', wrong)).toBe(
      'No agent solved any of the 28 training questions, so there is nothing to learn from.',
    );
    expect(said('da', wrong)).toBe(
      'No agent solved any of the 28 training questions, so there is nothing to learn from.',
    );
  });

  it('where DA found no question that two traces solve', () => {
    expect(said('da', [...wrong, turn('q0', 3, { correct: true, strictCorrect: true, answer: '4' })])).toBe(
      'No question has two correct traces, which DA needs: 1 has one.',
    );
  });

  it('where every solution was cut off', () => {
    expect(said('rsft', all({ correct: true, strictCorrect: false, finishReason: 'length' }))).toMatch(
      /^Every solution of the agents was cut off/,
    );
  });

  it('where every trace was taken out by hand', () => {
    expect(said('rsft', right, { exclude: new Set(questions.map(({ id }) => id)) })).toMatch(
      /left out by hand/,
    );
  });

  it('where a control finds none of its kind', () => {
    const gold = controlDataset('gold-sft', input(right));
    expect(emptyReason('gold-sft', gold, 28).message).toMatch(/^No worked solution comes with any of the 28/);
    const none = controlDataset('wrong', input(right));
    expect(emptyReason('wrong', none, 28).message).toMatch(/wrong answer, so there is no wrong trace/);
    const samples = controlDataset('self-consistency', input(wrong));
    expect(emptyReason('self-consistency', samples, 28).message).toMatch(
      /^No independent sample solved any of the 28/,
    );
    expect(emptyReason('single-teacher', samples, 28).message).toMatch(
      /^No greedy answer of the best agent solved any of the 28/,
    );
  });

  it('and shows no data structure, flag or code name', () => {
    const [dataset] = strategyDatasets('rsft', input(wrong));
    const { message, hint } = emptyReason('rsft', dataset!, 28);
    expect(`${message} ${hint}`).not.toMatch(/[{}"]|--|rsft/);
  });
});

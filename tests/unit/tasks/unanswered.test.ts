/** Questions without a right answer: trained on by consensus, never tested on. */
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/debate/judge';
import { ConfigError } from '../../../src/core/errors';
import { importQuestions } from '../../../src/tasks/importers';
import { planQuestions } from '../../../src/tasks/planQuestions';
import { usableQuestions } from '../../../src/tasks/questionFiles';
import { makeConfig } from '../../support/makeConfig';

const lines = (rows: readonly unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');
const read = (rows: readonly unknown[]) => importQuestions(lines(rows), { fileName: 'own.jsonl', seed: 0 });
const answered = Array.from({ length: 4 }, (_, i) => ({
  question: `What is ${i} + 1?`,
  answer: String(i + 1),
}));
const open = Array.from({ length: 6 }, (_, i) => ({ question: `What is ${i} + 20?` }));

describe('a file with questions that have no answer', () => {
  it('gives them apart, with the kind of answer that most others have', () => {
    const found = read([
      ...answered,
      ...open,
      { question: 'Which?', answer: '', options: ['red', 'blue'] },
      { question: 'Who?', answer: null, type: 'text' },
      { question: 'What is 0 + 1?' },
      { answer: '3' },
    ]);
    expect(found.questions).toHaveLength(4);
    expect(found.rejected).toHaveLength(10);
    expect(found.unanswered.map(({ gold, answerType, split }) => [gold, answerType, split])).toEqual([
      ...open.map(() => ['', 'number', 'train']),
      ['', 'choice', 'train'],
      ['', 'text', 'train'],
    ]);
    expect(found.unanswered[6]!.options).toEqual(['red', 'blue']);
  });

  it('trains on them where labels are no right answers, and tests on the others alone', () => {
    const found = read([...open, ...answered]);
    const counts = { trainQuestions: 7, validationQuestions: 1, testQuestions: 2 };
    const config = makeConfig({ ...counts, labels: 'consensus' });
    const planned = planQuestions(config, usableQuestions(found, 'consensus'));
    expect(planned).toHaveLength(10);
    expect(planned.filter(({ split }) => split !== 'train').every(({ gold }) => gold !== '')).toBe(true);
    expect(planned.filter(({ split, gold }) => split === 'train' && gold === '')).toHaveLength(6);
    expect(() => planQuestions(makeConfig(counts), usableQuestions(found, 'gold'))).toThrow(
      /4 different questions, but 10/,
    );
    expect(() =>
      planQuestions({ ...config, testQuestions: 5, trainQuestions: 4 }, usableQuestions(found, 'consensus')),
    ).toThrow(ConfigError);
    // As before, where every question has an answer.
    const few = makeConfig({ trainQuestions: 2, validationQuestions: 1, testQuestions: 1 });
    expect(planQuestions({ ...few, labels: 'consensus' }, found.questions)).toEqual(
      planQuestions(few, found.questions),
    );
  });

  it('holds no reply to be right where nothing tells', () => {
    for (const answerType of ['number', 'choice', 'text'] as const)
      for (const reply of ['#### 5', '#### B', 'It is blue.', '', '####'])
        expect(judge({ id: 'q', split: 'train', text: 'What?', gold: '', answerType }, reply)).toMatchObject({
          correct: false,
          strictCorrect: false,
        });
  });
});

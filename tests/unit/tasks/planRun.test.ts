import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors';
import type { Question } from '../../../src/records/records';
import { parseConfig, type RunConfig } from '../../../src/settings/config';
import { configFromFlags } from '../../../src/settings/flags';
import { comparedSplits, planRun } from '../../../src/tasks/planQuestions';
import { questionId } from '../../../src/tasks/questionText';
import { makeConfig } from '../../support/makeConfig';

const question = (text: string, origin?: string): Question => ({
  id: questionId(text),
  split: 'train',
  text,
  gold: '1',
  answerType: 'number',
  ...(origin !== undefined && { origin }),
});

/** Questions that are near none of another word. */
const asks = (word: string, count: number): Question[] =>
  Array.from({ length: count }, (_, i) => question(`What does ${word} make of ${i}?`));

const config = makeConfig({
  trainQuestions: 6,
  validationQuestions: 2,
  testQuestions: 4,
  evalQuestions: 3,
  trainFile: 'train.jsonl',
  testFile: 'test.jsonl',
});
const [learnt, tested] = [asks('milling', 20), asks('baking', 10)];

const bySplit = (questions: readonly Question[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { split } of questions) counts[split] = (counts[split] ?? 0) + 1;
  return counts;
};

describe('a training and a test file', () => {
  it('keep their questions apart as they came, and the training file validates', () => {
    const { questions, overlap } = planRun(config, { questions: learnt, test: tested });
    expect(bySplit(questions)).toEqual({ train: 6, validation: 2, test: 4 });
    const own = new Set(learnt.map(({ id }) => id));
    for (const { id, split } of questions) expect(own.has(id)).toBe(split !== 'test');
    expect(overlap).toMatchObject({ looked: 6, found: 0, dropped: 0, examples: [] });
  });

  it('are drawn alike whatever the order of their rows, and otherwise with another seed', () => {
    const planned = planRun(config, { questions: learnt, test: tested }).questions;
    const turned = { questions: [...learnt].reverse(), test: [...tested].reverse() };
    expect(planRun(config, turned).questions).toEqual(planned);
    expect(planRun({ ...config, seed: 5 }, turned).questions).not.toEqual(planned);
  });

  it('are asked as far as they go where they hold fewer than the counts', () => {
    const few = planRun(config, { questions: learnt.slice(0, 4), test: tested.slice(0, 2) });
    expect(bySplit(few.questions)).toEqual({ train: 3, validation: 1, test: 2 });
  });

  it.each<Partial<RunConfig>>([
    { trainFile: 'a.jsonl' },
    { testFile: 'a.jsonl' },
    { trainFile: 'a.jsonl', testFile: 'b.jsonl', questions: 'c.jsonl' },
  ])('are refused as %j', (change) => {
    expect(() => parseConfig(makeConfig(change))).toThrow(ConfigError);
  });

  it('that were not picked are asked for by name', () => {
    expect(() => planRun(config, { questions: learnt })).toThrow(/test\.jsonl are not at hand/);
    expect(() => planRun(config, { questions: null, test: tested })).toThrow(/train\.jsonl are not at hand/);
  });
});

describe('evaluation sets', () => {
  const sets = { math: asks('algebra', 9), quiz: asks('trivia', 2) };
  const named = { ...config, evalSets: ['math=m.jsonl', 'quiz=q.csv', 'ood'] };

  it('stand as splits of their own, each at most as large as asked for', () => {
    const { questions } = planRun(named, { questions: learnt, test: tested, sets });
    expect(bySplit(questions)).toEqual({ train: 6, validation: 2, test: 4, ood: 3, math: 3, quiz: 2 });
    expect(comparedSplits(questions)).toEqual(['test', 'ood', 'math', 'quiz']);
  });

  it('go beside generated questions and beside one file that is split', () => {
    const generator = makeConfig({
      trainQuestions: 5,
      validationQuestions: 1,
      testQuestions: 2,
      oodQuestions: 4,
      evalSets: ['math=m.jsonl', 'robust'],
      evalQuestions: 3,
    });
    expect(bySplit(planRun(generator, { questions: null, sets }).questions)).toEqual({
      train: 5,
      validation: 1,
      test: 2,
      ood: 4,
      robust: 3,
      math: 3,
    });
    const oneFile = { ...generator, questions: 'all.jsonl', oodQuestions: 4, evalSets: ['quiz=q.csv'] };
    expect(bySplit(planRun(oneFile, { questions: learnt, sets }).questions)).toEqual({
      test: 2,
      validation: 1,
      train: 5,
      quiz: 2,
    });
  });

  it('ask a question once, in the first set that has it, and say how many a set lost', () => {
    const shared = { math: [...asks('algebra', 2), tested[0]!], quiz: asks('trivia', 2) };
    const all = { ...named, testQuestions: 10, evalSets: ['math=m.jsonl', 'quiz=q.csv'] };
    const { questions, overlap } = planRun(all, { questions: learnt, test: tested, sets: shared });
    expect(bySplit(questions)).toMatchObject({ test: 10, math: 2, quiz: 2 });
    expect(overlap?.repeated).toEqual({ math: 1 });
  });

  it('that ask nothing new are refused by name', () => {
    const all = { ...config, testQuestions: 10, evalSets: ['math=m.jsonl'] };
    expect(() => planRun(all, { questions: learnt, test: tested, sets: { math: tested } })).toThrow(
      /set math asks nothing/,
    );
  });

  it.each([
    [['nowhere'], /no built-in evaluation set "nowhere"/],
    [['ood=m.jsonl'], /"ood" is the name of a built-in/],
    [['other=m.jsonl'], /m\.jsonl are not at hand/],
  ])('%j are refused', (list, message) => {
    const wrong = { ...config, evalSets: list };
    expect(() => planRun(wrong, { questions: learnt, test: tested, sets })).toThrow(message);
  });

  it.each(['test', 'train=x.jsonl', 'Big=x.jsonl', 'a b', 'math=', 'a=1,a=2'])(
    '"%s" cannot be their flag',
    (text) => {
      expect(() => configFromFlags(new Map([['eval', text]]))).toThrow(ConfigError);
    },
  );
});

describe('the guard of the training questions', () => {
  const story = (who: string, what: string, a: number, b: number): Question =>
    question(
      `${who} has ${a} ${what} in a sack. Then ${who} buys ${b} more of them. How many ${what} are in it?`,
    );
  const train = Array.from({ length: 12 }, (_, i) => story('Ann', 'nuts', 3 + i, 40 + i));
  // The numbers of three training stories, of someone else, one of them in the other order.
  const leaked = [story('Bob', 'figs', 3, 40), story('Cem', 'keys', 44, 7), story('Dora', 'nuts', 9, 46)];
  const test = [...leaked, ...asks('baking', 3)];
  const guarded = { ...config, trainQuestions: 12, validationQuestions: 0, testQuestions: 6 };

  it('leaves near ones out of training, not out of the test, and shows examples', () => {
    const { questions, overlap } = planRun(guarded, { questions: train, test });
    expect(bySplit(questions)).toEqual({ train: 9, test: 6 });
    expect(overlap).toMatchObject({ policy: 'drop', looked: 12, found: 3, dropped: 3, bySet: { test: 3 } });
    expect(overlap?.examples.every(({ rule, split }) => rule === 'numbers' && split === 'test')).toBe(true);
  });

  it('takes others in their place as long as the file has some', () => {
    const { questions, overlap } = planRun({ ...guarded, trainQuestions: 8 }, { questions: train, test });
    expect(bySplit(questions)['train']).toBe(8);
    expect(overlap?.looked).toBe(8 + (overlap?.dropped ?? 0));
    expect(overlap?.dropped).toBeGreaterThan(0);
  });

  it('looks at validation and at evaluation sets too', () => {
    const sets = { more: [story('Ida', 'eggs', 47, 10)] };
    const beside = planRun({ ...guarded, evalSets: ['more=m.jsonl'] }, { questions: train, test, sets });
    expect(beside.overlap?.bySet).toEqual({ test: 3, more: 1 });

    const twice = [...train, ...train.map((_, i) => story('Cleo', 'tins', 3 + i, 40 + i))];
    const { questions, overlap } = planRun(
      { ...guarded, trainQuestions: 24, validationQuestions: 4 },
      { questions: twice, test: asks('baking', 3) },
    );
    const numbers = ({ text }: Question): string => (text.match(/\d+/g) ?? []).join(' ');
    const validated = new Set(questions.filter(({ split }) => split === 'validation').map(numbers));
    expect(questions.filter((one) => one.split === 'train' && validated.has(numbers(one)))).toEqual([]);
    expect(overlap?.bySet).toEqual({ validation: overlap?.dropped });
  });

  it('refuses or keeps them where that is asked for', () => {
    const refusing = { ...guarded, nearDuplicates: 'refuse' as const };
    expect(() => planRun(refusing, { questions: train, test })).toThrow(
      /3 of 12 training questions are near/,
    );
    const keeping = { ...guarded, nearDuplicates: 'keep' as const };
    const { questions, overlap } = planRun(keeping, { questions: train, test });
    expect(bySplit(questions)['train']).toBe(12);
    expect(overlap).toMatchObject({ found: 3, dropped: 0 });
  });

  it('never keeps the very text of a question that is asked', () => {
    const { questions, overlap } = planRun(
      { ...guarded, nearDuplicates: 'keep' },
      { questions: [...train, test[5]!], test },
    );
    expect(overlap).toMatchObject({ dropped: 1 });
    expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  });

  it('has nothing to do where all questions are generated', () => {
    expect(planRun(makeConfig({ trainQuestions: 40 }), { questions: null }).overlap).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors';
import { evaluate, isHeldOut, skeletonKey } from '../../../src/tasks/skeleton';
import {
  generateProblems,
  generateQuestions,
  type ProblemSplit as Split,
} from '../../../src/tasks/wordProblems';
import { normaliseText, questionId } from '../../../src/tasks/questionText';
import { problemWords } from '../../../src/tasks/wordings';

const splits: Split[] = [
  'train',
  'validation',
  'test',
  'ood',
  'robust',
  'steps',
  'vehicles',
  'money',
  'corpus',
];
const problems = Object.fromEntries(
  splits.map((split) => [split, generateProblems({ seed: 7, split, count: 600 })]),
);

describe.each(splits)('split %s', (split) => {
  const list = problems[split]!;

  it('has the asked number of questions with distinct ids', () => {
    expect(new Set(list.map(({ question }) => question.id)).size).toBe(600);
  });

  it('has exact chains: whole numbers, each step evaluated, the last one gold', () => {
    for (const { question, skeleton } of list) {
      let current = skeleton.start;
      for (const { operation, left, right, result } of skeleton.steps) {
        if (current !== null) expect(left).toBe(current);
        expect(evaluate(operation, left, right)).toBe(result);
        expect(Number.isInteger(result) && result > 0).toBe(true);
        current = result;
      }
      expect(question.gold).toBe(String(current));
      expect(question.solution?.endsWith(`#### ${question.gold}`)).toBe(true);
    }
  });

  it('says every number of the skeleton in its words', () => {
    for (const { question, skeleton } of list) {
      const said = question.text.match(/\d+/g)?.map(Number) ?? [];
      const wanted = skeleton.steps.flatMap((step) =>
        step.operation === '*' ? [step.left, step.right] : [step.right],
      );
      if (skeleton.start !== null) wanted.unshift(skeleton.start);
      expect(said.filter((value) => wanted.includes(value)).length).toBeGreaterThanOrEqual(wanted.length);
      if (split !== 'robust') expect(said).toEqual(wanted);
      else expect(said.length).toBe(wanted.length + 1);
    }
  });
});

it('keeps train, validation and test disjoint by text and by numbers, for different seeds too', () => {
  const other = generateProblems({ seed: 8, split: 'test', count: 600 });
  const sets = [problems['train']!, problems['validation']!, [...problems['test']!, ...other]];
  const keys = sets.map((list) => new Set(list.map(({ skeleton }) => skeletonKey(skeleton))));
  const texts = sets.map((list) => new Set(list.map(({ question }) => normaliseText(question.text))));
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    expect([...keys[a]!].filter((key) => keys[b]!.has(key))).toEqual([]);
    expect([...texts[a]!].filter((text) => texts[b]!.has(text))).toEqual([]);
  }
});

const sentences = (split: Split) =>
  new Set(
    problems[split]!.flatMap(({ question }) =>
      question.text.split(/(?<=[.?]) /).map((sentence) => sentence.replace(/\d+/g, 'n')),
    ),
  );

it('makes out-of-distribution problems one step longer, of sentences and entities that training never shows', () => {
  const seen = sentences('train');
  expect([...sentences('ood')].filter((sentence) => seen.has(sentence))).toEqual([]);
  const longest = Math.max(...problems['train']!.map(({ skeleton }) => skeleton.steps.length));
  expect(longest).toBe(5);
  for (const { skeleton } of problems['ood']!) expect(skeleton.steps).toHaveLength(6);
});

it.each(['vehicles', 'money'])('makes family %s of sentences that training never shows', (family) => {
  const seen = sentences('train');
  expect([...sentences(family as Split)].filter((sentence) => seen.has(sentence))).toEqual([]);
});

it('holds steps out of train and validation, so that a table of their steps does not solve the test', () => {
  const share = (split: Split) =>
    problems[split]!.filter(({ skeleton }) => skeleton.steps.some(isHeldOut)).length / 600;
  expect(share('train')).toBe(0);
  expect(share('validation')).toBe(0);
  expect(share('steps')).toBe(1);
  expect(share('test')).toBeGreaterThan(0.1);
  expect(share('test')).toBeLessThan(0.3);
  expect(share('corpus')).toBeGreaterThan(0.1);
});

it('keeps the numbers of every evaluation set out of training and of the corpus', () => {
  const keys = (split: Split) => problems[split]!.map(({ skeleton }) => skeletonKey(skeleton));
  const learnt = new Set([...keys('train'), ...keys('corpus')]);
  for (const split of ['validation', 'test', 'steps', 'vehicles', 'money', 'robust', 'ood'] as const)
    expect(keys(split).filter((key) => learnt.has(key))).toEqual([]);
});

it('shows every word of every set in the corpus, but for those of the idle sentence', () => {
  const words = (split: Split, count: number) =>
    new Set(
      generateProblems({ seed: 7, split, count }).flatMap(
        ({ question }) => question.text.match(/[A-Za-z]+/g) ?? [],
      ),
    );
  const known = words('corpus', 3000);
  for (const split of splits) expect([...words(split, 600)].filter((word) => !known.has(word))).toEqual([]);
});

it('makes the robust split of the test split: same numbers and answers, other words, one sentence more', () => {
  problems['robust']!.forEach(({ question, skeleton }, i) => {
    const original = problems['test']![i]!;
    expect(skeletonKey(skeleton)).toBe(skeletonKey(original.skeleton));
    expect(question.gold).toBe(original.question.gold);
    const count = (text: string) => text.split(/[.?]/).length;
    expect(count(question.text)).toBe(count(original.question.text) + 1);
  });
});

it('is the same for the same seed, another for another, and a longer list begins like a shorter one', () => {
  const list = generateQuestions({ seed: 1, split: 'train', count: 50 });
  expect(generateQuestions({ seed: 1, split: 'train', count: 80 }).slice(0, 50)).toEqual(list);
  expect(generateQuestions({ seed: 2, split: 'train', count: 50 })).not.toEqual(list);
});

it('obeys the difficulty and refuses an absurd one', () => {
  const easy = generateProblems({
    seed: 1,
    split: 'test',
    count: 40,
    difficulty: { minSteps: 1, maxSteps: 2 },
  });
  expect(Math.max(...easy.map(({ skeleton }) => skeleton.steps.length))).toBe(2);
  expect(() => generateQuestions({ seed: 1, split: 'test', count: 1, difficulty: { minSteps: 0 } })).toThrow(
    ConfigError,
  );
  expect(() =>
    generateQuestions({
      seed: 1,
      split: 'test',
      count: 20_000,
      difficulty: { minSteps: 1, maxSteps: 1, maxStart: 2 },
    }),
  ).toThrow(/distinct/);
});

it('uses only the words of the bundled vocabulary', () => {
  const words = new Set(problemWords());
  for (const split of splits)
    for (const { question } of problems[split]!)
      for (const word of question.text.match(/[A-Za-z]+/g) ?? []) expect(words.has(word), word).toBe(true);
});

it('gives texts that differ in case, spaces and end signs the same id', () => {
  expect(questionId('How many  apples?\n')).toBe(questionId('how many apples'));
  expect(questionId('Costs 1,250.')).toBe(questionId('costs 1250'));
  expect(questionId('3 - 2')).not.toBe(questionId('3 + 2'));
  expect(questionId('1.5')).not.toBe(questionId('15'));
});

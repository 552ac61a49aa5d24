import { expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/rng';
import type { Question } from '../../../src/records/records';
import { NearDuplicates } from '../../../src/tasks/nearDuplicates';
import { questionId } from '../../../src/tasks/questionText';

const question = (text: string, options?: readonly string[]): Question => ({
  id: questionId([text, ...(options ?? [])].join('\n')),
  split: 'test',
  text,
  gold: '1',
  answerType: options ? 'choice' : 'number',
  ...(options && { options }),
});

const names = ['Ada', 'Bo', 'Cleo', 'Dan', 'Eve', 'Fay'];
const things = ['plums', 'kites', 'tiles', 'drums', 'ropes', 'maps'];

/** Templates of word problems: who, what, and the numbers in the order in which they stand. */
const templates: readonly ((who: string, what: string, numbers: readonly number[]) => string)[] = [
  (who, what, [a, b]) =>
    `${who} keeps ${a} ${what} in a chest and finds ${b} more in the attic. How many ${what} are there in all?`,
  (who, what, [a, b]) =>
    `There were ${a} ${what} on the shelf until ${who} sold ${b} of them. How many remain on the shelf?`,
  (who, what, [a, b, c]) =>
    `${who} packs ${a} crates with ${b} ${what} in each, and ${c} ${what} stay outside. What is the total number of ${what}?`,
];

/** A draw of a template, by what makes two of them a leak: the template and its numbers in whatever order. */
function drawn(random: RandomStream) {
  const template = random.integer(0, templates.length - 1);
  const numbers = [random.integer(2, 19), random.integer(2, 19), random.integer(2, 9)];
  const used = template === 2 ? numbers : numbers.slice(0, 2);
  const text = templates[template]?.(random.pick(names), random.pick(things), numbers) ?? '';
  return { question: question(text), key: `${template}|${used.sort((a, b) => a - b).join(' ')}` };
}

it('finds exactly the questions that fill the template of another one with its numbers, in whatever order and of whomever', () => {
  const random = new RandomStream(14);
  const tested = Array.from({ length: 200 }, () => drawn(random));
  const learnt = Array.from({ length: 400 }, () => drawn(random));
  const near = new NearDuplicates(learnt.map((one) => one.question));
  const keys = new Set(learnt.map(({ key }) => key));
  const leaked = tested.filter(({ key }) => keys.has(key));
  // What is compared is neither none of them nor all.
  expect(leaked.length).toBeGreaterThan(30);
  expect(leaked.length).toBeLessThan(170);
  const rules = new Map(tested.map((one) => [one, near.near(one.question)?.rule]));
  expect(tested.filter((one) => ['same', 'numbers'].includes(rules.get(one) ?? ''))).toEqual(leaked);
});

it.each([
  ['its very text', 'same', 'What is 3 plus 4, Tom?'],
  [
    'its sentences in another order',
    'numbers',
    'Zora sells 12 pots on Monday. Then Zora bakes 30 pots more. How many pots has she?',
  ],
  [
    'its numbers as words',
    'numbers',
    'Omar bakes thirty pots. Omar sells twelve pots on Monday. How many pots has he then, more or less?',
  ],
])('a question is near another one with %s', (_name, rule, text) => {
  const near = new NearDuplicates([
    question('What is 3 plus 4, Tom?'),
    question('Zora bakes 30 pots more. Then Zora sells 12 pots on Monday. How many pots has she?'),
  ]);
  expect(near.near(question(text))?.rule).toBe(rule);
});

const long =
  'In which year did the old harbour of the small northern town freeze over so hard that the ferry was pulled across the ice by horses';

it('a question is near another one that holds at least half of its phrases', () => {
  const near = new NearDuplicates([question(`${long}?`)]);
  expect(near.near(question(`Please say: ${long}, and why?`))?.rule).toBe('phrases');
});

it.each([
  [
    'another question of the same template with other numbers',
    'Zora bakes 31 pots and sells 12. How many are left?',
  ],
  [
    'the same numbers in another story',
    'A train of 30 waggons leaves at 12 o’clock; where does it stop at night?',
  ],
  ['no number and few words', 'Who was he?'],
])('%s is no near one', (_name, text) => {
  const near = new NearDuplicates([
    question('Zora bakes 30 pots and sells 12. How many are left?'),
    question('Who was she?'),
  ]);
  expect(near.near(question(text))).toBeNull();
});

it('an instruction that all questions begin with makes none of them near', () => {
  const instruction =
    'The following are multiple choice questions about medicine, give the letter of the one right option and nothing else at all.';
  const asked = (i: number) => question(`${instruction} Which drug treats sickness number ${i}?`);
  const near = new NearDuplicates(Array.from({ length: 40 }, (_, i) => asked(i)));
  expect(near.near(asked(100))).toBeNull();
  expect(near.near(asked(7))?.rule).toBe('same');
});

it('100,000 questions are held against 1,000 in seconds', () => {
  const random = new RandomStream(5);
  const words = Array.from({ length: 3000 }, (_, i) => `w${i.toString(36)}x`);
  const text = () =>
    Array.from({ length: 45 }, (_, i) =>
      i % 15 === 7 ? String(random.integer(2, 60)) : random.pick(words),
    ).join(' ');
  const others = Array.from({ length: 1000 }, () => question(text()));
  const train = Array.from({ length: 100_000 }, () => question(text()));
  // Of the processor, so that other work on the machine does not count.
  const began = process.cpuUsage();
  const near = new NearDuplicates(others);
  const found = train.filter((one) => near.near(one) !== null).length;
  const { user, system } = process.cpuUsage(began);
  expect(found).toBe(0);
  expect((user + system) / 1e6).toBeLessThan(15);
}, 120_000);

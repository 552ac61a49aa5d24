import { expect, it } from 'vitest';
import { partQuestions } from '../../../../src/distil/pad/rlShare';

const questions = Array.from({ length: 40 }, (_, i) => ({ id: `q${i}` }));
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);

it('RL practises on a share of the questions, which the stages before it do not learn from', () => {
  const { taught, practised } = partQuestions(questions, 0.25, 1);
  expect(practised).toHaveLength(10);
  expect([...ids(taught), ...ids(practised)].sort()).toEqual(ids(questions).sort());
  expect(
    partQuestions(questions.toReversed(), 0.25, 1)
      .practised.map(({ id }) => id)
      .sort(),
  ).toEqual(ids(practised).sort());
  expect(ids(partQuestions(questions, 0.25, 2).practised)).not.toEqual(ids(practised));
});

it('leaves a question to each side, and shares all of them where there is no share', () => {
  expect(partQuestions(questions.slice(0, 2), 0.01, 1).practised).toHaveLength(1);
  expect(partQuestions(questions.slice(0, 2), 0.9, 1).taught).toHaveLength(1);
  expect(partQuestions(questions.slice(0, 1), 0.5, 1)).toEqual({
    taught: questions.slice(0, 1),
    practised: questions.slice(0, 1),
  });
  expect(partQuestions(questions, 0, 1)).toEqual({ taught: questions, practised: questions });
});

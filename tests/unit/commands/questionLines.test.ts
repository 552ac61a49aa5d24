import { expect, it } from 'vitest';
import { commandError } from '../../../src/commands/commandError';
import { hopelessError, questionLines } from '../../../src/commands/questionLines';
import type { QuestionCheck } from '../../../src/tasks/questionFiles';

const fine: QuestionCheck = {
  words: 300,
  known: 300,
  unreadable: 0,
  questions: 60,
  lacking: [],
  models: [],
  long: [],
  tight: null,
  unsayable: null,
  unchecked: ['gpt at localhost'],
  hopeless: null,
};

it('prints nothing about questions that all models can read', () => {
  expect(questionLines(fine)).toEqual([]);
});

it('prints a line for each kind of problem, with its numbers and what to do', () => {
  const lines = questionLines({
    ...fine,
    known: 40,
    unreadable: 58,
    lacking: ['$', 'What', 'is'],
    models: ['agent-a', 'student'],
    long: [{ questionId: 'a', model: 'agent-a', tokens: 5207, context: 512 }],
    tight: { questions: 3, room: 40, asked: 64 },
    unsayable: { questions: 2, words: ['Paris', ','] },
  });
  expect(lines).toEqual([
    'agent-a, student: 40 of 300 words known. 58 of 60 questions cannot be read whole, for want of "What", "is". Choose models that read them (--agents, --student).',
    '1 question is too long for agent-a (5207 of 512 tokens) and will count as wrong. Give fewer examples (--shots), leave them out, or choose a model with a longer context.',
    '3 questions leave as little as 40 tokens of a context for an answer that may take 64. Give fewer examples (--shots), or ask for shorter answers (--max-tokens 40).',
    '2 right answers cannot be written by these models, for want of "Paris". Choose other models (--agents, --student).',
    'Not looked into, because they are not here: gpt at localhost.',
  ]);
});

it('is a typed error with the flags that help where nothing can be learnt', () => {
  const error = hopelessError({ who: 'agents', why: 'words', questions: 12 });
  expect(commandError(error.toData())).toMatchObject({
    code: 'nothing-to-learn',
    message: 'No agent can read any of the 12 training questions whole: words are lacking.',
    hint: 'Choose models that know the words of the file. (--agents)',
  });
  const long = hopelessError({ who: 'student', why: 'long', questions: 1 });
  expect(long.message).toBe('The student cannot fit the one training question into its context: too long.');
  expect(commandError(long.toData()).hint).toContain('(--student, --shots)');
});

import { expect, it } from 'vitest';
import type { AnswerType } from '../../../src/records/records';
import { isCorrect, parseAnswer } from '../../../src/tasks/answers';
import cases from '../../cases/answer-extraction/case.json';

it.each(cases)('$why: $reply against $gold', ({ reply, type, gold, correct }) => {
  const answerType = type as AnswerType;
  expect(isCorrect(parseAnswer(reply, answerType), gold, answerType)).toBe(correct);
});

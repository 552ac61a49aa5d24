import { describe, expect, it } from 'vitest';
import { isCorrect, parseAnswer } from '../../../src/tasks/answers';
import { flexibleExtract, lmEvalCorrect, strictMatch } from '../../../src/tasks/lmEval';
import type { AnswerType } from '../../../src/records/records';
import exceptions from '../../golden/answers/exceptions.json';
import lmEval from '../../golden/answers/lmEval.json';
import pairs from '../../golden/answers/verdicts.json';

const kinds = [...new Set(pairs.map((pair) => pair.kind))];

describe.each(kinds)('made-up replies, %s', (kind) => {
  const own = pairs.filter((pair) => pair.kind === kind);

  it('are judged as they were built', () => {
    const wrong = own.filter((pair) => {
      const type = pair.type as AnswerType;
      return isCorrect(parseAnswer(pair.reply, type), pair.gold, type) !== pair.careful;
    });
    expect(
      wrong.map((pair) => [pair.reply, pair.gold, parseAnswer(pair.reply, pair.type as AnswerType)]),
    ).toEqual([]);
  });

  it('are judged as by math-verify, or the difference is argued', () => {
    const differs = own.some((pair) => pair.mathVerify !== pair.careful);
    expect(kind in exceptions).toBe(differs);
  });
});

it('reads a thousand replies as the filters of lm-evaluation-harness do', () => {
  const own = lmEval.map(({ reply, reference }) => ({
    reply,
    reference,
    strict: strictMatch(reply),
    strictRight: lmEvalCorrect(reply, reference, 'strict'),
    flexible: flexibleExtract(reply),
    flexibleRight: lmEvalCorrect(reply, reference, 'flexible'),
  }));
  expect(own).toHaveLength(1000);
  expect(own).toEqual(lmEval);
});

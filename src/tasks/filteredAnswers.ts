/** The two figures beside the verdict: what lm-eval's filters find in a reply, and whether it is right by them. */
import type { Question } from '../records/records';
import { isCorrect, normalAnswer, parseAnswer } from './answers';
import { afterHashes } from './answerPlaces';
import {
  comparedByLmEval,
  flexibleExtract,
  lmEvalCorrect,
  notFound,
  strictMatch,
  type LmEvalFilter,
} from './lmEval';

type Judged = Pick<Question, 'gold' | 'goldWritten' | 'answerType' | 'options'>;

/** Whether a reply is right by one of the filters; the reference is the gold answer as its file writes it. */
export function filteredCorrect(question: Judged, reply: string, filter: LmEvalFilter): boolean {
  const { gold, goldWritten, answerType } = question;
  if (gold === '') return false;
  if (answerType === 'number') return lmEvalCorrect(reply, goldWritten ?? gold, filter);
  return isCorrect(filteredAnswer(question, reply, filter), gold, answerType);
}

/**
 * What a filter finds, null for nothing. lm-eval's read numbers alone; for choices and words `strict` is the line after the
 * first "####" and nothing else, `flexible` the answer of the verdict.
 */
export function filteredAnswer(
  question: Pick<Judged, 'answerType' | 'options'>,
  reply: string,
  filter: LmEvalFilter,
): string | null {
  const { answerType, options } = question;
  if (answerType === 'number') {
    const found = filter === 'strict' ? strictMatch(reply) : flexibleExtract(reply);
    return found === notFound ? null : comparedByLmEval(found);
  }
  if (filter === 'flexible') return parseAnswer(reply, answerType, options);
  const line = afterHashes(reply)?.replace(/[.:]$/, '').trim() ?? '';
  if (answerType === 'text') return line === '' ? null : normalAnswer(line, 'text');
  const letter = /^\(?([A-J])\)?$/.exec(line)?.[1] ?? null;
  const inside = letter !== null && letter.charCodeAt(0) - 65 < (options?.length ?? 10);
  return inside ? letter : null;
}

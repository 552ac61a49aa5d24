/**
 * Answer matching (docs/method.md section 2): deterministic, never by a model. Thoughts and a run-on to a new question are left
 * out; then the last \boxed{}, else the line after the first "####", else what follows the last "answer is", else the last
 * number (or line). Unparsable is null and counts as wrong.
 */
import type { AnswerType } from '../records/records';
import {
  afterHashes,
  announcements,
  beforeRunOn,
  boxes,
  lastBoxed,
  longestAnswer,
  withoutThoughts,
} from './answerPlaces';
import { sameStatement } from './answerShapes';
import { choiceIn } from './choiceAnswers';
import { statedNumber } from './numberAnswers';
import { normalNumber, numbersIn, plainMath } from './numbers';
import { normalText } from './textAnswers';

export { lastBoxed };

/** The answer of a reply in normal form, or null. `options` are the texts of a multiple choice. */
export function parseAnswer(
  text: string,
  answerType: AnswerType,
  options?: readonly string[],
): string | null {
  const reply = beforeRunOn(withoutThoughts(text));
  switch (answerType) {
    case 'number':
      return firstRead(reply, statedNumber) ?? numbersIn(plainMath(reply)).at(-1) ?? null;
    case 'choice':
      return choiceIn(reply, options);
    case 'text':
      return (
        firstRead(reply, (candidate) => normalText(candidate) || null) ??
        (normalText((reply.trim().split('\n').at(-1) ?? '').slice(0, longestAnswer)) || null)
      );
    default:
      return answerType satisfies never;
  }
}

/** Whether a parsed answer is the right one: equal in normal form, or the same statement written otherwise. Never where none is known (''). */
export function isCorrect(parsed: string | null, gold: string, answerType: AnswerType): boolean {
  if (parsed === null || gold === '') return false;
  const [a, b] = [normalAnswer(parsed, answerType), normalAnswer(gold, answerType)];
  if (a === b) return true;
  if (answerType === 'choice') return false;
  const numbers = [normalNumber(plainMath(parsed)), normalNumber(plainMath(gold))];
  return numbers.includes(null) && sameStatement(parsed, gold);
}

/** A gold or parsed answer in normal form; the text itself where it is not of that type. */
export function normalAnswer(answer: string, answerType: AnswerType): string {
  switch (answerType) {
    case 'number':
      return normalNumber(plainMath(answer)) ?? statedNumber(answer) ?? answer.trim();
    case 'choice':
      return answer.trim().toUpperCase();
    case 'text':
      return normalText(answer);
    default:
      return answerType satisfies never;
  }
}

/** The first place that states an answer: boxes, the hashes, then announcements. */
function firstRead(reply: string, read: (candidate: string, boxed: boolean) => string | null): string | null {
  const hashes = afterHashes(reply);
  for (const candidate of boxes(reply)) {
    const answer = read(candidate, true);
    if (answer !== null) return answer;
  }
  for (const candidate of [...(hashes === null ? [] : [hashes]), ...announcements(reply)]) {
    const answer = read(candidate, false);
    if (answer !== null) return answer;
  }
  return null;
}

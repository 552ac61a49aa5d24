/**
 * Answer matching (method.md section 2): deterministic, never by a model. Flexible: last \boxed{}, else the text after
 * the last "####", else after the last "answer is", else the last number (or line). Strict: after "####" only.
 * Unparsable is null and counts as wrong.
 */
import type { AnswerType } from '../core/records';
import { normalNumber, numbersIn, plainMath } from './numbers';

/** The answer of a reply in normal form, or null. */
export function parseAnswer(text: string, answerType: AnswerType): string | null {
  for (const candidate of candidates(text)) {
    const answer = read(candidate, answerType);
    if (answer !== null) return answer;
  }
  switch (answerType) {
    case 'number':
      return numbersIn(plainMath(text)).at(-1) ?? null;
    case 'choice':
      return loneLetter(text);
    case 'text':
      return normalText(text.trim().split('\n').at(-1) ?? '') || null;
    default:
      return answerType satisfies never;
  }
}

/** The answer in the form that was asked for ("#### 18"), or null. */
export function strictAnswer(text: string, answerType: AnswerType): string | null {
  const line = afterHashes(text);
  if (line === null) return null;
  switch (answerType) {
    case 'number':
      return normalNumber(plainMath(line).replace(/\.\s*$/, ''));
    case 'choice':
      return /^\s*\(?([A-J])\)?[.:]?\s*$/.exec(line)?.[1] ?? null;
    case 'text':
      return normalText(line) || null;
    default:
      return answerType satisfies never;
  }
}

/** Whether a parsed answer is the right one; both sides are brought into normal form. */
export function isCorrect(parsed: string | null, gold: string, answerType: AnswerType): boolean {
  if (parsed === null) return false;
  return normalAnswer(parsed, answerType) === normalAnswer(gold, answerType);
}

/** A gold or parsed answer in normal form; the text itself where it is not of that type. */
export function normalAnswer(answer: string, answerType: AnswerType): string {
  switch (answerType) {
    case 'number':
      return normalNumber(plainMath(answer)) ?? answer.trim();
    case 'choice':
      return answer.trim().toUpperCase();
    case 'text':
      return normalText(answer);
    default:
      return answerType satisfies never;
  }
}

/** Content of the last \boxed{...} with balanced braces, or null. */
export function lastBoxed(text: string): string | null {
  const starts = [...text.matchAll(/\\(?:boxed|fbox)\s*\{/g)];
  for (const start of starts.reverse()) {
    const from = start.index + start[0].length;
    let depth = 1;
    for (let at = from; at < text.length; at++) {
      if (text[at] === '{') depth++;
      if (text[at] === '}' && --depth === 0) return text.slice(from, at);
    }
  }
  return null;
}

function afterHashes(text: string): string | null {
  const at = text.lastIndexOf('####');
  return at < 0 ? null : (text.slice(at + 4).split('\n')[0] ?? '');
}

/** The places where an answer is announced, best first. */
function* candidates(text: string): Generator<string> {
  const boxed = lastBoxed(text);
  if (boxed !== null) yield boxed;
  const hashes = afterHashes(text);
  if (hashes !== null) yield hashes;
  const announced = [...text.matchAll(/\banswer(?:\s+is|\s*[:=])[\s:]*([^\n]*)/gi)].at(-1);
  if (announced?.[1] !== undefined) yield announced[1];
}

function read(candidate: string, answerType: AnswerType): string | null {
  const plain = plainMath(candidate);
  switch (answerType) {
    case 'number':
      return normalNumber(plain) ?? numbersIn(plain)[0] ?? null;
    case 'choice':
      return /^[\s("'*]*(?:[Oo]ption\s+)?\(?([A-J])(?![\w'])/.exec(plain)?.[1] ?? null;
    case 'text':
      return normalText(candidate) || null;
    default:
      return answerType satisfies never;
  }
}

/** A reply, or its last line, that is nothing but an option's letter. */
function loneLetter(text: string): string | null {
  const line = plainMath(text).trim().split('\n').at(-1) ?? '';
  return /^\s*\(?([A-J])\)?[.:)]?\s*$/.exec(line)?.[1] ?? null;
}

/** Lower case, no wrapping signs, no leading article; formulas without spaces; plain numbers as numbers. */
function normalText(text: string): string {
  const plain = plainMath(text).replace(/\$/g, '').trim();
  const number = normalNumber(plain.replace(/\.$/, ''));
  if (number !== null) return number;
  const folded = plain
    .normalize('NFKC')
    .toLowerCase()
    .replace(/^["'\s(]*(?:the|an|a)\s+/, '')
    .replace(/^["'\s]+|["'\s.,;:!?]+$/g, '');
  return /[\\^=]/.test(folded) ? folded.replace(/\s+/g, '') : folded.replace(/\s+/g, ' ');
}

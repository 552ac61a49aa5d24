/** One row of a question file, in any of the known shapes, as a question without id and split. */
import * as v from 'valibot';
import type { AnswerType } from '../../records/records';
import { lastBoxed, parseAnswer } from '../answers';
import { countOf, optionList, rightOption, type Counting, type OptionList } from './choiceRows';
import { readGold, type GoldReason } from '../golds';
import { rowFields, type RowFields } from './rowFields';

export type RowShape = 'gsm8k' | 'math' | 'medmcqa' | 'choices' | 'generic';

export interface RowQuestion {
  readonly shape: RowShape;
  readonly text: string;
  readonly gold: string;
  readonly answerType: AnswerType;
  /** The right answer as written, and why it is not read so; absent where it is. */
  readonly goldWritten?: string;
  readonly goldReason?: GoldReason;
  readonly solution?: string;
  readonly options?: readonly string[];
}

/** A row that is no question: why, in words for the person who made the file. */
export interface RowRejection {
  readonly reason: string;
  /** Its right answer is there, but cannot be read. */
  readonly answer?: true;
}

const noAnswer = (reason: string): RowRejection => ({ reason, answer: true });

const filled = v.pipe(v.string(), v.trim(), v.minLength(1));
const cell = v.union([filled, v.pipe(v.number(), v.finite(), v.transform(String))]);
const index = v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]);
const note = v.nullish(v.string());

const asked = v.object({ question: filled });
const medmcqaRow = v.object({ question: filled, cop: v.pipe(index, v.integer()), solution: note });
const choicesRow = v.object({ question: filled, solution: note });
const mathRow = v.object({ question: filled, solution: filled, answer: v.optional(cell) });
const genericRow = v.object({
  question: filled,
  answer: cell,
  solution: note,
  type: v.optional(v.string()),
});

/** How the rows of a file count their right options: from 1, from 0, or without a sign of either (then from 0, and said). */
export interface FileConventions {
  readonly copFrom: 0 | 1;
  readonly countFrom: Counting;
}

/** Reads the numbering off the values themselves: a 0 means from 0, the number of options means from 1. */
export function fileConventions(rows: readonly unknown[]): FileConventions {
  let [copZero, copFour, zero, full] = [false, false, false, false];
  for (const row of rows) {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) continue;
    const read = rowFields(row);
    const cop = v.safeParse(index, read.fields['cop']);
    if (cop.success) {
      copZero ||= cop.output === 0;
      copFour ||= cop.output === 4;
    }
    const options = optionsOf(read);
    const key = options && keyOf(read);
    const count = options && key !== null ? countOf(options, key) : null;
    zero ||= count === 0;
    full ||= count !== null && options !== null && count === options.texts.length;
  }
  return { copFrom: !copZero && copFour ? 1 : 0, countFrom: zero ? 0 : full ? 1 : null };
}

export function readRow(row: unknown, conventions: FileConventions): RowQuestion | RowRejection {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return { reason: 'not an object with named fields' };
  }
  const read = rowFields(row);
  const { fields } = read;
  const text = v.safeParse(asked, fields);
  if (!text.success) return { reason: firstIssue(text.issues, read) };
  if (
    JSON.stringify([fields['question'], fields['answer'], fields['options'], read.columns]).includes('\ufffd')
  ) {
    return { reason: unreadable };
  }
  if (fields['cop'] !== undefined && read.columns.length > 0) return readMedmcqa(read, conventions);
  if (fields['options'] !== undefined || read.columns.length > 0) return readChoices(read, conventions);
  if (read.problem && fields['solution'] !== undefined) return readMath(read);
  if (read.problem && fields['answer'] === undefined) return { reason: 'neither "solution" nor "answer"' };
  return readGeneric(read);
}

/** A row that asks and holds no answer under any name; null for any other. */
export function unansweredRow(
  row: unknown,
): (Pick<RowQuestion, 'text' | 'options'> & { readonly answerType: AnswerType | null }) | null {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
  const read = rowFields(row);
  const text = v.safeParse(asked, read.fields);
  const blank = (value: unknown): boolean =>
    value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
  const answers = ['answer', 'solution', 'answerKey', 'answer_idx', 'correct', 'cop'];
  if (!text.success || !answers.every((name) => blank(read.fields[name]))) return null;
  const { question } = text.output;
  if (question.includes('\ufffd')) return null;
  const given = v.safeParse(v.picklist(['number', 'choice', 'text']), read.fields['type']);
  if (!blank(read.fields['options']) || read.columns.length > 0) {
    const options = optionsOf(read)?.texts ?? [];
    return options.length < 2 || options.length > 10
      ? null
      : { text: question, options, answerType: 'choice' };
  }
  return { text: question, answerType: given.success ? given.output : null };
}

/** Why a row is left out whose letters were lost before they came here. */
export const unreadable = 'its letters are lost (U+FFFD): save the file as UTF-8';

function readMath(read: RowFields): RowQuestion | RowRejection {
  const parsed = v.safeParse(mathRow, read.fields);
  if (!parsed.success) return { reason: firstIssue(parsed.issues, read) };
  const { question, solution, answer } = parsed.output;
  const written = lastBoxed(solution) ?? answer;
  if (written === undefined) return noAnswer('the solution has no \\boxed{} answer');
  return answered('math', question, written, { solution });
}

function answered(
  shape: RowShape,
  text: string,
  written: string,
  rest: { readonly solution?: string },
  number = false,
): RowQuestion | RowRejection {
  const read = readGold(written, number);
  if (read === null)
    return noAnswer(number ? 'no number after "####"' : `"${excerpt(written)}" is no answer`);
  const { gold, answerType, reason } = read;
  const altered = gold === read.written ? {} : { goldWritten: read.written, goldReason: reason };
  return { shape, text, gold, answerType, ...altered, ...rest };
}

function readMedmcqa(read: RowFields, { copFrom }: FileConventions): RowQuestion | RowRejection {
  const parsed = v.safeParse(medmcqaRow, read.fields);
  if (!parsed.success) return { reason: firstIssue(parsed.issues, read) };
  const { question, cop, solution } = parsed.output;
  const options = optionsOf(read);
  if (!options) return { reason: 'an option is missing or empty' };
  const right = cop - copFrom;
  if (right < 0 || right >= options.texts.length) return noAnswer(`"cop" is ${cop}: no such option`);
  return choice(
    'medmcqa',
    question,
    options.texts,
    right,
    { written: String(cop), reason: 'option' },
    solution,
  );
}

function optionsOf({ fields, columns }: RowFields): OptionList | null {
  return optionList(fields['options'] ?? columns);
}

/** What a row says is its right option: "answerKey" and the like before "answer". */
function keyOf({ fields }: RowFields): string | null {
  for (const name of ['answerKey', 'answer_idx', 'answer', 'correct']) {
    const key = v.safeParse(cell, fields[name]);
    if (key.success) return key.output;
  }
  return null;
}

function readChoices(read: RowFields, { countFrom }: FileConventions): RowQuestion | RowRejection {
  const parsed = v.safeParse(choicesRow, read.fields);
  if (!parsed.success) return { reason: firstIssue(parsed.issues, read) };
  const options = optionsOf(read);
  if (!options) return { reason: 'an option is missing, empty or of the wrong type' };
  const { texts } = options;
  if (texts.length < 2 || texts.length > 10) return { reason: `${texts.length} options: 2 to 10 are read` };
  const key = keyOf(read);
  if (key === null) return { reason: 'no "answer", "answerKey" or "answer_idx"' };
  const { index: right, reason } = rightOption(options, key, countFrom);
  if (right < 0) return noAnswer(`the answer "${excerpt(key)}" names none of the ${texts.length} options`);
  return choice(
    'choices',
    parsed.output.question,
    texts,
    right,
    { written: key.trim(), reason },
    workedSolution(parsed.output.solution, key),
  );
}

/** A solution that repeats the answer alone, as prompts for reinforcement learning have it, is worked out by nobody. */
function workedSolution(solution: string | null | undefined, answer: string): string | null {
  return solution == null || solution.trim() === answer.trim() ? null : solution;
}

function readGeneric(read: RowFields): RowQuestion | RowRejection {
  const parsed = v.safeParse(genericRow, read.fields);
  if (!parsed.success) return { reason: firstIssue(parsed.issues, read) };
  const { question, answer, solution: worked, type } = parsed.output;
  const solution = workedSolution(worked, answer);
  if (answer.includes('####')) {
    const steps = answer.replace(/<<[^<>]*>>/g, '').trim();
    const written = (
      answer
        .slice(answer.lastIndexOf('####') + 4)
        .trim()
        .split('\n')[0] ?? ''
    ).trim();
    return answered('gsm8k', question, written, { solution: steps }, true);
  }
  const rest = solution ? { solution } : {};
  if (type === 'number' || type === 'choice' || type === 'text') {
    const gold = parseAnswer(answer, type);
    if (gold === null) return noAnswer(`"${excerpt(answer)}" is no answer of type ${type}`);
    const altered =
      gold === answer
        ? {}
        : { goldWritten: answer, goldReason: readGold(answer)?.reason ?? ('form' as const) };
    return { shape: 'generic', text: question, gold, answerType: type, ...altered, ...rest };
  }
  return answered('generic', question, lastBoxed(answer) ?? answer, rest);
}

function choice(
  shape: RowShape,
  text: string,
  options: readonly string[],
  right: number,
  as: { readonly written: string; readonly reason: GoldReason },
  solution?: string | null,
): RowQuestion {
  const gold = String.fromCharCode(65 + right);
  const altered = as.written === gold ? {} : { goldWritten: as.written, goldReason: as.reason };
  return { shape, text, gold, answerType: 'choice', options, ...altered, ...(solution ? { solution } : {}) };
}

function firstIssue(
  issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
  { problem }: RowFields,
): string {
  const [issue] = issues;
  const path = v.getDotPath(issue);
  if (path === null) return 'the fields are of no known shape';
  return `"${path === 'question' && problem ? 'problem' : path}" is missing, empty or of the wrong type`;
}

export function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

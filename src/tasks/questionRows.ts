/** One row of a question file, in any of the known shapes, as a question without id and split. */
import * as v from 'valibot';
import type { AnswerType } from '../core/records';
import { lastBoxed, normalAnswer, parseAnswer } from './answers';
import { normalNumber, plainMath } from './numbers';

export type RowShape = 'gsm8k' | 'math' | 'medmcqa' | 'choices' | 'generic';

export interface RowQuestion {
  readonly shape: RowShape;
  readonly text: string;
  readonly gold: string;
  readonly answerType: AnswerType;
  readonly solution?: string;
  readonly options?: readonly string[];
}

/** A row that is no question: why, in words for the person who made the file. */
export interface RowRejection {
  readonly reason: string;
}

const filled = v.pipe(v.string(), v.trim(), v.minLength(1));
const cell = v.union([filled, v.pipe(v.number(), v.finite(), v.transform(String))]);
const index = v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))]);

const mathRow = v.object({ problem: filled, solution: filled, answer: v.optional(cell) });
const medmcqaRow = v.object({
  question: filled,
  opa: cell,
  opb: cell,
  opc: cell,
  opd: cell,
  cop: v.pipe(index, v.integer()),
  exp: v.nullish(v.string()),
});
const labelled = v.object({ text: v.pipe(v.array(cell), v.minLength(2)), label: v.array(v.string()) });
const choicesRow = v.pipe(
  v.object({
    question: filled,
    options: v.optional(v.union([v.array(cell), v.record(v.string(), cell)])),
    choices: v.optional(v.union([v.array(cell), labelled])),
    answer: v.optional(v.union([filled, v.number()])),
    answerKey: v.optional(filled),
    answer_idx: v.optional(v.union([filled, v.number()])),
  }),
  v.check((row) => row.options !== undefined || row.choices !== undefined),
);
const genericRow = v.object({
  question: filled,
  answer: cell,
  solution: v.nullish(v.string()),
  type: v.optional(v.picklist(['number', 'choice', 'text'])),
});

/** How the rows of a file count their right options: MedMCQA's own files from 1, the Hugging Face copy from 0. */
export interface FileConventions {
  readonly copFrom: 0 | 1;
}

/** Reads the numbering off the values themselves: a 0 means from 0, a 4 means from 1; without either, from 0. */
export function fileConventions(rows: readonly unknown[]): FileConventions {
  const values = rows.flatMap((row) => {
    const parsed = v.safeParse(v.object({ cop: index }), row);
    return parsed.success ? [parsed.output.cop] : [];
  });
  return { copFrom: !values.includes(0) && values.includes(4) ? 1 : 0 };
}

export function readRow(row: unknown, conventions: FileConventions): RowQuestion | RowRejection {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return { reason: 'not an object with named fields' };
  }
  if ('opa' in row) return readMedmcqa(row, conventions);
  if ('options' in row || 'choices' in row) return readChoices(row);
  if ('problem' in row) return readMath(row);
  return readGeneric(row);
}

function readMath(row: object): RowQuestion | RowRejection {
  const parsed = v.safeParse(mathRow, row);
  if (!parsed.success) return { reason: firstIssue(parsed.issues) };
  const { problem, solution, answer } = parsed.output;
  const gold = lastBoxed(solution) ?? answer;
  if (gold === undefined) return { reason: 'the solution has no \\boxed{} answer' };
  return { shape: 'math', text: problem, solution, ...typed(gold) };
}

function readMedmcqa(row: object, { copFrom }: FileConventions): RowQuestion | RowRejection {
  const parsed = v.safeParse(medmcqaRow, row);
  if (!parsed.success) return { reason: firstIssue(parsed.issues) };
  const { question, opa, opb, opc, opd, cop, exp } = parsed.output;
  const options = [opa, opb, opc, opd];
  const right = cop - copFrom;
  if (right < 0 || right > 3) return { reason: `"cop" is ${cop}: no such option` };
  return choice('medmcqa', question, options, right, exp ?? undefined);
}

function readChoices(row: object): RowQuestion | RowRejection {
  const parsed = v.safeParse(choicesRow, row);
  if (!parsed.success) return { reason: firstIssue(parsed.issues) };
  const { question, options, choices, answer, answerKey, answer_idx } = parsed.output;
  const { labels, texts } = lettered(options ?? choices ?? []);
  if (texts.length < 2 || texts.length > 10) return { reason: `${texts.length} options: 2 to 10 are read` };
  const key = answerKey ?? answer_idx ?? answer;
  if (key === undefined) return { reason: 'no "answer", "answerKey" or "answer_idx"' };
  const right =
    typeof key === 'number' ? key : firstFound(labels.indexOf(key), texts.indexOf(key), Number(key));
  if (!Number.isInteger(right) || right < 0 || right >= texts.length) {
    return { reason: `the answer "${key}" names none of the ${texts.length} options` };
  }
  return choice('choices', question, texts, right);
}

function readGeneric(row: object): RowQuestion | RowRejection {
  const parsed = v.safeParse(genericRow, row);
  if (!parsed.success) return { reason: firstIssue(parsed.issues) };
  const { question, answer, solution, type } = parsed.output;
  if (answer.includes('####')) {
    const gold = normalNumber(plainMath(answer.slice(answer.lastIndexOf('####') + 4)));
    if (gold === null) return { reason: 'no number after "####"' };
    const worked = answer.replace(/<<[^<>]*>>/g, '').trim();
    return { shape: 'gsm8k', text: question, gold, answerType: 'number', solution: worked };
  }
  const rest = solution ? { solution } : {};
  if (type !== undefined) {
    const gold = parseAnswer(answer, type);
    if (gold === null) return { reason: `"${excerpt(answer)}" is no answer of type ${type}` };
    return { shape: 'generic', text: question, gold, answerType: type, ...rest };
  }
  return { shape: 'generic', text: question, ...typed(lastBoxed(answer) ?? answer), ...rest };
}

/** A number where the answer is one, else text. */
function typed(answer: string): { gold: string; answerType: AnswerType } {
  const number = normalNumber(plainMath(answer));
  if (number !== null) return { gold: number, answerType: 'number' };
  return { gold: normalAnswer(answer, 'text'), answerType: 'text' };
}

function choice(
  shape: RowShape,
  text: string,
  options: readonly string[],
  right: number,
  solution?: string,
): RowQuestion {
  const gold = String.fromCharCode(65 + right);
  return { shape, text, gold, answerType: 'choice', options, ...(solution ? { solution } : {}) };
}

function lettered(options: readonly string[] | Readonly<Record<string, unknown>>): {
  labels: string[];
  texts: string[];
} {
  const letters = (count: number) => Array.from({ length: count }, (_, i) => String.fromCharCode(65 + i));
  if (Array.isArray(options)) return { labels: letters(options.length), texts: options.map(String) };
  const arc = v.safeParse(labelled, options);
  if (arc.success) return { labels: arc.output.label, texts: arc.output.text };
  const entries = Object.entries(options as Readonly<Record<string, unknown>>);
  return { labels: entries.map(([label]) => label), texts: entries.map(([, text]) => String(text)) };
}

function firstFound(...indices: readonly number[]): number {
  return indices.find((each) => each >= 0) ?? -1;
}

function firstIssue(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  const path = v.getDotPath(issue);
  return path === null
    ? 'the fields are of no known shape'
    : `"${path}" is missing, empty or of the wrong type`;
}

export function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/**
 * Question files: JSONL (or a JSON array, or CSV with a header) with GSM8K's question/answer "####", MATH's
 * problem/solution \boxed{}, MedMCQA's options, other multiple choice, or plain question/answer.
 */
import { ImportError } from '../core/errors';
import type { Question, Split } from '../core/records';
import { parseCsv } from './csv';
import { questionId, textShare } from './questionText';
import { excerpt, fileConventions, readRow, type RowShape } from './questionRows';

export interface ImportOptions {
  /** Shown in messages and kept as each question's origin; its ending decides nothing. */
  readonly fileName: string;
  /** Seed of the hash that splits. */
  readonly seed: number;
  /** Shares of train and validation; the rest is test. Default 0.7 and 0.1. */
  readonly shares?: { readonly train: number; readonly validation: number };
}

export interface RejectedRow {
  /** 1-based line (CSV, JSONL) or element (JSON array). */
  readonly row: number;
  readonly reason: string;
  readonly excerpt: string;
}

export interface ImportResult {
  readonly format: 'jsonl' | 'json' | 'csv';
  readonly questions: readonly Question[];
  /** The first five, for the eye. */
  readonly preview: readonly Question[];
  readonly rejected: readonly RejectedRow[];
  readonly counts: {
    readonly rows: number;
    readonly kept: number;
    readonly rejected: number;
    readonly bySplit: Readonly<Record<'train' | 'validation' | 'test', number>>;
    readonly byShape: Readonly<Partial<Record<RowShape, number>>>;
    readonly byAnswerType: Readonly<Partial<Record<Question['answerType'], number>>>;
  };
}

interface RawRow {
  readonly row: number;
  readonly value: unknown;
  readonly raw: string;
  readonly problem?: string;
}

const maxCharacters = 200_000_000;

/**
 * Reads a file's text. A row that is not valid, or repeats an earlier question, is rejected with its reason; the file
 * as a whole fails (ImportError) only when nothing is left or it is neither JSON nor CSV.
 */
export function importQuestions(text: string, options: ImportOptions): ImportResult {
  const { fileName, seed } = options;
  const shares = options.shares ?? { train: 0.7, validation: 0.1 };
  if (text.trim() === '') {
    throw new ImportError(`${fileName} is empty.`, 'Pick a file with one question per line.');
  }
  if (text.length > maxCharacters) {
    throw new ImportError(
      `${fileName} has ${text.length} characters, more than ${maxCharacters}.`,
      'Cut the file into smaller ones.',
    );
  }
  const { format, rows } = readRows(text, fileName);
  const conventions = fileConventions(rows.map((row) => row.value));
  const questions: Question[] = [];
  const rejected: RejectedRow[] = [];
  const firstSeen = new Map<string, number>();
  const byShape: Partial<Record<RowShape, number>> = {};
  const byAnswerType: Partial<Record<Question['answerType'], number>> = {};
  const bySplit = { train: 0, validation: 0, test: 0 };
  for (const { row, value, raw, problem } of rows) {
    const read = problem === undefined ? readRow(value, conventions) : { reason: problem };
    if ('reason' in read) {
      rejected.push({ row, reason: read.reason, excerpt: excerpt(raw) });
      continue;
    }
    const { shape, ...rest } = read;
    const id = questionId([rest.text, ...(rest.options ?? [])].join('\n'));
    const earlier = firstSeen.get(id);
    if (earlier !== undefined) {
      rejected.push({ row, reason: `the same question as row ${earlier}`, excerpt: excerpt(raw) });
      continue;
    }
    firstSeen.set(id, row);
    const split = splitOf(textShare(rest.text, seed), shares);
    questions.push({ id, split, ...rest, origin: `${fileName}:${row}` });
    bySplit[split]++;
    byShape[shape] = (byShape[shape] ?? 0) + 1;
    byAnswerType[rest.answerType] = (byAnswerType[rest.answerType] ?? 0) + 1;
  }
  if (questions.length === 0) {
    const first = rejected[0];
    throw new ImportError(
      `None of the ${rows.length} rows of ${fileName} is a question` +
        (first ? ` (row ${first.row}: ${first.reason}).` : '.'),
      'Each row needs "question" and "answer", or the fields of GSM8K, MATH or MedMCQA.',
      { details: { rejected: rejected.slice(0, 20) } },
    );
  }
  const counts = {
    rows: rows.length,
    kept: questions.length,
    rejected: rejected.length,
    bySplit,
    byShape,
    byAnswerType,
  };
  return { format, questions, preview: questions.slice(0, 5), rejected, counts };
}

function splitOf(
  share: number,
  shares: { train: number; validation: number },
): Extract<Split, 'train' | 'validation' | 'test'> {
  if (share < shares.train) return 'train';
  return share < shares.train + shares.validation ? 'validation' : 'test';
}

function readRows(text: string, fileName: string): Pick<ImportResult, 'format'> & { rows: RawRow[] } {
  const body = text.replace(/^\uFEFF/, '').trimStart();
  if (body.startsWith('[')) return { format: 'json', rows: readArray(body, fileName) };
  if (body.startsWith('{')) return { format: 'jsonl', rows: readLines(text) };
  return { format: 'csv', rows: readTable(body, fileName) };
}

function readArray(body: string, fileName: string): RawRow[] {
  let values: unknown;
  try {
    values = JSON.parse(body);
  } catch (cause) {
    throw new ImportError(
      `${fileName} begins like a JSON list but cannot be read as one.`,
      'Check that the file is complete, or write one JSON object per line.',
      { cause },
    );
  }
  return (values as unknown[]).map((value, i) => ({ row: i + 1, value, raw: JSON.stringify(value) }));
}

function readLines(text: string): RawRow[] {
  const rows: RawRow[] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue;
    try {
      rows.push({ row: i + 1, value: JSON.parse(line), raw: line });
    } catch {
      rows.push({ row: i + 1, value: null, raw: line, problem: 'not valid JSON' });
    }
  }
  return rows;
}

function readTable(body: string, fileName: string): RawRow[] {
  const separator = (body.split('\n')[0] ?? '').includes('\t') ? '\t' : ',';
  const [header, ...rows] = parseCsv(body, separator);
  const names = header?.cells.map((name) => name.trim()) ?? [];
  if (!names.includes('question') && !names.includes('problem')) {
    throw new ImportError(
      `${fileName} is neither JSON nor a table with a "question" column (first line: "${excerpt(names.join(','))}").`,
      'Use JSONL, or CSV whose first line names the columns question and answer.',
    );
  }
  return rows.map(({ line, cells }) => {
    const raw = cells.join(',');
    if (cells.length !== names.length) {
      const problem = `${cells.length} cells where the header names ${names.length}`;
      return { row: line, value: null, raw, problem };
    }
    return { row: line, value: Object.fromEntries(names.map((name, i) => [name, cells[i]])), raw };
  });
}

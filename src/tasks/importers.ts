/**
 * Question files: JSONL (or a JSON list, or a table with a header, its cells parted by commas, semicolons, tabs or bars) with
 * GSM8K's question/answer "####", MATH's problem/solution \boxed{}, AIME's problem/answer, MedMCQA's and MMLU's options, other
 * multiple choice, or plain question/answer. Names of columns in any case.
 */
import { ImportError } from '../core/errors';
import type { Question } from '../records/records';
import type { ColumnChoice, FileColumns } from './questionFiles';
import { chosenRow, objectColumns, tableColumns } from './files/columns';
import { parseCsv, type CsvRow } from './files/csv';
import { parseExactJson } from './files/exactJson';
import { decodeFile, type Encoding } from './files/fileText';
import { decimalCommas, doubtful, maybeThousands, type GoldReason } from './golds';
import { questionId, textShare } from './questionText';
import {
  excerpt,
  fileConventions,
  readRow,
  unansweredRow,
  unreadable,
  type RowShape,
} from './files/questionRows';
import { namesQuestions } from './files/rowFields';

export interface ImportOptions {
  /** Shown in messages and kept as each question's origin; its ending decides nothing. */
  readonly fileName: string;
  /** Columns that a person chose; without them they are recognised by their names. */
  readonly choice?: ColumnChoice;
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
  /** Its right answer is there, but cannot be read. */
  readonly answer?: true;
}

/** A right answer that is not read as it is written. */
export interface AlteredGold {
  readonly row: number;
  readonly question: string;
  readonly written: string;
  readonly read: string;
  readonly reason: GoldReason;
  /** Whether a person should look at it; the others lose nothing. */
  readonly doubtful: boolean;
}

export interface ImportResult {
  readonly format: 'jsonl' | 'json' | 'csv';
  /** How the bytes were read; null where text was given. */
  readonly encoding: Encoding | null;
  /** Every right answer that is not read as written, the doubtful ones first. */
  readonly altered: readonly AlteredGold[];
  /** What a person can choose from. */
  readonly columns: FileColumns;
  readonly questions: readonly Question[];
  /** The first five, for the eye. */
  readonly preview: readonly Question[];
  readonly rejected: readonly RejectedRow[];
  /** Those of the rejected rows that lack nothing but an answer: a student can be trained on them by consensus. Their gold is ''. */
  readonly unanswered: readonly Question[];
  readonly counts: {
    readonly rows: number;
    readonly kept: number;
    readonly rejected: number;
    readonly altered: number;
    readonly doubtful: number;
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

/** Reads a file's bytes in whatever encoding they are, then as importQuestions. */
export function importQuestionFile(bytes: Uint8Array, options: ImportOptions): ImportResult {
  const { text, encoding } = decodeFile(bytes, options.fileName);
  return { ...importQuestions(text, options), encoding };
}

/**
 * Reads a file's text. A row that is not valid, or repeats an earlier question, is rejected with its reason; the file
 * as a whole fails (ImportError) only when nothing is left or it is neither JSON nor CSV.
 */
export function importQuestions(text: string, options: ImportOptions): ImportResult {
  const { fileName, seed, choice } = options;
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
  const { format, rows, columns } = readRows(text, fileName, choice);
  const conventions = fileConventions(rows.map((row) => row.value));
  const questions: Question[] = [];
  const rejected: RejectedRow[] = [];
  const altered: AlteredGold[] = [];
  const bareRows: { row: number; bare: NonNullable<ReturnType<typeof unansweredRow>> }[] = [];
  const firstSeen = new Map<string, number>();
  const byShape: Partial<Record<RowShape, number>> = {};
  const byAnswerType: Partial<Record<Question['answerType'], number>> = {};
  const bySplit = { train: 0, validation: 0, test: 0 };
  for (const { row, value, raw, problem } of rows) {
    const read = problem === undefined ? readRow(value, conventions) : { reason: problem };
    if ('reason' in read) {
      rejected.push({ row, ...read, excerpt: excerpt(raw) });
      const bare = problem === undefined ? unansweredRow(value) : null;
      if (bare) bareRows.push({ row, bare });
      continue;
    }
    const { shape, goldReason: reason, ...rest } = read;
    const id = questionId([rest.text, ...(rest.options ?? [])].join('\n'));
    const earlier = firstSeen.get(id);
    if (earlier !== undefined) {
      rejected.push({ row, reason: `the same question as row ${earlier}`, excerpt: excerpt(raw) });
      continue;
    }
    firstSeen.set(id, row);
    const split = splitOf(textShare(rest.text, seed), shares);
    questions.push({ id, split, ...rest, origin: `${fileName}:${row}` });
    if (reason !== undefined) {
      const { text: question, gold, goldWritten: written = gold } = rest;
      altered.push({ row, question, written, read: gold, reason, doubtful: doubtful.has(reason) });
    }
    bySplit[split]++;
    byShape[shape] = (byShape[shape] ?? 0) + 1;
    byAnswerType[rest.answerType] = (byAnswerType[rest.answerType] ?? 0) + 1;
  }
  if (altered.some(({ reason }) => decimalCommas.has(reason))) doubtThousands(questions, altered, firstSeen);
  // Where the letters were lost before the text came here, each row says so.
  if (
    questions.length === 0 &&
    !(rejected.length > 0 && rejected.every(({ reason }) => reason === unreadable))
  ) {
    const first = rejected[0];
    throw new ImportError(
      `None of the ${rows.length} rows of ${fileName} is a question` +
        (first ? ` (row ${first.row}: ${first.reason}).` : '.'),
      'Each row needs "question" and "answer", or the fields of GSM8K, MATH or MedMCQA.',
      { details: { rejected: rejected.slice(0, 20), columns } },
    );
  }
  // The type of an answer that is not there is that of most others.
  const [usual = 'number'] = (Object.keys(byAnswerType) as Question['answerType'][])
    .filter((type) => type !== 'choice')
    .sort((a, b) => (byAnswerType[b] ?? 0) - (byAnswerType[a] ?? 0));
  const unanswered: Question[] = [];
  for (const { row, bare } of bareRows) {
    const id = questionId([bare.text, ...(bare.options ?? [])].join('\n'));
    if (firstSeen.has(id)) continue;
    firstSeen.set(id, row);
    const answerType = bare.answerType ?? usual;
    unanswered.push({ id, split: 'train', ...bare, answerType, gold: '', origin: `${fileName}:${row}` });
  }
  altered.sort((a, b) => Number(b.doubtful) - Number(a.doubtful) || a.row - b.row);
  const counts = {
    rows: rows.length,
    kept: questions.length,
    rejected: rejected.length,
    altered: altered.length,
    doubtful: altered.filter((each) => each.doubtful).length,
    bySplit,
    byShape,
    byAnswerType,
  };
  return {
    format,
    encoding: null,
    columns,
    questions,
    altered,
    preview: questions.slice(0, 5),
    rejected,
    unanswered,
    counts,
  };
}

/** Adds the numbers that may be decimals in a file with decimal commas, whether they are read as they are written or not. */
function doubtThousands(
  questions: readonly Question[],
  altered: AlteredGold[],
  rowOf: ReadonlyMap<string, number>,
): void {
  const places = new Map(altered.map(({ row }, at) => [row, at]));
  for (const { id, text: question, gold, goldWritten: written = gold, answerType } of questions) {
    if (answerType !== 'number' || !maybeThousands(written)) continue;
    const row = rowOf.get(id) ?? 0;
    const at = places.get(row) ?? altered.length;
    altered[at] = { row, question, written, read: gold, reason: 'thousands', doubtful: true };
  }
}

function splitOf(
  share: number,
  shares: { train: number; validation: number },
): 'train' | 'validation' | 'test' {
  if (share < shares.train) return 'train';
  return share < shares.train + shares.validation ? 'validation' : 'test';
}

type Read = Pick<ImportResult, 'format' | 'columns'> & { readonly rows: readonly RawRow[] };

function readRows(text: string, fileName: string, choice: ColumnChoice | undefined): Read {
  const body = text.replace(/^\uFEFF/, '').trimStart();
  if (body.startsWith('[')) return ofObjects('json', readArray(body, fileName), choice);
  if (body.startsWith('{')) {
    const { format, rows } = readObjects(text, body);
    return ofObjects(format, rows, choice);
  }
  return { format: 'csv', ...readTable(text.replace(/^\uFEFF/, ''), fileName, choice) };
}

function ofObjects(
  format: ImportResult['format'],
  rows: readonly RawRow[],
  choice: ColumnChoice | undefined,
): Read {
  const columns = objectColumns(rows.map(({ value }) => value));
  const chosen = (row: RawRow): RawRow => {
    if (!choice || typeof row.value !== 'object' || row.value === null || Array.isArray(row.value))
      return row;
    const fields = new Map(Object.entries(row.value));
    return {
      ...row,
      value: chosenRow(
        columns.names.map((name): unknown => fields.get(name)),
        choice,
      ),
    };
  };
  return { format, columns, rows: rows.map(chosen) };
}

const elements = (values: readonly unknown[]): RawRow[] =>
  values.map((value, i) => ({ row: i + 1, value, raw: JSON.stringify(value) }));

function readArray(body: string, fileName: string): RawRow[] {
  let values: unknown;
  try {
    values = parseExactJson(body);
  } catch (cause) {
    throw new ImportError(
      `${fileName} begins like a JSON list but cannot be read as one.`,
      'Check that the file is complete, or write one JSON object per line.',
      { cause },
    );
  }
  return elements(values as unknown[]);
}

/** One object a line, or one object over many lines that holds a list of rows ({"data": [...]}). */
function readObjects(text: string, body: string): Pick<ImportResult, 'format'> & { rows: RawRow[] } {
  const rows = readLines(text);
  if (rows.some(({ problem }) => problem === undefined) && rows.length > 1) return { format: 'jsonl', rows };
  try {
    const whole = parseExactJson(body);
    const isRow = namesQuestions(Object.keys(whole as object));
    const lists = isRow
      ? []
      : Object.values(whole as object).filter((each): each is unknown[] => Array.isArray(each));
    const objects = lists.filter((each) => each.length > 0 && each.every((one) => typeof one === 'object'));
    if (objects.length === 1) return { format: 'json', rows: elements(objects[0] ?? []) };
    if (rows.length > 1) return { format: 'json', rows: elements([whole]) };
  } catch {
    // No single object: the lines say what is wrong with each.
  }
  return { format: 'jsonl', rows };
}

function readLines(text: string): RawRow[] {
  const rows: RawRow[] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (line.trim() === '') continue;
    try {
      rows.push({ row: i + 1, value: parseExactJson(line), raw: line });
    } catch {
      rows.push({ row: i + 1, value: null, raw: line, problem: 'not valid JSON' });
    }
  }
  return rows;
}

const separators = [',', ';', '\t', '|'];

/** The first line that is not empty, or what a first line "sep=;" says of the rest. */
function readTable(
  text: string,
  fileName: string,
  choice: ColumnChoice | undefined,
): Pick<Read, 'columns' | 'rows'> {
  const said = /^\s*"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)/i.exec(text);
  const body = said ? text.slice(said[0].length) : text;
  const lead = said ? 1 : 0;
  const firstLine = /^\s*([^\r\n]*)/.exec(body)?.[1] ?? '';
  const cellsBy = (separator: string): string[] =>
    (headerOf(firstLine, separator)?.cells ?? []).map((name) => name.trim());
  const byWidth = (list: readonly string[]): string[] =>
    [...list].sort((a, b) => cellsBy(b).length - cellsBy(a).length);
  const known = said ? [said[1] ?? ','] : byWidth(separators.filter((one) => namesQuestions(cellsBy(one))));
  const [separator = byWidth(separators)[0] ?? ','] = known;
  const lines = cellsBy(separator).length > 1 || known.length > 0 ? parseCsv(body, separator) : [];
  const columns = tableColumns(
    lines.slice(0, 4).map(({ cells }) => cells),
    choice?.header ?? true,
  );
  if (!choice && !namesQuestions(cellsBy(separator))) {
    throw new ImportError(
      `${fileName} is neither JSON nor a table with a column for questions (first line: "${excerpt(firstLine)}").`,
      'The first line has to name the columns, such as question and answer, parted by commas, semicolons, tabs or bars.',
      lines.length > 0 ? { details: { columns } } : {},
    );
  }
  const rows = choice?.header === false ? lines : lines.slice(1);
  return {
    columns,
    rows: rows.map(({ line, cells }) => {
      const row = tableRow(columns.names, separator, { line: line + lead, cells });
      return choice && row.problem === undefined ? { ...row, value: chosenRow(cells, choice) } : row;
    }),
  };
}

function headerOf(line: string, separator: string): CsvRow | undefined {
  try {
    return parseCsv(line, separator)[0];
  } catch {
    return undefined;
  }
}

function tableRow(names: readonly string[], separator: string, { line, cells }: CsvRow): RawRow {
  const raw = cells.join(separator);
  if (cells.length !== names.length) {
    const problem = `${cells.length} cells where the header names ${names.length}`;
    return { row: line, value: null, raw, problem };
  }
  return { row: line, value: Object.fromEntries(names.map((name, i) => [name, cells[i]])), raw };
}

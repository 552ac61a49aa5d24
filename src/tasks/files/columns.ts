/** The columns of a question file as a person sees and chooses them. */
import type { ColumnChoice, FileColumns } from '../questionFiles';

const samples = 3;
/** Rows that are looked at for names of fields. */
const looked = 200;
const shownCharacters = 120;

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : value === undefined ? '' : (JSON.stringify(value) ?? '');
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)} …` : text;
};

/** Names of a table's columns and its first rows; `header` false: the first line is a row as well. */
export function tableColumns(lines: readonly (readonly string[])[], header = true): FileColumns {
  const [first = []] = lines;
  const names = header ? first.map((name) => name.trim()) : first.map((_, at) => `Column ${at + 1}`);
  const rows = header ? lines.slice(1) : lines;
  return { table: true, names, sample: rows.slice(0, samples).map((row) => row.map(shown)) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names of the fields of JSON rows, in the order in which they first appear, and the first rows. */
export function objectColumns(values: readonly unknown[]): FileColumns {
  const objects = values.slice(0, looked).filter(isObject);
  const names = [...new Set(objects.flatMap((one) => Object.keys(one)))];
  return {
    table: false,
    names,
    sample: objects.slice(0, samples).map((one) => names.map((name) => shown(one[name]))),
  };
}

/** A row by chosen columns, in the names that question files are read by. */
export function chosenRow(
  cells: readonly unknown[],
  choice: ColumnChoice,
): Readonly<Record<string, unknown>> {
  const options = choice.options.map((at) => cells[at] ?? '');
  const whole = options.length === 1 ? options[0] : withoutEmptyEnd(options);
  return {
    question: cells[choice.question],
    answer: textOf(cells[choice.answer]),
    ...(choice.solution === null ? {} : { solution: textOf(cells[choice.solution]) }),
    ...(choice.options.length === 0 ? {} : { options: whole }),
  };
}

const textOf = (value: unknown): unknown => (typeof value === 'boolean' ? String(value) : value);

function withoutEmptyEnd(options: readonly unknown[]): readonly unknown[] {
  const last = options.findLastIndex((one) => typeof one !== 'string' || one.trim() !== '');
  return options.slice(0, last + 1);
}

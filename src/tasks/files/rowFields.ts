/** The columns of question files by one name each, whatever their case, language or punctuation. */

const synonyms: ReadonlyMap<string, string> = new Map([
  ...named(
    'question',
    'question problem prompt query stem frage aufgabe pregunta domanda pergunta questiontext questionstem q',
  ),
  ...named(
    'answer',
    'answer antwort réponse reponse respuesta risposta resposta target gold correctanswer rightanswer expectedanswer finalanswer answertext expected groundtruth gt',
  ),
  ...named('solution', 'solution explanation rationale lösung loesung exp workedsolution'),
  ...named('options', 'options choices alternatives'),
  ...named('answerKey', 'answerkey correctoption correctchoice answerletter'),
  ...named('answer_idx', 'answeridx answerindex correctindex correctanswerindex'),
  ...named('correct', 'correct label'),
  ...named('cop', 'cop'),
  ...named('type', 'type answertype'),
]);

function named(name: string, list: string): [string, string][] {
  return list.split(' ').map((each) => [each, name]);
}

const fold = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s_.:-]+/g, '');

/** The column's place among the options: A, option_b, Choice 3, opd; else -1. */
function optionPlace(name: string): number {
  const found = /^(?:option|choice|opt|op|answer|ans|alternative)?([a-j]|10|[1-9])$/.exec(fold(name))?.[1];
  if (found === undefined || /^\d+$/.test(fold(name))) return -1;
  return /^\d/.test(found) ? Number(found) - 1 : found.charCodeAt(0) - 97;
}

/** A row by the one name of each known column; `columns` are the cells of option columns in order, fewer than two = none. */
export interface RowFields {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly columns: readonly unknown[];
  /** Whether the question stands in a column "problem", as in MATH and AIME. */
  readonly problem: boolean;
}

export function rowFields(row: object): RowFields {
  const fields: Record<string, unknown> = {};
  const columns: unknown[] = [];
  let problem = false;
  for (const [name, value] of Object.entries(row)) {
    const place = optionPlace(name);
    if (place >= 0) columns[place] ??= value;
    const known = synonyms.get(fold(name));
    if (known === undefined || (fields[known] !== undefined && fold(name) !== known)) continue;
    if (known === 'question') problem = fold(name) === 'problem';
    fields[known] = value;
  }
  const answered =
    fields['answer'] !== undefined || fields['correct'] !== undefined || fields['cop'] !== undefined;
  // "q" and "a" alone are a question and its answer.
  if (!answered && columns.length === 1 && columns[0] !== undefined) fields['answer'] = columns[0];
  const whole = columns.length >= 2 && Array.from(columns.slice(0, 2)).every((cell) => cell !== undefined);
  const numbered = Array.from(columns, (cell) => cell ?? '');
  const blank = (cell: unknown): boolean => typeof cell === 'string' && cell.trim() === '';
  while (numbered.length > 2 && blank(numbered.at(-1))) numbered.pop();
  return { fields, columns: whole ? numbered : [], problem };
}

/** Whether a header names a column for questions. */
export function namesQuestions(names: readonly string[]): boolean {
  return names.some((name) => synonyms.get(fold(name)) === 'question');
}

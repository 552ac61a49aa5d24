/** Reads a question file for the page and the command. */
import type { ColumnChoice, QuestionImport } from './questionFiles';
import { importQuestionFile } from './importers';

/** Reads a question file. Throws ImportError when no row of it is a question. */
export function readQuestionFile(file: Uint8Array, name: string, choice?: ColumnChoice): QuestionImport {
  const found = importQuestionFile(file, { fileName: name, seed: 0, ...(choice && { choice }) });
  const { format, encoding, questions, unanswered, altered, rejected, counts, columns } = found;
  return {
    name,
    format,
    questions,
    ...(unanswered.length > 0 && { unanswered }),
    rejected: rejected.map(({ row, excerpt, ...rest }) => ({ line: row, text: excerpt, ...rest })),
    altered: altered.map(({ row, ...rest }) => ({ line: row, ...rest })),
    encoding: encoding ?? 'utf-8',
    rows: counts.rows,
    columns,
  };
}

/**
 * Comma-separated values (RFC 4180): quoted cells may hold commas, quotes ("") and line breaks; lines end in CR LF, LF or CR; a
 * BOM is dropped.
 */
import { ImportError } from '../../core/errors';

export interface CsvRow {
  /** 1-based line on which the row begins. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Rows of cells; empty lines are skipped. Throws ImportError when a quote is never closed. */
export function parseCsv(text: string, separator = ','): CsvRow[] {
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let began = 1;
  const endRow = () => {
    cells.push(cell);
    if (cells.length > 1 || cell.trim() !== '') rows.push({ line: began, cells });
    cells = [];
    cell = '';
  };
  const source = text.replace(/^\uFEFF/, '');
  for (let i = 0; i < source.length; i++) {
    const char = source[i];
    // A lone CR ends a line as well.
    const ends = char === '\n' || (char === '\r' && source[i + 1] !== '\n');
    if (ends) line++;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (source[i + 1] === '"') cell += source[++i];
      else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === separator) {
      cells.push(cell);
      cell = '';
    } else if (ends) {
      endRow();
      began = line;
    } else if (char !== '\r') cell += char;
  }
  if (quoted) {
    throw new ImportError(
      `A quote opened in the row of line ${began} is never closed (${line} lines read).`,
      'Close the quote, or write a quote inside a cell twice ("").',
    );
  }
  endRow();
  return rows;
}

/**
 * Steps of a reply and their verdicts: a step is the text up to a line break or sentence end. Nothing is judged by a
 * model: an equation is right when its two sides are equal.
 */
import { normalNumber, numbersIn } from './numbers';

/** `expression = result` as written. */
export interface Equation {
  /** Operands and operators in turn: ["12", "+", "9"]. */
  readonly terms: readonly string[];
  readonly result: string;
  readonly right: boolean;
}

export interface CheckedStep {
  readonly text: string;
  /** Character span [start, end) in the reply. */
  readonly start: number;
  readonly end: number;
  readonly equations: readonly Equation[];
  /** Whether every equation is right in itself, and a final "#### x" repeats the last result; null without either. */
  readonly right: boolean | null;
  /** Whether it is a step of this problem (see checkSteps); null where no solution is known or nothing is computed. */
  readonly belongs: boolean | null;
}

/** Sentences and lines with their spans; a point inside a number ends nothing. */
export function splitSteps(reply: string): { text: string; start: number; end: number }[] {
  const steps: { text: string; start: number; end: number }[] = [];
  for (const match of reply.matchAll(/(?:[^.!?\n]|[.!?](?=\S))+[.!?]*/g)) {
    const text = match[0].trim();
    const start = match.index + match[0].indexOf(text);
    if (text.length > 0) steps.push({ text, start, end: start + text.length });
  }
  return steps;
}

const number = String.raw`[-+]?\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?`;
const operator = String.raw`[-+*/x\u00d7\u00f7\u2212]`;
/**
 * Not the end or the beginning of a longer expression, which would be another sum: "2(x) + 3 * 4 = 15", "7 - 3 = 2 * 2". What
 * marks an item of a list or a step is no part of it.
 */
const begins = String.raw`(?<![\d.^]|[\w)%][ \t]*[-+*/\u00d7\u00f7\u2212^][ \t]*|\b(?:[Ss]tep|[Pp]art) )`;
const ends = String.raw`(?![\d,]*\d|\.\d|%|[xyn](?![a-z])|\s*(?:[-+*/\u00d7\u00f7\u2212^]|x(?=\s*\d))\s*[$(\w])`;
const equation = new RegExp(
  String.raw`${begins}(${number}(?:\s*${operator}\s*\$?\d[\d,]*(?:\.\d+)?%?)+)\s*=\s*(${number})${ends}`,
  'g',
);

/** Character spans [start, end) of the equations of a text. */
export function equationSpans(text: string): { start: number; end: number }[] {
  return [...text.matchAll(equation)].map(({ index, 0: all }) => ({ start: index, end: index + all.length }));
}

/** Equations `a op b (op c ...) = r` in a text, multiplication and division first. */
export function equationsIn(text: string): Equation[] {
  return [...text.matchAll(equation)].map((match) => {
    const written = (match[1] ?? '').replace(/\s+/g, '').split(/(?<=[\d%])([-+*/x\u00d7\u00f7\u2212])/);
    const terms = written.map((term, i) => (i % 2 === 1 ? sign(term) : numberOf(term)));
    const result = numberOf(match[2] ?? '');
    // 5% is 5 of its own kind ("5% + 5% = 10%"), or a share ("200 * 5% = 10").
    const share = (term: string, value: string): string =>
      term.endsWith('%') ? String(Number(value) / 100) : value;
    const right =
      isRight(terms, result) ||
      (match[0].includes('%') &&
        isRight(
          terms.map((term, i) => share(written[i] ?? '', term)),
          share(match[2] ?? '', result),
        ));
    return { terms, result, right };
  });
}

/**
 * Verdicts for each step. With a worked solution, the i-th equation of the reply belongs to the problem when operator
 * and right operand are those of the solution's i-th, and its left operand is the solution's or the reply's own last
 * result (so one early slip does not condemn every step after it). `spans` are the steps, where they are cut otherwise.
 */
export function checkSteps(
  reply: string,
  solution?: string,
  spans: readonly { text: string; start: number; end: number }[] = splitSteps(reply),
): CheckedStep[] {
  const known = solution === undefined ? null : equationsIn(solution);
  let index = 0;
  let last: string | null = null;
  return spans.map((step) => {
    const equations = equationsIn(step.text);
    let belongs: boolean | null = known === null || equations.length === 0 ? null : true;
    for (const { terms, result } of equations) {
      const wanted = known?.[index]?.terms;
      if (known !== null) {
        const same = wanted !== undefined && terms.slice(1).join(' ') === wanted.slice(1).join(' ');
        belongs = belongs === true && same && (terms[0] === wanted[0] || terms[0] === last);
      }
      index++;
      last = result;
    }
    const final = /####\s*(.*)$/.exec(step.text)?.[1];
    let right: boolean | null = equations.length === 0 ? null : equations.every((each) => each.right);
    // An answer without a number (a letter, a word) repeats no result.
    if (final !== undefined && last !== null && /\d/.test(final)) {
      const stated = final.replace(/\.$/, '').trim();
      right = right !== false && (stated === last || finalNumber(stated) === last);
    }
    return { ...step, equations, right, belongs };
  });
}

/** Share of arithmetic steps that are right; null when there is none. */
export function rightShare(steps: readonly CheckedStep[]): number | null {
  const judged = steps.filter((step) => step.right !== null);
  return judged.length === 0 ? null : judged.filter((step) => step.right).length / judged.length;
}

/** The number of a final answer, with or without words around it; null where there are several. */
function finalNumber(text: string): string | null {
  const numbers = numbersIn(text);
  return normalNumber(text) ?? (numbers.length === 1 ? (numbers[0] ?? null) : null);
}

function numberOf(text: string): string {
  // Most numbers are in normal form already: reading them as fractions takes most of a check's time.
  if (/^(?:0|-?[1-9]\d{0,14})$/.test(text)) return text;
  return normalNumber(text.replace('\u2212', '-')) ?? 'NaN';
}

function sign(text: string): string {
  if (text === 'x' || text === '\u00d7') return '*';
  if (text === '\u00f7') return '/';
  return text === '\u2212' ? '-' : text;
}

/** Left to right with products first; equal to 1e-9 relative, or to the digits of a rounded decimal result. */
function isRight(terms: readonly string[], result: string): boolean {
  const sums: number[] = [Number(terms[0])];
  for (let i = 1; i < terms.length; i += 2) {
    const value = Number(terms[i + 1]);
    const top = sums.length - 1;
    if (terms[i] === '*') sums[top] = (sums[top] ?? NaN) * value;
    else if (terms[i] === '/') sums[top] = (sums[top] ?? NaN) / value;
    else sums.push(terms[i] === '-' ? -value : value);
  }
  const value = sums.reduce((sum, part) => sum + part, 0);
  const written = Number(result);
  const decimals = result.split('.')[1]?.length ?? 0;
  const tolerance = decimals > 0 ? 0.5 * 10 ** -decimals : 1e-9 * Math.max(1, Math.abs(value));
  return Math.abs(value - written) <= tolerance + 1e-12;
}

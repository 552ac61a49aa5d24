/** A text cut into words and the LaTeX between $…$, $$…$$, \(…\) and \[…\]. Amounts of money are words. */

export interface MathPart {
  readonly type: 'words' | 'inline' | 'block';
  /** Words as written, or LaTeX without its delimiters. */
  readonly text: string;
  /** As written, with delimiters. */
  readonly written: string;
}

const delimited =
  /(?<!\\)(?:\$\$([^$]{1,2000}?)\$\$|\$(?![\s$])((?:\\\$|[^$\n]|\n(?!\s*\n)){1,2000}?)(?<![\s\\])\$(?![\d$])|\\\(([\s\S]{1,2000}?)\\\)|\\\[([\s\S]{1,2000}?)\\\])/g;

/** Whether the text between two single dollars is a formula: "5 to Ann and " between two prices is not. */
function isFormula(latex: string): boolean {
  if (/\\[a-zA-Z]+|[\^_]/.test(latex)) return true;
  return !/\p{Ll}{2,}/u.test(latex);
}

export function mathParts(text: string): readonly MathPart[] {
  const parts: MathPart[] = [];
  let words = 0;
  delimited.lastIndex = 0;
  for (let found = delimited.exec(text); found; found = delimited.exec(text)) {
    const [written, double, single, round, square] = found;
    if (single !== undefined && !isFormula(single)) {
      // Its second dollar may begin a formula.
      delimited.lastIndex = found.index + written.length - 1;
      continue;
    }
    if (found.index > words) parts.push(wordsPart(text.slice(words, found.index)));
    const latex = (double ?? single ?? round ?? square ?? '').trim();
    const block = double !== undefined || square !== undefined;
    parts.push({ type: block ? 'block' : 'inline', text: latex, written });
    words = found.index + written.length;
  }
  if (words < text.length) parts.push(wordsPart(text.slice(words)));
  return parts;
}

function wordsPart(written: string): MathPart {
  return { type: 'words', text: written.replaceAll('\\$', '$'), written };
}

/** A right answer: LaTeX as a whole where it has commands or powers and no delimiters, as MATH writes it. */
export function answerParts(text: string): readonly MathPart[] {
  const parts = mathParts(text);
  const whole = parts.every(({ type }) => type === 'words') && /\\[a-zA-Z]+|\^/.test(text);
  return whole ? [{ type: 'inline', text, written: text }] : parts;
}

/** Numbers in text, exactly: every value is a reduced fraction of big integers, so "3.50", "7/2" and "3.5" are one. */

/** An integer with or without thousands separators, or a decimal; the sign only where no word, digit or bracket stands before it. */
const unsigned = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+`;
const pattern = String.raw`(?<![\w)\]}.])[-+]?\s?\$?\s?(?:${unsigned})(?:\/(?:${unsigned}))?|(?:${unsigned})(?:\/(?:${unsigned}))?`;

/** Takes LaTeX and typography off a text, leaving plain signs: \frac{1}{2} is 1/2, "2{,}125" is 2,125. */
export function plainMath(text: string): string {
  return text
    .replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, '$1/$2')
    .replace(/\\[dt]?frac\s*(\d)\s*(\d)/g, '$1/$2')
    .replace(/\{,\}/g, ',')
    .replace(/\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\left|\\right|\\[!,;: ]/g, '')
    .replace(/\\([$%])/g, '$1')
    .replace(/[\u2212\u2013]/g, '-')
    .replace(/[*_]{2}/g, '');
}

/** Every number in a plain text, in normal form, in order. */
export function numbersIn(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(new RegExp(pattern, 'g'))) {
    const value = normalNumber(match[0]);
    if (value !== null) found.push(value);
  }
  return found;
}

/**
 * One number in normal form: no separators, currency, percent sign or trailing zeros; a fraction as a decimal where
 * that is finite, else reduced ("1/3"). Null when the text is anything else than one number.
 */
export function normalNumber(text: string): string | null {
  const plain = text.replace(/[\s$€£%,]/g, '');
  const match = /^([-+]?)(\d*\.?\d+|\d+\.)(?:\/(\d*\.?\d+))?$/.exec(plain);
  if (!match) return null;
  const [, sign = '', above = '', below] = match;
  const top = decimal(above);
  const bottom = below === undefined ? { units: 1n, scale: 1n } : decimal(below);
  let numerator = top.units * bottom.scale;
  let denominator = top.scale * bottom.units;
  if (denominator === 0n) return null;
  const divisor = greatestDivisor(numerator, denominator);
  numerator /= divisor;
  denominator /= divisor;
  const body = written(numerator, denominator);
  return sign === '-' && numerator !== 0n ? `-${body}` : body;
}

function decimal(text: string): { units: bigint; scale: bigint } {
  const [whole = '', part = ''] = text.split('.');
  return { units: BigInt(`0${whole}${part}`), scale: 10n ** BigInt(part.length) };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b);
}

function written(numerator: bigint, denominator: bigint): string {
  if (denominator === 1n) return String(numerator);
  let rest = denominator;
  let digits = 0;
  let scale = 1n;
  while (rest % 2n === 0n) rest /= 2n;
  while (rest % 5n === 0n) rest /= 5n;
  if (rest !== 1n) return `${numerator}/${denominator}`;
  while (scale % denominator !== 0n) {
    scale *= 10n;
    digits++;
  }
  const units = String((numerator * scale) / denominator).padStart(digits + 1, '0');
  return `${units.slice(0, -digits)}.${units.slice(-digits)}`;
}

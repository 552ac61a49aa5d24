/** Numbers in text, exactly: every value is a reduced fraction of big integers, so "3.50", "7/2" and "3 1/2" are one. */
import { plainMath } from './plainMath';
import {
  added,
  decimalRational,
  divided,
  maxDigits,
  multiplied,
  negated,
  raised,
  writtenRational,
  type Rational,
} from './rational';

export { plainMath };

/**
 * Digits as people group them. A lone comma before one or two digits ("1,5") is no number: it may be a decimal or a list, and
 * which is not guessed. "1.234,50" and "1.234.567" can only be a decimal comma and points between thousands; "1,00,000" only
 * Indian groups and "1 000" thousands, for no member of a list begins with 0.
 */
const digits = [
  String.raw`\d{1,3}(?:\.\d{3})+,\d{1,2}(?!,?\d)`,
  String.raw`\d{1,3}(?:,\d{3})+(?!,?\d)(?:\.\d+)?`,
  String.raw`[1-9]\d?(?=(?:,\d\d){0,6},0)(?:,\d{2}){1,8},\d{3}(?!,?\d)`,
  String.raw`\d{1,3}(?:\.\d{3}){2,}(?![.,]?\d)`,
  String.raw`\d{1,3}(?:['’_]\d{3})+(?!\d)`,
  String.raw`[1-9]\d{0,2}(?=(?: \d{3}){0,6} 0)(?: \d{3}){1,8}(?!\d)`,
  String.raw`\d+(?:\.\d+)?`,
  String.raw`\.\d+`,
].join('|');
const scales: Readonly<Record<string, number>> = {
  hundred: 2,
  thousand: 3,
  k: 3,
  million: 6,
  mn: 6,
  mio: 6,
  billion: 9,
  bn: 9,
  trillion: 12,
};
const currency = '[$€£¥₹]';
const exponent = String.raw`(?:\{\s*([-+]?\d{1,4})\s*\}|([-+]?\d{1,4}))`;
/** Groups: sign, digits, power of them, e-notation, times a power of ten, numerator below, denominator, words of ten. */
const body = [
  `(${digits})`,
  String.raw`(?:\s?\^\s?${exponent}|[eE]([-+]?\d{1,4})(?![\w.]))?`,
  String.raw`(?:\s?[×x*·⋅]\s?10\s?\^\s?${exponent})?`,
  String.raw`(?:\s+(?:and\s+)?(\d{1,6}(?=/)))?`,
  String.raw`(?:/\(?([-+]?)(${digits})\)?)?`,
  String.raw`((?:[\s-]?(?:hundred|thousand|million|billion|trillion|mn|mio|bn)|k)+(?![\w]))?`,
].join('');
const lead = String.raw`((?<![\w)\]}.%])[-+]\s?)?(?:${currency}\s?)?((?<![\w)\]}.%\s])[-+])?`;
const anywhere = new RegExp(lead + body, 'g');
const alone = new RegExp(String.raw`^${lead}${body}\s?(?:%|${currency}|percent)?$`);

/** The value that the groups of `lead` and `body` state, or null. */
function valueOf(match: readonly (string | undefined)[]): Rational | null {
  const [
    ,
    sign,
    innerSign,
    first = '',
    braced,
    bare,
    scientific,
    tenBraced,
    tenBare,
    over,
    downSign,
    under,
    words,
  ] = match;
  let value = grouped(first);
  const times = (factor: Rational | null): void => {
    value = value && factor && multiplied(value, factor);
  };
  const ten = (power: string | number): Rational | null => raised({ above: 10n, below: 1n }, BigInt(power));
  const power = braced ?? bare;
  if (value && power !== undefined) value = raised(value, BigInt(power.replace('+', '')));
  if (scientific !== undefined) times(ten(scientific.replace('+', '')));
  const tens = tenBraced ?? tenBare;
  if (tens !== undefined) times(ten(tens.replace('+', '')));
  if (under !== undefined) {
    const below = grouped(under);
    const down = below && downSign === '-' ? negated(below) : below;
    if (over === undefined) value = value && down && divided(value, down);
    else {
      const above = grouped(over);
      const fraction = above && down && divided(above, down);
      value = value && fraction && added(value, fraction);
    }
  }
  for (const [each] of (words ?? '').matchAll(/[a-z]+/g)) times(ten(scales[each] ?? 0));
  return value && (sign?.trim() === '-' || innerSign === '-') ? negated(value) : value;
}

function grouped(text: string): Rational | null {
  if (text.length > 2 * maxDigits) return null;
  const decimalComma = /^\d{1,3}(?:\.\d{3})+,\d+$/.test(text);
  const points = /^\d{1,3}(?:\.\d{3}){2,}$/.test(text);
  const plain = decimalComma
    ? text.replace(/\./g, '').replace(',', '.')
    : points
      ? text.replace(/\./g, '')
      : text;
  return decimalRational(plain.replace(/[,'’_ ]/g, ''));
}

/** A mixed number has a whole part and a proper fraction: "3 1/2", not "5 10/2" or "2.5 1/2". */
function isMixed([, , , first = '', , , , , , over, , under]: readonly (string | undefined)[]): boolean {
  return /^\d+$/.test(first) && /^\d+$/.test(under ?? '') && Number(over) < Number(under);
}

/** A number of a text and where it stands. */
export interface FoundNumber {
  readonly value: Rational;
  readonly start: number;
  readonly end: number;
}

/** Every number in a plain text, in order. */
export function numberSpans(text: string): FoundNumber[] {
  const found: FoundNumber[] = [];
  anywhere.lastIndex = 0;
  for (let match = anywhere.exec(text); match; match = anywhere.exec(text)) {
    let groups: readonly (string | undefined)[] = match;
    let end = match.index + match[0].length;
    if (match[9] !== undefined && !isMixed(match)) {
      // Two numbers, not a mixed one: the first ends before the blank, the second is read again.
      end = match.index + match[0].indexOf(match[3] ?? '') + (match[3] ?? '').length;
      groups = match.map((group, i) => (i > 3 ? undefined : group));
      anywhere.lastIndex = end;
    }
    const value = valueOf(groups);
    if (value) found.push({ value, start: match.index, end });
  }
  return found;
}

/** Every number in a plain text, in normal form, in order. */
export function numbersIn(text: string): string[] {
  return numberSpans(text).map(({ value }) => writtenRational(value));
}

/** One number; null when the text is anything else than one number with a sign, currency, percent sign or words of ten. */
export function readNumber(text: string): Rational | null {
  const plain = text.trim().replace(/^\$([^$]+)\$$/, '$1');
  if (plain.length > 4 * maxDigits) return null;
  const match = alone.exec(plain.trim().replace(/^((?:.*\d))\.$/, '$1'));
  if (!match || (match[9] !== undefined && !isMixed(match))) return null;
  return valueOf(match);
}

/**
 * One number in normal form: no separators, currency, percent sign or trailing zeros; a fraction as a decimal where
 * that is finite, else reduced ("1/3"). Null when the text is anything else than one number.
 */
export function normalNumber(text: string): string | null {
  const value = readNumber(text);
  return value && writtenRational(value);
}

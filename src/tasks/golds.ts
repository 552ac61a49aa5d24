/** The right answer of a row: as it is written, as it is read, and why the two differ. */
import type { GoldReason } from './questionFiles';
import type { AnswerType, Question } from '../records/records';
import { formulaText } from './formulaText';
import { numberList, statedNumber } from './numberAnswers';
import { normalNumber, plainMath } from './numbers';
import { normalText } from './textAnswers';

/**
 * Why a gold answer is not as written. form: the same in normal form; option: a letter for an option's text or number; counted:
 * a bare number that counts options, from 0 or 1; mixed, unit, result: what a number was taken from; comma: 1,5 may be a
 * decimal or a list and is kept as a list; decimal-comma: 1.234,50; thousands: 1,234 or 1.234 in a file whose other answers have
 * decimal commas; scientific: 1.5e3, which a spreadsheet may have rounded; list, several: more than one number, kept as words.
 */
export type { GoldReason };

/** Questions of a file without a right answer have an empty one: they train only, by other labels. */
export const hasGold = ({ gold }: Pick<Question, 'gold'>): boolean => gold !== '';

/** Reasons that a person should look at; the others lose nothing. */
export const doubtful: ReadonlySet<GoldReason> = new Set<GoldReason>([
  'counted',
  'mixed',
  'unit',
  'result',
  'comma',
  'decimal-comma',
  'thousands',
  'scientific',
  'list',
  'several',
]);

/** Reasons that show that a file writes decimal commas. */
export const decimalCommas: ReadonlySet<GoldReason> = new Set<GoldReason>(['comma', 'decimal-comma']);

/**
 * Whether a sign parts three digits of a number from one to three others: thousands in one country, a decimal in the next. Nobody
 * writes decimals ",000".
 */
export const maybeThousands = (written: string): boolean =>
  /^[-+$€£\s]*\d{1,3}(?:\.|,(?!000))\d{3}[%$€£\s]*$/.test(written);

const scientific = /\d\s*[eE][-+]?\d|(?:[×*]|\\times|\\cdot)\s*10\s*\^/;

export interface Gold {
  readonly gold: string;
  readonly answerType: AnswerType;
  readonly written: string;
  readonly reason: GoldReason;
}

const longest = 500;

/** A number where the answer is one, else words. `number`: the file asks for one (GSM8K), so one is looked for in a sentence. */
export function readGold(answer: string, number = false): Gold | null {
  const written = answer.trim();
  const plain = plainMath(written)
    .replace(/^\$([^$]*)\$$/, '$1')
    .trim();
  const text = (reason: GoldReason): Gold => ({
    gold: normalText(written),
    answerType: 'text',
    written,
    reason,
  });
  const numeric = (gold: string, reason: GoldReason): Gold => ({
    gold,
    answerType: 'number',
    written,
    reason,
  });
  if (written.length > longest) return number ? null : text('form');
  const value = normalNumber(plain);
  if (value !== null) {
    if (/\d\s+(?:and\s+)?\d+\/\d/.test(plain)) return numeric(value, 'mixed');
    if (/\.\d{3}(?:,\d|\.\d{3})/.test(plain)) return numeric(value, 'decimal-comma');
    if (scientific.test(written)) return numeric(value, 'scientific');
    return numeric(value, /[%a-z]/i.test(plain) ? 'unit' : 'form');
  }
  if (/^[-+$€£\s]*\d+(?:\.\d{3})*,\d+[%$€£\s]*$/.test(plain)) return text('comma');
  if (numberList(plain) !== null) return text('list');
  if (/^-?[\d.,]+(?:\s+-?[\d.,]+)+$/.test(plain)) return text('several');
  const bare = normalNumber(plainMath(formulaText(written)));
  if (bare !== null && !/[=<>]/.test(plain))
    return numeric(bare, /\d\s+\d+\/\d/.test(plain) ? 'mixed' : 'unit');
  const counted = /^([^a-z]*\d[^a-z]*)\s[a-z]+\.?$/.exec(plain)?.[1];
  const count = counted === undefined ? null : normalNumber(counted);
  if (count !== null) return numeric(count, /\d\s+\d+\/\d/.test(plain) ? 'mixed' : 'unit');
  if (!number) {
    const words = text(/^(?:\\\{|\(|\[)?[^a-z]*\d[^a-z]*,\s/i.test(plain) ? 'list' : 'form');
    return words.gold === '' ? null : words;
  }
  const stated = statedNumber(written);
  if (stated === null) return null;
  const found = normalNumber(stated);
  return found === null ? text('list') : numeric(found, plain.includes('=') ? 'result' : 'unit');
}

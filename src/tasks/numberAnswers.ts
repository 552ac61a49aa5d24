/** The number that an announced text states: the result of its sum, not the first operand; a list is no number. */
import { listParts, shapeOf, type Shape } from './answerShapes';
import { exactValue } from './expressionValue';
import { formulaText, unwrapped } from './formulaText';
import { numberSpans, plainMath, readNumber } from './numbers';
import { plainSigns } from './plainMath';
import { writtenRational } from './rational';

const clause =
  /[;(]|,\s|\b(?:because|since|as|where|if|after|when|so|which|that|who|while|but|and|or|of|for|the|checked)\b/i;
const reason = /\b(?:because|since|where|if|after|when|which|that|who|while|but)\b/i;
const equals =
  /\s(?:(?:which|that)\s)?(?:is\s+equal\s+to|is\s+equivalent\s+to|equal\s+to|equals|gives|makes|totals|comes\s+to)\s/gi;

/** The first sentence: a point within a number or behind one letter ends nothing. */
function sentence(text: string): string {
  return /^[\s\S]*?(?:[^.!?]{2}|^.?)[.!?](?=\s+[A-Z*"(]|\s*$)/.exec(text)?.[0].replace(/[.!?]$/, '') ?? text;
}

/** What is stated after the last "=", when what stands before it is a sum and no new clause. */
function result(text: string): string {
  const parts = text.split(/=|≈|\\approx|\\implies|\\Rightarrow|=>|→/);
  const last = parts.at(-1)?.trim() ?? '';
  if (parts.length === 1 || !/\d/.test(last)) return text;
  const before = parts.slice(0, -1).join('=');
  const first = numberSpans(before)[0];
  const rest = first === undefined ? '' : before.slice(first.end);
  return clause.test(rest.replace(/(?<=\d),(?=\d)|\bof\b/g, '')) && !/^\s*[-+*/×÷^]/.test(rest) ? text : last;
}

/** Whether words are all that a shape, or a part of it, states. */
function hasWords(shape: Shape): boolean {
  if (shape.kind === 'list') return shape.items.some(hasWords);
  if (shape.kind === 'relation') return hasWords(shape.left) || hasWords(shape.right);
  return shape.kind === 'words';
}

/** A shape as a number in normal form, a formula or list as it is written, null for words. */
function written(shape: Shape, text: string): string | null {
  if (hasWords(shape)) return null;
  if (shape.kind === 'formula') {
    const value = exactValue(shape.tree);
    return value ? writtenRational(value) : text;
  }
  if (shape.kind === 'relation' && shape.sign === '=') return written(shape.right, text);
  return text;
}

/** Members of a list in normal form, joined; null unless every one is a number. */
export function numberList(text: string): string | null {
  const parts = listParts(text.replace(/\s+(?:and|or)\s+/gi, ', ').replace(/,\s*,/g, ','));
  if (parts.length < 2) return null;
  const numbers = parts.map((part) => readNumber(plainMath(part)));
  return numbers.every((number) => number !== null) ? numbers.map(writtenRational).join(', ') : null;
}

/** "45 (15 * 3)": what is added in brackets. */
const aside = /(?<=[\w%.])\s+\([^()]*\)$/;

/** The number of an announced text, or the formula or list that it states instead; null where there is neither. */
export function statedNumber(candidate: string, boxed = false): string | null {
  const plain = unwrapped(plainText(candidate)).replace(equals, ' = ');
  const text = boxed ? plain : sentence(plain).trim().replace(aside, '');
  // "5 10" is neither 510 nor 5.
  if (/^\d+(?:\.\d+)?(?: \d+(?:\.\d+)?)+$/.test(text) && readNumber(text) === null) return text;
  for (const part of new Set([result(text), text])) {
    const number = readNumber(plainMath(unwrapped(part)));
    if (number) return writtenRational(number);
    const list = numberList(unwrapped(part));
    if (list !== null) return list;
    const spelled = formulaText(part);
    if (/\d|π|\\pi/.test(spelled) && (boxed || !reason.test(part))) {
      const value = written(shapeOf(spelled), spelled);
      if (value !== null) return value;
    }
    const [first, second] = numberSpans(plainMath(part));
    if (first) {
      // "20 - 5 dollars": the sum before the unit.
      if (second) {
        const sum = /^[\s$€£¥]*[-+]?[\d.,]+(?:\s+[-+*/×÷x]\s+[$€£¥]?[\d.,]*\d)+/.exec(plainMath(part))?.[0];
        const value = sum === undefined ? null : written(shapeOf(formulaText(sum.replace(/x/g, '*'))), '');
        if (value) return value;
      }
      return writtenRational(first.value);
    }
  }
  return null;
}

function plainText(text: string): string {
  return plainSigns(text).replace(/\s+/g, ' ').trim();
}

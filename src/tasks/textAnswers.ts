/** Answers in words or formulas in normal form: lower case, no wrapping signs, no leading article, one spelling of LaTeX. */
import { formulaText, unwrapped } from './formulaText';
import { numberList } from './numberAnswers';
import { normalNumber, plainMath } from './numbers';

/** Longer texts are no formulas. */
const longest = 1000;

export function normalText(text: string): string {
  if (text.length > longest) return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
  const bare = unwrapped(text.trim().replace(/\.$/, ''));
  const number = normalNumber(plainMath(bare));
  if (number !== null) return number;
  const list = /^[\d\s.,;$€£%+/-]+$/.test(bare) ? numberList(bare) : null;
  if (list !== null) return list;
  if (/[\\^=_°]/.test(bare)) {
    const formula = formulaText(bare);
    return normalNumber(plainMath(formula)) ?? tight(formula);
  }
  return plainMath(bare)
    .replace(/\$/g, '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/^["'\s(]*(?:the|an|a)\s+/, '')
    .replace(/^["'\s]+|["'\s.,;:!?]+$/g, '')
    .replace(/\s+/g, ' ');
}

/** Without blanks, but between letters and after commands, where they part two names. */
function tight(formula: string): string {
  return formula.replace(
    /(\\[a-z]+) (?=[a-z])|([a-z]) (?=[a-z])|([\d]) (?=\d)| /g,
    (all, command?: string, letter?: string, digit?: string) => ((command ?? letter ?? digit) ? all : ''),
  );
}

/** The signs of a final answer in one spelling: no layout, no units, one name for each command. Lower case. */
import { plainSigns } from './plainMath';

const units =
  'mm|cm|dm|km|m|inch(?:es)?|in|foot|feet|ft|yards?|yd|miles?|mi|meters?|metres?|kilomet(?:er|re)s?|centimet(?:er|re)s?|millimet(?:er|re)s?|' +
  'mg|kg|g|grams?|kilograms?|lbs?|pounds?|ounces?|oz|tons?|l|ml|lit(?:er|re)s?|gallons?|cups?|' +
  'seconds?|secs?|s|minutes?|mins?|hours?|hrs?|hr|h|days?|weeks?|months?|years?|' +
  'dollars?|cents?|usd|eur|euros?|pounds?|percent|degrees?|radians?|rad|units?|mph|kmh|km/h|m/s';
const unitPower = String.raw`(?:\s*(?:\^\s*\{?\s*-?[23]\s*\}?|squared|cubed))?`;
const unit = String.raw`(?:(?:square|cubic|sq|cu)\.?\s+)?(?:${units})\.?${unitPower}`;
/** Behind a number: a known unit after a blank, or letters of \text{}, which plainText marks by a tilde. */
const trailingUnit = new RegExp(
  String.raw`(?<=[\d)}.!]\s*)(?:\s(?:${unit})(?:\s*(?:/|per)\s*(?:${unit}))?|~[^~]*~${unitPower})\s*$`,
);
const word = String.raw`(?:text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mbox|hbox|operatorname)`;
const bareArgument = /\\(frac|binom)\s*(?:\{([^{}]*)\}|([^\s{}⟨⟩\\]))\s*(?:\{([^{}]*)\}|([^\s{}⟨⟩\\]))/g;

/** A text without its wrapping signs: dollars, brackets of maths, bold, quotes, code. */
export function unwrapped(text: string): string {
  let plain = text.trim();
  for (let i = 0; i < 6; i++) {
    const before = plain;
    plain = plain
      .replace(/^\$\$?([^$]*)\$\$?$/, '$1')
      .replace(/^\\[([]([\s\S]*)\\[)\]]$/, '$1')
      .replace(/^(\*\*|__|`+)([\s\S]*)\1$/, '$2')
      .replace(/^["“«'‘]([^"“”«»'‘’]*)["”»'’]$/, '$1')
      .replace(new RegExp(String.raw`^\\${word}\s*\{([^{}]*)\}$`, 'i'), '$1')
      .replace(/^\\(?:boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}$/, '$1')
      .trim();
    if (plain === before) break;
  }
  return plain;
}

/** Signs of one spelling; \text{...} stands between tildes. */
function spelled(text: string): string {
  return plainSigns(unwrapped(text))
    .toLowerCase()
    .replace(/\{,\}/g, ',')
    .replace(/\\(?:displaystyle|textstyle|limits|quad|qquad|hfill)(?![a-z])/g, ' ')
    .replace(/\\(?:left|right|bigg?[lr]?)(?![a-z])\.?/g, '')
    .replace(/(?<!\\)\\[,;: !]|(?<!\\)~/g, ' ')
    .replace(new RegExp(String.raw`\\${word}\s*\{\s*(and|or|,)\s*\}|\s(?:and|or)\s`, 'g'), ', ')
    .replace(/,\s*,/g, ',')
    .replace(new RegExp(String.raw`\\${word}\s*\{([^{}]*)\}`, 'g'), '~$1~')
    .replace(/\\[dtc]frac/g, '\\frac')
    .replace(/\\[dt]binom/g, '\\binom')
    .replace(/\\(?:leqslant|leq|le)(?![a-z])/g, '≤')
    .replace(/\\(?:geqslant|geq|ge)(?![a-z])/g, '≥')
    .replace(/\\(?:neq|ne)(?![a-z])/g, '≠')
    .replace(/\\lt(?![a-z])/g, '<')
    .replace(/\\gt(?![a-z])/g, '>')
    .replace(/\\(?:approx|simeq)(?![a-z])/g, '≈')
    .replace(/\\in(?![a-z])/g, '∈')
    .replace(/\\cup(?![a-z])/g, '∪')
    .replace(/\\(?:pm|mp)(?![a-z])/g, '±')
    .replace(/\\(?:lbrace|\{)/g, '\\{')
    .replace(/\\(?:rbrace|\})/g, '\\}')
    .replace(/\\(?:lvert|rvert|vert|mid)(?![a-z])/g, '|')
    .replace(/\\(?:emptyset|varnothing)(?![a-z])/g, '∅')
    .replace(/\^\s*(?:\{\s*\\circ\s*\}|\\circ)\s*[cf]?|\\(?:degrees?|circ)(?![a-z])|°\s*[cf]?/g, '')
    .replace(/\\?%/g, '')
    .replace(/\\\$|[$€£¥₹]/g, '')
    .replace(/(\d)\s?\*\*\s?(?=[({]?-?[\da-z])/g, '$1^')
    .replace(/(?<=[a-z)])\*\*(?=[({]?-?[\da-z])/g, '^')
    .replace(/\*\*|__/g, '');
}

/** A formula in its one spelling, without units; words stay words. */
export function formulaText(text: string): string {
  let plain = spelled(text).replace(/[\s.,;:]+$/, (end) =>
    /^\.?$/.test(end) ? '' : end.replace(/[.,;:\s]+$/, ''),
  );
  plain = plain.replace(trailingUnit, '').replace(/~/g, ' ');
  for (let depth = 0; depth < 5; depth++) {
    const before = plain;
    // Braces within arguments are hidden as ⟨⟩ once they are spelled out.
    plain = plain
      .replace(bareArgument, (_, name: string, a?: string, b?: string, c?: string, d?: string) => {
        return `\\${name}⟨${(a ?? b ?? '').trim()}⟩⟨${(c ?? d ?? '').trim()}⟩`;
      })
      .replace(
        /\\sqrt\s*(\[[^[\]]*\])?\s*(?:\{([^{}]*)\}|(\\?[^\s{}⟨⟩[\\]))/g,
        (_, degree?: string, a?: string, b?: string) => {
          return `\\sqrt${degree ?? ''}⟨${(a ?? b ?? '').trim()}⟩`;
        },
      )
      .replace(/([\^_])\s*\{([^{}]*)\}/g, (_, sign: string, of: string) => {
        const inner = of.trim();
        return inner.length === 1 ? sign + inner : `${sign}⟨${inner}⟩`;
      });
    if (plain === before) break;
  }
  return plain.replace(/⟨/g, '{').replace(/⟩/g, '}').replace(/\s+/g, ' ').trim();
}

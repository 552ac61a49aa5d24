/** Oniguruma patterns (those of tokenizer.json) as JavaScript regular expressions; what has no equal is refused. */
import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { ModelError } from '../../core/errors';
import { endsSoon } from './regexPace';

/** Rust's char::is_whitespace. JavaScript's \s has U+FEFF in addition and lacks U+0085. */
export const blank = '\\p{White_Space}';

/** A tokenizer that needs something which is not done here; loading it would give other ids without a word. */
export function unsupported(what: string): ModelError {
  return new ModelError(
    `The tokenizer uses ${what}, which is not supported.`,
    'Choose a model with another tokenizer.',
  );
}

/** What a file says, for a message. */
export const asGiven = (value: unknown): string =>
  value === undefined ? 'without a name' : JSON.stringify(value);

/** Escapes and groups that JavaScript lacks, or reads otherwise, and that are not rewritten. */
const foreign =
  /\\[GKXRNOyYgk0-9]|\(\?[imxs-]+\)|\(\?[a-z-]*[mxs-][a-z-]*:|\(\?[~(#]|\(\?<[A-Za-z_]|\(\?'|\\[pP]\{\^/u;

/**
 * Rewrites what the library passes over: possessive quantifiers and atomic groups (a look-ahead that is then matched
 * again gives nothing back), and the two letters outside ASCII that (?i:...) takes for s and k.
 */
function rewrite(source: string): string {
  let out = '';
  let atom = -1;
  let count = 0;
  const groups: { start: number; atomic: boolean; fold: boolean }[] = [];
  const folds = () => groups.at(-1)?.fold ?? false;
  const once = (start: number, inner: string): void => {
    out = `${out.slice(0, start)}(?:(?=(?<held${count}>${inner}))\\k<held${count}>)`;
    count++;
  };
  for (let i = 0; i < source.length;) {
    const rest = source.slice(i);
    const token =
      /^\\[pPx]\{[^}]*\}|^\\x[0-9A-Fa-f]{2}|^\\u[0-9A-Fa-f]{4}|^\\[\s\S]|^\(\?(?:<[=!]|[=!:>]|i:)|^\{\d*,?\d*\}|^[\s\S]/u.exec(
        rest,
      )![0];
    if (token === '[') {
      const end = classEnd(source, i);
      atom = out.length;
      out += source.slice(i, end);
      i = end;
      continue;
    }
    i += token.length;
    if (token.startsWith('(')) {
      groups.push({ start: out.length, atomic: token === '(?>', fold: folds() || token === '(?i:' });
      out += token === '(?>' ? '(?:' : token;
    } else if (token === ')') {
      out += token;
      const group = groups.pop();
      atom = group?.start ?? -1;
      if (group?.atomic) once(group.start, out.slice(group.start));
    } else if (/^[*+?]$/.test(token) && atom >= 0) {
      out += token;
      const next = source[i];
      if (next === '+') {
        once(atom, out.slice(atom));
        i++;
      } else if (next === '?') {
        out += next;
        i++;
      }
    } else if (token.length > 1 && token.startsWith('{')) out += token;
    else {
      atom = token === '|' ? -1 : out.length;
      out += !folds() ? token : /^s$/i.test(token) ? '[sSſ]' : /^k$/i.test(token) ? '[kKK]' : token;
    }
  }
  return out;
}

/** Index after the class that opens at `start`. */
function classEnd(source: string, start: number): number {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    const char = source[i];
    if (char === '\\') i++;
    else if (char === '[') {
      depth++;
      if (source[i + 1] === '^') i++;
      // A bracket right after the opening is a member.
      if (source[i + 1] === ']') i++;
    } else if (char === ']' && --depth === 0) return i + 1;
  }
  return source.length;
}

/** A pattern {Regex} or {String} of tokenizer.json as a global regular expression. Throws ModelError. */
export function compilePattern(pattern: unknown): RegExp {
  const { Regex: regex, String: text } = (pattern ?? {}) as { Regex?: unknown; String?: unknown };
  if (typeof text === 'string') return new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'), 'gu');
  if (typeof regex !== 'string') throw unsupported(`the pattern ${asGiven(pattern)}`);
  if (foreign.test(regex)) throw unsupported(`the regular expression ${regex}`);
  let compiled: RegExp | null;
  try {
    const source = rewrite(regex);
    compiled = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: source },
      behavior: 'Isolated',
      invert: false,
    }).pattern;
  } catch {
    throw unsupported(`the regular expression ${regex}`);
  }
  if (!compiled) throw unsupported(`the regular expression ${regex}`);
  if (!endsSoon(compiled, regex))
    throw unsupported(`the regular expression ${regex}, whose search takes too long`);
  return compiled;
}

/** Template text as tokens, with Jinja2's rules for white space (trim_blocks and lstrip_blocks, as transformers sets them). */
import { limits, syntax, TemplateError } from './errors';

export type TokenType = 'data' | 'begin' | 'end' | 'print' | 'printEnd' | 'name' | 'string' | 'integer' | 'float' | 'operator' | 'eof'; // prettier-ignore

export interface Token {
  readonly type: TokenType;
  readonly value: string;
  readonly line: number;
}

/** Python's white space. */
const space = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const opening = new RegExp(
  `\\{%([-+]?)${space}*raw${space}*(?:-%\\}${space}*|%\\})|(\\{%|\\{\\{|\\{#)([-+]?)`,
  'gu',
);
const commentEnd = new RegExp(`\\+#\\}|-#\\}${space}*|#\\}\\n?`, 'gu');
const rawEnd = new RegExp(`\\{%([-+]?)${space}*endraw${space}*(?:\\+%\\}|-%\\}${space}*|%\\}\\n?)`, 'gu');
const blockEnd = new RegExp(`\\+%\\}|-%\\}${space}*|%\\}\\n?`, 'yu');
const printEnd = new RegExp(`-\\}\\}${space}*|\\}\\}`, 'yu');
const rules: readonly (readonly [TokenType | 'space', RegExp])[] = [
  ['space', new RegExp(`${space}+`, 'yu')],
  ['float', /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y],
  ['integer', /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y],
  ['name', /[\p{L}\p{M}\p{N}_]+/uy],
  ['string', /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/y],
  ['operator', /\*\*|\/\/|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y],
];
const isSpace = new RegExp(`^${space}$`, 'u');
/** Where the white space at the end of a text begins. */
function blankFrom(text: string): number {
  let at = text.length;
  while (at > 0 && isSpace.test(text[at - 1]!)) at--;
  return at;
}
const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

const simple: Readonly<Record<string, string>> = {
  n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', "'": "'", '"': '"', '\n': '',
}; // prettier-ignore

/** A string literal's value, with Python's escapes. */
function unescape(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g,
      (all, x: string | undefined, u: string | undefined, long: string | undefined, octal: string | undefined, one: string | undefined) => {
        if (one !== undefined) return simple[one] ?? all;
        if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
        const code = parseInt((x ?? u ?? long)!, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : all;
      },
    ); // prettier-ignore
}

/** Tokens of a template, ended by `eof`. Throws TemplateError. */
export function lex(template: string): Token[] {
  if (template.length > limits.source)
    throw new TemplateError('budget', `it is longer than ${limits.source} characters`);
  let source = template.replace(/\r\n?/g, '\n');
  if (source.endsWith('\n')) source = source.slice(0, -1);
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = true;
  const pass = (to: number): void => {
    for (let i = at; i < to; i++) if (source[i] === '\n') line++;
    if (to > at) lineStart = source[to - 1] === '\n';
    at = to;
  };
  const data = (text: string, sign: string, print: boolean): void => {
    let kept = text;
    if (sign === '-') kept = text.slice(0, blankFrom(text));
    else if (sign !== '+' && !print) {
      const from = text.lastIndexOf('\n') + 1;
      if ((from > 0 || lineStart) && from < text.length && blankFrom(text) <= from)
        kept = text.slice(0, from);
    }
    if (kept !== '') tokens.push({ type: 'data', value: kept, line });
  };
  const find = (pattern: RegExp, missing: string): RegExpExecArray => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (!found) throw syntax(missing, line);
    return found;
  };
  while (at < source.length) {
    opening.lastIndex = at;
    const found = opening.exec(source);
    if (!found) {
      data(source.slice(at), '+', false);
      break;
    }
    const [all, rawSign, kind, sign = ''] = found;
    data(source.slice(at, found.index), rawSign ?? sign, kind === '{{');
    pass(found.index + all.length);
    if (kind === undefined) {
      const end = find(rawEnd, 'A raw block has no end');
      data(source.slice(at, end.index), end[1] ?? '', false);
      pass(end.index + end[0].length);
    } else if (kind === '{#') {
      const end = find(commentEnd, 'A comment has no end');
      pass(end.index + end[0].length);
    } else {
      tokens.push({ type: kind === '{%' ? 'begin' : 'print', value: kind, line });
      inside(kind === '{%');
    }
  }
  tokens.push({ type: 'eof', value: '', line });
  return tokens;

  function inside(block: boolean): void {
    const end = block ? blockEnd : printEnd;
    const open: string[] = [];
    for (;;) {
      end.lastIndex = at;
      const found = open.length === 0 ? end.exec(source) : null;
      if (found) {
        tokens.push({ type: block ? 'end' : 'printEnd', value: found[0], line });
        return pass(at + found[0].length);
      }
      const [type, value] = next();
      if (type === 'operator') {
        if ('([{'.includes(value)) open.push(value);
        const opener = closers[value];
        if (opener !== undefined && open.pop() !== opener) throw syntax(`Unexpected '${value}'`, line);
      }
      if (type === 'string') {
        if (/\\N\{/.test(value)) throw syntax('Characters by name (\\N) are not supported', line);
        tokens.push({ type, value: unescape(value), line });
      } else if (type !== 'space') tokens.push({ type, value, line });
      pass(at + value.length);
    }
  }

  function next(): readonly [TokenType | 'space', string] {
    for (const [type, pattern] of rules) {
      pattern.lastIndex = at;
      const found = pattern.exec(source);
      if (found) return [type, found[0]];
    }
    throw syntax(
      at < source.length ? `Unexpected character ${JSON.stringify(source[at])}` : 'A tag has no end',
      line,
    );
  }
}

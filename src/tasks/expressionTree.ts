/** Formulas in LaTeX or plain signs as trees: what a final answer of MATH is made of. */
import { decimalRational, type Rational } from './rational';

export type Tree =
  | { readonly kind: 'number'; readonly value: Rational }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly of: readonly Tree[] };

const functions = new Set([
  ...['sin', 'cos', 'tan', 'cot', 'sec', 'csc', 'arcsin', 'arccos', 'arctan', 'sinh', 'cosh', 'tanh'],
  ...['log', 'ln', 'exp', 'sqrt', 'lfloor', 'lceil'],
]);
const greek =
  /^(?:alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|infty|infinity)$/;
const token = /\s*(\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|\\[a-z]+|\\.|[a-z]+|[^\s])/gy;
const maxTokens = 400;

/** What a formula that cannot be read ends in; caught in parseFormula. */
class Unreadable extends Error {}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  whole(): Tree {
    const tree = this.#sum();
    if (this.#at < this.#tokens.length) throw new Unreadable();
    return tree;
  }

  get #next(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #take(...wanted: readonly string[]): boolean {
    if (!wanted.includes(this.#next) || this.#next === '') return false;
    this.#at++;
    return true;
  }

  #need(wanted: string): void {
    if (!this.#take(wanted)) throw new Unreadable();
  }

  #sum(): Tree {
    if (++this.#depth > 60) throw new Unreadable();
    let tree = this.#product();
    for (;;) {
      if (this.#take('+')) tree = call('+', tree, this.#product());
      else if (this.#take('-')) tree = call('+', tree, call('neg', this.#product()));
      else break;
    }
    this.#depth--;
    return tree;
  }

  #product(): Tree {
    let tree = this.#signed();
    for (;;) {
      if (this.#take('*', '×', '·', '⋅', '\\cdot', '\\times')) tree = call('*', tree, this.#signed());
      else if (this.#take('/', '÷', '\\div', ':')) tree = call('/', tree, this.#signed());
      else if (this.#startsFactor()) tree = this.#beside(tree);
      else return tree;
    }
  }

  /** Two factors without a sign between: a mixed number where a whole number meets a proper fraction, else a product. */
  #beside(left: Tree): Tree {
    const start = this.#at;
    const next = this.#power();
    const plain = left.kind === 'number' && left.value.below === 1n;
    if (plain && this.#tokens[start] === '\\frac' && next.kind === 'call' && next.name === '/') {
      const [above, below] = next.of;
      if (above?.kind === 'number' && below?.kind === 'number' && above.value.above < below.value.above)
        return call('+', left, next);
    }
    if (next.kind === 'number' && left.kind === 'number') {
      // "3 1/2"; any other two numbers side by side are no formula.
      if (!plain || !this.#take('/')) throw new Unreadable();
      const below = this.#power();
      if (below.kind !== 'number' || next.value.above >= below.value.above) throw new Unreadable();
      return call('+', left, call('/', next, below));
    }
    return call('*', left, next);
  }

  #startsFactor(): boolean {
    return /^(?:[\d.a-z({|\\√]|\\[a-z]+)/.test(this.#next) &&
      !/^\\(?:rfloor|rceil|right|\})$/.test(this.#next)
      ? this.#next !== '|' || this.#bars === 0
      : false;
  }

  #bars = 0;

  #signed(): Tree {
    if (++this.#depth > 60) throw new Unreadable();
    let tree: Tree;
    if (this.#take('-')) tree = call('neg', this.#signed());
    else {
      this.#take('+');
      tree = this.#power();
    }
    this.#depth--;
    return tree;
  }

  #power(): Tree {
    let tree = this.#atom();
    for (;;) {
      if (this.#take('!')) tree = call('!', tree);
      else if (this.#take('^')) tree = call('^', tree, this.#exponent());
      else return tree;
    }
  }

  #exponent(): Tree {
    if (this.#take('-')) return call('neg', this.#exponent());
    return this.#next === '{' ? this.#group() : this.#firstDigit();
  }

  /** {...}, or the one sign that LaTeX takes as an argument: \frac34 is 3/4. */
  #group(): Tree {
    if (!this.#take('{')) return this.#firstDigit();
    const tree = this.#sum();
    this.#need('}');
    return tree;
  }

  #firstDigit(): Tree {
    if (this.#take('-')) return call('neg', this.#firstDigit());
    return this.#atom();
  }

  #atom(): Tree {
    const next = this.#next;
    this.#at++;
    if (/^[\d.]/.test(next)) {
      if (this.#take('_')) this.#group();
      const value = decimalRational(next.replace(/,/g, ''));
      if (value === null) throw new Unreadable();
      return { kind: 'number', value };
    }
    const bracket = { '(': ')', '[': ']', '{': '}', '\\lfloor': '\\rfloor', '\\lceil': '\\rceil' }[next];
    if (bracket !== undefined) {
      const bars = this.#bars;
      this.#bars = 0;
      const tree = this.#sum();
      this.#need(bracket);
      this.#bars = bars;
      return next.startsWith('\\') ? call(next.slice(1), tree) : tree;
    }
    if (next === '|') {
      this.#bars++;
      const tree = this.#sum();
      this.#need('|');
      this.#bars--;
      return call('abs', tree);
    }
    if (next === '√') return call('^', this.#power(), half);
    if (next === '\\frac') return call('/', this.#group(), this.#group());
    if (next === '\\binom') return call('binom', this.#group(), this.#group());
    if (next === '\\sqrt') {
      if (!this.#take('[')) return call('^', this.#group(), half);
      const degree = this.#sum();
      this.#need(']');
      return call('^', this.#group(), call('/', one, degree));
    }
    const name = next.replace(/^\\/, '');
    if (functions.has(name)) return this.#function(name);
    if (next === '∞' || name === 'infty' || name === 'infinity') return { kind: 'name', name: 'infty' };
    if (next === 'π') return { kind: 'name', name: 'pi' };
    if (greek.test(name) || /^[a-zα-ω]$/.test(next)) return { kind: 'name', name: name + this.#subscript() };
    throw new Unreadable();
  }

  #function(name: string): Tree {
    let base: Tree | null = null;
    if (this.#take('_')) base = this.#group();
    const power = this.#take('^') ? this.#exponent() : null;
    const bracketed = ['(', '{', '['].includes(this.#next);
    const argument = bracketed ? this.#atom() : this.#argument();
    const tree =
      name === 'sqrt'
        ? call('^', argument, half)
        : base === null
          ? call(name, argument)
          : call('/', call('ln', argument), call('ln', base));
    return power === null ? tree : call('^', tree, power);
  }

  /** sin 2x: everything multiplied without a sign. */
  #argument(): Tree {
    let tree = this.#power();
    while (this.#startsFactor() && !functions.has(this.#next.replace(/^\\/, '')))
      tree = call('*', tree, this.#power());
    return tree;
  }

  #subscript(): string {
    if (!this.#take('_')) return '';
    if (!this.#take('{')) return `_${this.#tokens[this.#at++] ?? ''}`;
    let name = '_';
    while (this.#next !== '}' && this.#next !== '') name += this.#tokens[this.#at++] ?? '';
    this.#need('}');
    return name;
  }
}

const one: Tree = { kind: 'number', value: { above: 1n, below: 1n } };
const half: Tree = { kind: 'number', value: { above: 1n, below: 2n } };

function call(name: string, ...of: readonly Tree[]): Tree {
  return { kind: 'call', name, of };
}

/** The signs of a formula; words become their letters unless they name a function or a Greek letter. Null when too long. */
function tokensOf(text: string): string[] | null {
  const tokens: string[] = [];
  const after = (last: string | undefined): boolean =>
    last === '\\frac' || last === '\\binom' || last === '^' || last === '_' || last === '\\sqrt';
  for (const [, sign = ''] of text.matchAll(token)) {
    const wide =
      /^\d\d/.test(sign) &&
      (after(tokens.at(-1)) ||
        (/^\d$/.test(tokens.at(-1) ?? '') && after(tokens.at(-2)) && /frac|binom/.test(tokens.at(-2) ?? '')));
    if (wide) {
      // A bare argument is one digit: \frac12 is 1/2, \sqrt12 is \sqrt{1}2.
      const count = /frac|binom/.test(tokens.at(-1) ?? '') ? 2 : 1;
      tokens.push(...sign.slice(0, count), ...(sign.length > count ? [sign.slice(count)] : []));
    } else if (/^[a-z]{2,}$/.test(sign)) tokens.push(...words(sign));
    else tokens.push(sign);
    if (tokens.length > maxTokens) return null;
  }
  return tokens;
}

function words(run: string): string[] {
  const name = /^(?:arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|pi)/.exec(
    run,
  )?.[0];
  if (name === undefined) return run === '' ? [] : [run.slice(0, 1), ...words(run.slice(1))];
  return [name, ...words(run.slice(name.length))];
}

/** A formula in lower case as a tree; null when it is none. */
export function parseFormula(text: string): Tree | null {
  const tokens = tokensOf(text);
  if (tokens === null || tokens.length === 0) return null;
  try {
    return new Parser(tokens).whole();
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

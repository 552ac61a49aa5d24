/** Jinja2's expressions, by its own order of precedence. */
import type { Arguments, Expression } from './ast';
import { syntax } from './errors';
import type { Token, TokenType } from './lexer';

const constants: Readonly<Record<string, boolean | null>> = {
  true: true, True: true, false: false, False: false, none: null, None: null,
}; // prettier-ignore
const comparisons = ['==', '!=', '<', '<=', '>', '>='];
const noArguments: Arguments = { positional: [], named: [], list: null, dict: null };

export class ExpressionParser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at]!;
  }

  next(): Token {
    const token = this.current;
    if (token.type !== 'eof') this.#at++;
    return token;
  }

  expect(type: TokenType): Token {
    if (this.current.type !== type) this.fail();
    return this.next();
  }

  fail(): never {
    const { value, line, type } = this.current;
    throw syntax(
      type === 'eof' ? 'The template ends too early' : `Unexpected ${JSON.stringify(value)}`,
      line,
    );
  }

  isOperator(value: string): boolean {
    return this.current.type === 'operator' && this.current.value === value;
  }

  skipOperator(value: string): boolean {
    const found = this.isOperator(value);
    if (found) this.next();
    return found;
  }

  operator(value: string): void {
    if (!this.skipOperator(value)) this.fail();
  }

  isName(...values: readonly string[]): boolean {
    return this.current.type === 'name' && values.includes(this.current.value);
  }

  skipName(value: string): boolean {
    const found = this.isName(value);
    if (found) this.next();
    return found;
  }

  name(value: string): void {
    if (!this.skipName(value)) this.fail();
  }

  /** An expression, or several with commas between as a tuple. */
  tuple(conditions = true, ends: readonly string[] = [], parentheses = false): Expression {
    const items: Expression[] = [];
    let many = false;
    for (;;) {
      if (items.length > 0) this.operator(',');
      const { type } = this.current;
      if (type === 'printEnd' || type === 'end' || this.isOperator(')') || this.isName(...ends)) break;
      items.push(conditions ? this.expression() : this.#or());
      if (!this.isOperator(',')) break;
      many = true;
    }
    if (many || (items.length === 0 && parentheses)) return { type: 'tuple', items };
    return items[0] ?? this.fail();
  }

  expression(): Expression {
    let yes = this.#or();
    while (this.skipName('if')) {
      const test = this.#or();
      const no = this.skipName('else') ? this.expression() : null;
      yes = { type: 'condition', test, yes, no };
    }
    return yes;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.skipName('or')) left = { type: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.skipName('and')) left = { type: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    return this.skipName('not') ? { type: 'not', of: this.#not() } : this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const rest: { operator: string; value: Expression }[] = [];
    for (;;) {
      const { type, value } = this.current;
      if (type === 'operator' && comparisons.includes(value)) {
        this.next();
        rest.push({ operator: value, value: this.#sum() });
      } else if (this.skipName('in')) rest.push({ operator: 'in', value: this.#sum() });
      else if (this.isName('not') && this.#peek('in')) {
        this.next();
        this.next();
        rest.push({ operator: 'not in', value: this.#sum() });
      } else return rest.length === 0 ? first : { type: 'compare', first, rest };
    }
  }

  #peek(name: string): boolean {
    const token = this.#tokens[this.#at + 1];
    return token?.type === 'name' && token.value === name;
  }

  #sum(): Expression {
    let left = this.#concat();
    while (this.isOperator('+') || this.isOperator('-')) {
      const operator = this.next().value;
      left = { type: 'binary', operator, left, right: this.#concat() };
    }
    return left;
  }

  #concat(): Expression {
    const items = [this.#product()];
    while (this.skipOperator('~')) items.push(this.#product());
    return items.length === 1 ? items[0]! : { type: 'concat', items };
  }

  #product(): Expression {
    let left = this.#power();
    while (['*', '/', '//', '%'].some((operator) => this.isOperator(operator))) {
      const operator = this.next().value;
      left = { type: 'binary', operator, left, right: this.#power() };
    }
    return left;
  }

  #power(): Expression {
    let left = this.#unary();
    while (this.skipOperator('**')) left = { type: 'binary', operator: '**', left, right: this.#unary() };
    return left;
  }

  #unary(filters = true): Expression {
    let node: Expression;
    if (this.skipOperator('-')) node = { type: 'negative', of: this.#unary(false) };
    else if (this.skipOperator('+')) node = { type: 'positive', of: this.#unary(false) };
    else node = this.#primary();
    node = this.#postfix(node);
    return filters ? this.#filters(node) : node;
  }

  #primary(): Expression {
    const { type, value, line } = this.current;
    switch (type) {
      case 'name': {
        this.next();
        const constant = Object.hasOwn(constants, value) ? constants[value]! : undefined;
        return constant === undefined ? { type: 'name', name: value } : { type: 'const', value: constant };
      }
      case 'string': {
        let text = '';
        while (this.current.type === 'string') text += this.next().value;
        return { type: 'const', value: text };
      }
      case 'integer': {
        this.next();
        const number = Number(value.replaceAll('_', ''));
        if (!Number.isSafeInteger(number)) throw syntax(`The number ${value} is too large`, line);
        return { type: 'const', value: number };
      }
      case 'float':
        this.next();
        return { type: 'const', value: Number(value.replaceAll('_', '')), float: true };
      case 'operator':
        if (this.skipOperator('(')) {
          const inner = this.tuple(true, [], true);
          this.operator(')');
          return inner;
        }
        if (this.skipOperator('[')) return { type: 'list', items: this.#items(']') };
        if (this.skipOperator('{')) return this.#dict();
        return this.fail();
      default:
        return this.fail();
    }
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.isOperator(end)) {
      if (items.length > 0) this.operator(',');
      if (this.isOperator(end)) break;
      items.push(this.expression());
    }
    this.operator(end);
    return items;
  }

  #dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.isOperator('}')) {
      if (entries.length > 0) this.operator(',');
      if (this.isOperator('}')) break;
      const key = this.expression();
      this.operator(':');
      entries.push([key, this.expression()]);
    }
    this.operator('}');
    return { type: 'dict', entries };
  }

  #postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.isOperator('.') || this.isOperator('[')) node = this.#subscript(node);
      else if (this.isOperator('(')) node = { type: 'call', of: node, args: this.#arguments() };
      else return node;
    }
  }

  #subscript(of: Expression): Expression {
    if (this.skipOperator('.')) {
      const { type, value } = this.next();
      if (type === 'name') return { type: 'attribute', of, name: value };
      if (type === 'integer') return { type: 'item', of, key: { type: 'const', value: Number(value) } };
      return this.fail();
    }
    this.operator('[');
    const keys: Expression[] = [];
    while (!this.isOperator(']')) {
      if (keys.length > 0) this.operator(',');
      keys.push(this.#key());
    }
    this.operator(']');
    return { type: 'item', of, key: keys.length === 1 ? keys[0]! : { type: 'tuple', items: keys } };
  }

  #key(): Expression {
    const part = () =>
      this.isOperator(':') || this.isOperator(']') || this.isOperator(',') ? null : this.expression();
    const start = part();
    if (!this.skipOperator(':')) return start ?? this.fail();
    const stop = part();
    const step = this.skipOperator(':') ? part() : null;
    return { type: 'slice', start, stop, step };
  }

  #filters(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.isOperator('|')) node = this.filterChain(node, true);
      else if (this.isName('is')) node = this.#test(node);
      else if (this.isOperator('(')) node = { type: 'call', of: node, args: this.#arguments() };
      else return node;
    }
  }

  /** Filters one after another; `piped` where the first one has its bar still before it. */
  filterChain(start: Expression | null, piped: boolean): Expression {
    let node = start;
    let bar = piped;
    while (!bar || this.skipOperator('|')) {
      bar = true;
      const name = this.#dotted();
      node = { type: 'filter', of: node, name, args: this.isOperator('(') ? this.#arguments() : noArguments };
    }
    return node ?? this.fail();
  }

  #dotted(): string {
    let name = this.expect('name').value;
    while (this.skipOperator('.')) name += `.${this.expect('name').value}`;
    return name;
  }

  #test(of: Expression): Expression {
    this.next();
    const negated = this.skipName('not');
    const name = this.#dotted();
    let args = noArguments;
    const { type } = this.current;
    if (this.isOperator('(')) args = this.#arguments();
    else if (
      ['name', 'string', 'integer', 'float'].includes(type) ||
      this.isOperator('[') ||
      this.isOperator('{')
    ) {
      if (this.isName('is')) this.fail();
      if (!this.isName('else', 'or', 'and'))
        args = { ...noArguments, positional: [this.#postfix(this.#primary())] };
    }
    const test: Expression = { type: 'test', of, name, args };
    return negated ? { type: 'not', of: test } : test;
  }

  #arguments(): Arguments {
    this.operator('(');
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let list: Expression | null = null;
    let dict: Expression | null = null;
    let first = true;
    while (!this.isOperator(')')) {
      if (!first) {
        this.operator(',');
        if (this.isOperator(')')) break;
      }
      first = false;
      if (this.skipOperator('**')) {
        if (dict) this.fail();
        dict = this.expression();
      } else if (this.skipOperator('*')) {
        if (list || dict) this.fail();
        list = this.expression();
      } else if (this.current.type === 'name' && this.#assigns()) {
        if (dict) this.fail();
        const name = this.next().value;
        this.next();
        named.push([name, this.expression()]);
      } else {
        if (dict || list || named.length > 0) this.fail();
        positional.push(this.expression());
      }
    }
    this.operator(')');
    return { positional, named, list, dict };
  }

  #assigns(): boolean {
    const token = this.#tokens[this.#at + 1];
    return token?.type === 'operator' && token.value === '=';
  }
}

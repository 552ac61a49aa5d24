/** Jinja2's grammar: tokens into statements. */
import type { Signature, Statement, Target } from './ast';
import { syntax } from './errors';
import { ExpressionParser } from './expressions';
import { lex } from './lexer';

type Body = readonly Statement[];

class Parser extends ExpressionParser {
  /** Statements up to one of the closing names, which is left in place. */
  body(ends: readonly string[]): Statement[] {
    const all: Statement[] = [];
    for (;;) {
      const token = this.next();
      switch (token.type) {
        case 'data':
          all.push({ type: 'data', text: token.value });
          break;
        case 'print':
          all.push({ type: 'print', items: [this.tuple()] });
          this.expect('printEnd');
          break;
        case 'begin':
          if (this.current.type === 'name' && ends.includes(this.current.value)) return all;
          all.push(this.statement());
          this.expect('end');
          break;
        case 'eof':
          if (ends.length > 0) throw syntax(`The template ends before ${ends.join(' or ')}`, token.line);
          return all;
        default:
          throw syntax(`Unexpected ${token.value}`, token.line);
      }
    }
  }

  /** Statements after the current tag, and the closing tag but its end. */
  #block(end: string): Body {
    this.expect('end');
    const body = this.body([end]);
    this.next();
    return body;
  }

  statement(): Statement {
    const { value: name, line, type } = this.next();
    if (type !== 'name') throw syntax('A tag has no name', line);
    switch (name) {
      case 'for':
        return this.#for();
      case 'if':
        return this.#if();
      case 'set':
        return this.#set();
      case 'with':
        return this.#with();
      case 'macro': {
        const own = this.expect('name').value;
        const parameters = this.#parameters();
        return { type: 'macro', name: own, macro: { parameters, body: this.#block('endmacro') } };
      }
      case 'call': {
        const parameters = this.isOperator('(') ? this.#parameters() : [];
        const call = this.expression();
        if (call.type !== 'call') throw syntax('A call block needs a call', line);
        return { type: 'callBlock', call, macro: { parameters, body: this.#block('endcall') } };
      }
      case 'filter': {
        const filter = this.filterChain(null, false);
        return { type: 'filterBlock', filter, body: this.#block('endfilter') };
      }
      case 'print': {
        const items = [];
        while (this.current.type !== 'end') {
          if (items.length > 0) this.operator(',');
          items.push(this.expression());
        }
        return { type: 'print', items };
      }
      case 'generation':
        return { type: 'scope', body: this.#block('endgeneration') };
      case 'autoescape':
        if (this.expression().type !== 'const') throw syntax('autoescape takes true or false', line);
        return { type: 'scope', body: this.#block('endautoescape') };
      case 'block': {
        this.expect('name');
        while (this.skipName('scoped') || this.skipName('required'));
        this.expect('end');
        const body = this.body(['endblock']);
        this.next();
        if (this.current.type === 'name') this.next();
        return { type: 'scope', body };
      }
      case 'break':
      case 'continue':
        return { type: name };
      default:
        throw syntax(`Unknown tag ${name}`, line);
    }
  }

  #for(): Statement {
    const target = this.#target(['in'], false);
    this.name('in');
    const items = this.tuple(false, ['recursive']);
    const test = this.skipName('if') ? this.expression() : null;
    const recursive = this.skipName('recursive');
    this.expect('end');
    const body = this.body(['endfor', 'else']);
    const otherwise = this.next().value === 'else' ? this.#block('endfor') : [];
    return { type: 'for', target, items, test, recursive, body, otherwise };
  }

  #if(): Statement {
    const branches: { test: ReturnType<Parser['tuple']>; body: Body }[] = [];
    for (;;) {
      const test = this.tuple(false);
      this.expect('end');
      branches.push({ test, body: this.body(['elif', 'else', 'endif']) });
      const end = this.next().value;
      if (end === 'elif') continue;
      return { type: 'if', branches, otherwise: end === 'else' ? this.#block('endif') : [] };
    }
  }

  #set(): Statement {
    const target = this.#target([], true);
    if (this.skipOperator('=')) return { type: 'set', target, value: this.tuple() };
    const filter = this.isOperator('|') ? this.filterChain(null, true) : null;
    return { type: 'setBlock', target, filter, body: this.#block('endset') };
  }

  #with(): Statement {
    const values: (readonly [Target, ReturnType<Parser['expression']>])[] = [];
    while (this.current.type !== 'end') {
      if (values.length > 0) this.operator(',');
      const target = this.#target([], false);
      this.operator('=');
      values.push([target, this.expression()]);
    }
    return { type: 'with', values, body: this.#block('endwith') };
  }

  #parameters(): Signature['parameters'] {
    const all: Signature['parameters'][number][] = [];
    this.operator('(');
    while (!this.isOperator(')')) {
      if (all.length > 0) this.operator(',');
      const { value: name, line } = this.expect('name');
      const fallback = this.skipOperator('=') ? this.expression() : null;
      if (!fallback && all.at(-1)?.fallback)
        throw syntax('A parameter without a default follows one with a default', line);
      all.push({ name, fallback });
    }
    this.operator(')');
    return all;
  }

  #target(ends: readonly string[], namespace: boolean): Target {
    const one = (): Target => {
      if (this.skipOperator('(')) {
        const inner = this.#target([')'], false);
        this.operator(')');
        return inner;
      }
      const { value: name, line } = this.expect('name');
      if (['true', 'false', 'none', 'True', 'False', 'None'].includes(name))
        throw syntax(`${name} cannot be set`, line);
      return namespace && this.skipOperator('.')
        ? { type: 'namespace', name, attribute: this.expect('name').value }
        : { type: 'name', name };
    };
    const items = [one()];
    let many = false;
    while (this.isOperator(',')) {
      this.next();
      many = true;
      if (this.isOperator('=') || this.current.type === 'end' || ends.includes(this.current.value)) break;
      items.push(one());
    }
    return many ? { type: 'targets', items } : items[0]!;
  }
}

/** A template as statements. Throws TemplateError. */
export function parse(template: string): readonly Statement[] {
  return new Parser(lex(template)).body([]);
}

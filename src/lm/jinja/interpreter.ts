/** Runs a parsed template as Python's Jinja2 does in transformers' sandbox, within a budget. */
import type { Arguments, Expression, Signature, Statement, Target } from './ast';
import { Budget, limits, runtime, TemplateError } from './errors';
import { callFilter } from './filters';
import type { Host } from './host';
import { isConstant, Lookup, Scope } from './lookup';
import { loopThing } from './loop';
import { binary, compare, negate, slice } from './operators';
import { FrameNames } from './symbols';
import { callTest } from './tests';
import {
  Float, Function, Namespace, Thing, Tuple, Undefined, fail, iterate, put, str, truth, typeName,
  type CallArguments, type Dict, type Value,
} from './values'; // prettier-ignore

type Signal = 'break' | 'continue' | null;

export class Interpreter extends Lookup implements Host {
  readonly #root: Scope;
  readonly #names: FrameNames;
  #out: string[] = [];
  #written = 0;

  constructor(values: ReadonlyMap<string, Value>, names: FrameNames, budget: Budget) {
    super(budget);
    this.#names = names;
    this.#root = new Scope(null, values);
  }

  render(body: readonly Statement[]): string {
    this.#run(body, this.#frame(body, this.#root));
    return this.#out.join('');
  }

  /** The scope of a frame, inside another one. */
  #frame(body: readonly Statement[], parent: Scope): Scope {
    const scope = new Scope(parent);
    for (const name of this.#names.of(body)) scope.set(name, new Undefined(`'${name}' is undefined`));
    return scope;
  }

  #write(text: string): void {
    this.#written += text.length;
    if (this.#written > limits.text)
      throw new TemplateError('budget', `it writes more than ${limits.text} characters`);
    this.#out.push(text);
  }

  /** The text that some statements write. */
  #capture(body: readonly Statement[], scope: Scope): string {
    const before = this.#out;
    this.#out = [];
    try {
      this.#run(body, scope);
      return this.#out.join('');
    } finally {
      this.#out = before;
    }
  }

  #run(body: readonly Statement[], scope: Scope): Signal {
    for (const statement of body) {
      const signal = this.#statement(statement, scope);
      if (signal) return signal;
    }
    return null;
  }

  #statement(statement: Statement, scope: Scope): Signal {
    this.budget.step();
    switch (statement.type) {
      case 'data':
        this.#write(statement.text);
        return null;
      case 'print':
        for (const item of statement.items) this.#write(str(this.evaluate(item, scope)));
        return null;
      case 'if': {
        const branch = statement.branches.find(({ test }) => truth(this.evaluate(test, scope)));
        return this.#run(branch?.body ?? statement.otherwise, scope);
      }
      case 'for':
        this.#for(statement, this.evaluate(statement.items, scope), scope, 1);
        return null;
      case 'set':
        this.#assign(statement.target, this.evaluate(statement.value, scope), scope);
        return null;
      case 'setBlock': {
        const text = this.#capture(statement.body, this.#frame(statement.body, scope));
        const { filter } = statement;
        this.#assign(statement.target, filter ? this.#filterChain(filter, text, scope) : text, scope);
        return null;
      }
      case 'with': {
        const inner = this.#frame(statement.body, scope);
        const values = statement.values.map(
          ([target, value]) => [target, this.evaluate(value, scope)] as const,
        );
        for (const [target, value] of values) this.#assign(target, value, inner);
        this.#run(statement.body, inner);
        return null;
      }
      case 'macro':
        scope.set(statement.name, this.#macro(statement.name, statement.macro, scope));
        return null;
      case 'callBlock': {
        const caller = this.#macro('caller', statement.macro, scope);
        this.#write(str(this.#call(statement.call as Expression & { type: 'call' }, scope, caller)));
        return null;
      }
      case 'filterBlock':
        this.#write(
          str(
            this.#filterChain(
              statement.filter,
              this.#capture(statement.body, this.#frame(statement.body, scope)),
              scope,
            ),
          ),
        );
        return null;
      case 'scope':
        this.#run(statement.body, this.#frame(statement.body, scope));
        return null;
      case 'break':
      case 'continue':
        return statement.type;
      default:
        return statement satisfies never;
    }
  }

  #for(loop: Statement & { type: 'for' }, source: Value, scope: Scope, depth: number): void {
    let items = iterate(source, this.budget);
    if (loop.test) {
      const { test } = loop;
      items = items.filter((item) => {
        const inner = new Scope(scope);
        inner.set('loop', new Undefined("'loop' is undefined in a loop's own filter"));
        this.#assign(loop.target, item, inner);
        return truth(this.evaluate(test, inner));
      });
    }
    const recurse = loop.recursive
      ? (next: Value): Value =>
          this.budget.enter(() => {
            const before = this.#out;
            this.#out = [];
            try {
              this.#for(loop, next, scope, depth + 1);
              return this.#out.join('');
            } finally {
              this.#out = before;
            }
          })
      : null;
    const state = loopThing(items, depth, recurse);
    for (const item of items) {
      this.budget.step();
      state.move();
      const inner = this.#frame(loop.body, scope);
      this.#assign(loop.target, item, inner);
      inner.set('loop', state.thing);
      if (this.#run(loop.body, inner) === 'break') break;
    }
    if (items.length === 0) this.#run(loop.otherwise, this.#frame(loop.otherwise, scope));
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.type === 'name') scope.set(target.name, value);
    else if (target.type === 'namespace') {
      const space = scope.get(target.name);
      if (!(space instanceof Namespace)) throw runtime('cannot assign attribute on non-namespace object');
      space.values.set(target.attribute, value);
    } else {
      const values = iterate(value, this.budget);
      const { items } = target;
      if (values.length !== items.length)
        throw runtime(values.length < items.length ? `not enough values to unpack (expected ${items.length}, got ${values.length})` : `too many values to unpack (expected ${items.length})`); // prettier-ignore
      items.forEach((item, i) => this.#assign(item, values[i]!, scope));
    }
  }

  #macro(name: string, { parameters, body }: Signature, scope: Scope): Function {
    const uses = (special: string) => JSON.stringify(body).includes(`{"type":"name","name":"${special}"}`);
    const [takesMore, takesNamed, takesCaller] = [uses('varargs'), uses('kwargs'), uses('caller')];
    const call = ({ positional, named }: CallArguments): Value =>
      this.budget.enter(() => {
        const inner = this.#frame(body, scope);
        const more = positional.slice(parameters.length);
        const rest = new Map(named);
        if (more.length > 0 && !takesMore)
          throw runtime(`macro '${name}' takes not more than ${parameters.length} argument(s)`);
        parameters.forEach(({ name: own, fallback }, i) => {
          let value = positional[i];
          if (rest.has(own)) {
            if (value !== undefined)
              throw runtime(`macro '${name}' got multiple values for argument '${own}'`);
            value = rest.get(own)!;
            rest.delete(own);
          }
          value ??= i < positional.length ? null : undefined;
          inner.set(own, value ?? (value === null ? null : fallback ? this.evaluate(fallback, inner) : new Undefined(`parameter '${own}' was not provided`))); // prettier-ignore
        });
        if (takesCaller) {
          inner.set('caller', rest.get('caller') ?? new Undefined('No caller defined'));
          rest.delete('caller');
        }
        if (rest.size > 0 && !takesNamed)
          throw runtime(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]}'`);
        if (takesMore) inner.set('varargs', new Tuple(more));
        if (takesNamed) inner.set('kwargs', new Map<Value, Value>(rest));
        return this.#capture(body, inner);
      });
    const attributes = new Map<string, Value>([
      ['name', name],
      ['arguments', new Tuple(parameters.map((parameter) => parameter.name))],
      ['catch_kwargs', takesNamed],
      ['catch_varargs', takesMore],
      ['caller', takesCaller],
    ]);
    return new Function(name, call, attributes);
  }

  evaluate(node: Expression, scope: Scope): Value {
    this.budget.step();
    switch (node.type) {
      case 'const':
        return node.float ? new Float(node.value as number) : node.value;
      case 'name':
        return scope.get(node.name) ?? (scope.get(node.name) === null ? null : new Undefined(`'${node.name}' is undefined`)); // prettier-ignore
      case 'list':
        return node.items.map((item) => this.evaluate(item, scope));
      case 'tuple':
        return new Tuple(node.items.map((item) => this.evaluate(item, scope)));
      case 'dict': {
        const dict: Dict = new Map();
        for (const [key, value] of node.entries)
          put(dict, this.evaluate(key, scope), this.evaluate(value, scope));
        return dict;
      }
      case 'attribute':
        return this.attribute(this.evaluate(node.of, scope), node.name);
      case 'item': {
        const value = this.evaluate(node.of, scope);
        const { key } = node;
        if (key.type !== 'slice') return this.item(value, this.evaluate(key, scope));
        const bounds = [key.start, key.stop, key.step].map((bound) =>
          bound ? this.evaluate(bound, scope) : null,
        );
        if (value instanceof Undefined) return fail(value);
        try {
          return slice(value, bounds as [Value, Value, Value], this.budget);
        } catch (error) {
          // Jinja2 works constants out beforehand, where what cannot be sliced is undefined.
          if (isConstant(node.of) && error instanceof TemplateError && error.fault === 'runtime')
            return this.missing(value, 'slice');
          throw error;
        }
      }
      case 'slice':
        throw runtime('A slice stands outside brackets');
      case 'call':
        return this.#call(node, scope, null);
      case 'filter':
        return this.#filterChain(node, null, scope);
      case 'test':
        return callTest(
          node.name,
          this.evaluate(node.of, scope),
          this.#arguments(node.args, scope),
          this.budget,
        );
      case 'not':
        return !truth(this.evaluate(node.of, scope));
      case 'negative':
        return negate(this.evaluate(node.of, scope), -1);
      case 'positive':
        return negate(this.evaluate(node.of, scope), 1);
      case 'and': {
        const left = this.evaluate(node.left, scope);
        return truth(left) ? this.evaluate(node.right, scope) : left;
      }
      case 'or': {
        const left = this.evaluate(node.left, scope);
        return truth(left) ? left : this.evaluate(node.right, scope);
      }
      case 'binary':
        return binary(
          node.operator,
          this.evaluate(node.left, scope),
          this.evaluate(node.right, scope),
          this.budget,
        );
      case 'concat': {
        const parts = node.items.map((item) => str(this.evaluate(item, scope)));
        this.budget.make(parts.reduce((sum, part) => sum + part.length, 0));
        return parts.join('');
      }
      case 'compare': {
        let left = this.evaluate(node.first, scope);
        for (const { operator, value } of node.rest) {
          const right = this.evaluate(value, scope);
          if (!compare(operator, left, right, this.budget)) return false;
          left = right;
        }
        return true;
      }
      case 'condition':
        if (truth(this.evaluate(node.test, scope))) return this.evaluate(node.yes, scope);
        return node.no
          ? this.evaluate(node.no, scope)
          : new Undefined('the inline if-expression evaluated to false and no else section was defined.');
      default:
        return node satisfies never;
    }
  }

  #arguments(args: Arguments, scope: Scope): CallArguments {
    const positional = args.positional.map((item) => this.evaluate(item, scope));
    if (args.list) positional.push(...iterate(this.evaluate(args.list, scope), this.budget));
    const named = new Map(args.named.map(([name, value]) => [name, this.evaluate(value, scope)] as const));
    if (args.dict) {
      const dict = this.evaluate(args.dict, scope);
      if (!(dict instanceof Map)) throw runtime('argument after ** must be a mapping');
      for (const [key, value] of dict) named.set(str(key), value);
    }
    return { positional, named };
  }

  #call(node: Expression & { type: 'call' }, scope: Scope, caller: Function | null): Value {
    const callee = this.evaluate(node.of, scope);
    const args = this.#arguments(node.args, scope);
    const named = caller ? new Map([...args.named, ['caller', caller] as const]) : args.named;
    if (callee instanceof Undefined) return fail(callee);
    const call = callee instanceof Function || callee instanceof Thing ? callee.call : null;
    if (!call) throw runtime(`'${typeName(callee)}' object is not callable`);
    return call({ positional: args.positional, named });
  }

  #filterChain(node: Expression, start: Value, scope: Scope): Value {
    if (node.type !== 'filter') return this.evaluate(node, scope);
    const value = node.of ? this.#filterOf(node.of, start, scope) : start;
    return this.filter(node.name, value, this.#arguments(node.args, scope));
  }

  #filterOf(node: Expression, start: Value, scope: Scope): Value {
    return node.type === 'filter' ? this.#filterChain(node, start, scope) : this.evaluate(node, scope);
  }

  filter(name: string, value: Value, args: CallArguments): Value {
    this.budget.step();
    return callFilter(this, name, value, args);
  }

  test(name: string, value: Value, args: CallArguments): boolean {
    this.budget.step();
    return callTest(name, value, args, this.budget);
  }
}

/** Names, attributes and items, as Python and its Jinja2 sandbox find them. */
import type { Expression } from './ast';
import { TemplateError, type Budget } from './errors';
import { objectMethod, textMethod } from './methods';
import { indexed } from './operators';
import { Function, Markup, Namespace, Thing, Tuple, Undefined, fail, str, textOf, typeName, type Value } from './values'; // prettier-ignore

export class Scope {
  readonly #own = new Map<string, Value>();
  readonly #parent: Scope | null;

  constructor(parent: Scope | null, values?: ReadonlyMap<string, Value>) {
    this.#parent = parent;
    for (const [name, value] of values ?? []) this.#own.set(name, value);
  }

  get(name: string): Value | undefined {
    return this.#own.get(name) ?? (this.#own.has(name) ? null : this.#parent?.get(name));
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value);
  }
}

export class Lookup {
  readonly budget: Budget;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** value.name: an attribute or method of Python's, else an item. */
  attribute(value: Value, name: string): Value {
    return this.#own(value, name) ?? this.#itemOf(value, name) ?? this.missing(value, name);
  }

  /** What the filter attr finds. */
  own(value: Value, name: string): Value {
    return this.#own(value, name) ?? this.missing(value, name);
  }

  /** value[key]: an item, else an attribute. */
  item(value: Value, key: Value): Value {
    if (value instanceof Undefined) return fail(value);
    const found = this.#itemOf(value, key);
    if (found !== undefined) return found;
    const name = textOf(key);
    const own = name === null ? undefined : this.#own(value, name);
    return own ?? this.missing(value, str(key));
  }

  #itemOf(value: Value, key: Value): Value | undefined {
    try {
      return indexed(value, key);
    } catch (error) {
      if (error instanceof TemplateError && error.fault === 'runtime') return undefined;
      throw error;
    }
  }

  #own(value: Value, name: string): Value | undefined {
    if (value instanceof Undefined) return fail(value);
    if (value instanceof Namespace) return value.values.get(name);
    if (value instanceof Thing) return value.attribute(name);
    if (value instanceof Function) return value.attributes.get(name);
    const text = textOf(value);
    const method =
      text === null
        ? objectMethod(value, name)
        : textMethod(text, name, this.budget, (of, key, attribute) =>
            attribute ? this.attribute(of, key) : this.item(of, /^\d+$/.test(key) ? Number(key) : key),
          );
    if (method === null)
      return new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe.`);
    if (method && value instanceof Markup && !name.startsWith('is')) return marked(method);
    if (value instanceof Tuple && name === 'grouper') return value.items[0];
    return value instanceof Tuple && name === 'list' ? value.items[1] : method;
  }

  /** What stands for something that is not there. */
  protected missing(value: Value, name: string): Undefined {
    return new Undefined(
      value === null
        ? `'None' has no attribute '${name}'`
        : `'${typeName(value)} object' has no attribute '${name}'`,
    );
  }
}

export function isConstant(node: Expression): boolean {
  if (node.type === 'list' || node.type === 'tuple') return node.items.every(isConstant);
  if (node.type === 'dict') return node.entries.every((pair) => pair.every(isConstant));
  if ('of' in node) return node.of !== null && isConstant(node.of);
  return node.type === 'const';
}

/** Text methods of escaped text give escaped text. */
function marked(method: Function): Function {
  return new Function(method.name, (args) => {
    const mark = (value: Value): Value => (typeof value === 'string' ? new Markup(value) : value);
    const result = method.call(args);
    if (Array.isArray(result)) return result.map(mark);
    return result instanceof Tuple ? new Tuple(result.items.map(mark)) : mark(result);
  });
}

/** Python's values as templates meet them: how they print, compare and count. */
import { Budget, limits, runtime } from './errors';

/** A number that Python holds as a float; plain JavaScript numbers are its ints. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}
/** Text that is already escaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
/** Jinja2's undefined value: prints as nothing, and what is done with it fails. */
export class Undefined {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}
export class Tuple {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}
export class Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }
  get size(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
  at(index: number): number {
    return this.start + index * this.step;
  }
}
/** Python's generator: items that are made when they are read, and can be read once. */
export class Stream {
  #make: (() => readonly Value[]) | null;
  constructor(make: () => readonly Value[]) {
    this.#make = make;
  }
  take(): readonly Value[] {
    const items = this.#make?.() ?? [];
    this.#make = null;
    return items;
  }
}
/** Keys, values or items of a dict. */
export class View {
  readonly kind: 'keys' | 'values' | 'items';
  readonly dict: Dict;
  constructor(kind: 'keys' | 'values' | 'items', dict: Dict) {
    this.kind = kind;
    this.dict = dict;
  }
  get items(): readonly Value[] {
    if (this.kind === 'keys') return [...this.dict.keys()];
    if (this.kind === 'values') return [...this.dict.values()];
    return [...this.dict].map((pair) => new Tuple(pair));
  }
}
export class Namespace {
  readonly values: Map<string, Value>;
  constructor(values: Map<string, Value>) {
    this.values = values;
  }
}
/** A thing with attributes of its own, such as `loop`. */
export class Thing {
  readonly name: string;
  readonly attribute: (name: string) => Value;
  readonly call: Function['call'] | null;
  constructor(name: string, attribute: (name: string) => Value, call: Function['call'] | null = null) {
    this.name = name;
    this.attribute = attribute;
    this.call = call;
  }
}
export interface CallArguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}
export class Function {
  readonly name: string;
  readonly call: (args: CallArguments) => Value;
  /** Attributes of a macro. */
  readonly attributes: ReadonlyMap<string, Value>;
  constructor(
    name: string,
    call: (args: CallArguments) => Value,
    attributes: ReadonlyMap<string, Value> = new Map(),
  ) {
    this.name = name;
    this.call = call;
    this.attributes = attributes;
  }
}
export type Dict = Map<Value, Value>;
export type Value =
  | null
  | boolean
  | number
  | string
  | Float
  | Markup
  | Undefined
  | Tuple
  | Value[]
  | Dict
  | Range
  | Stream
  | View
  | Namespace
  | Thing
  | Function;

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'str';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'dict';
  if (value instanceof Float) return 'float';
  if (value instanceof View) return `dict_${value.kind}`;
  if (value instanceof Stream) return 'generator';
  if (value instanceof Thing) return value.name;
  return value.constructor.name;
}

export const fail = (value: Undefined): never => {
  throw runtime(value.message);
};

/** The text of a str or Markup, else null. */
export function textOf(value: Value): string | null {
  return typeof value === 'string' ? value : value instanceof Markup ? value.text : null;
}

/** The number of an int, float or bool, else null. */
export function numberOf(value: Value): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value instanceof Float ? value.value : null;
}

export function truth(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === 'boolean') return value;
  const number = numberOf(value);
  if (number !== null) return number !== 0;
  const text = textOf(value);
  if (text !== null) return text !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  if (value instanceof Tuple || value instanceof View) return value.items.length > 0;
  return value instanceof Range ? value.size > 0 : true;
}

export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e16 || size < 1e-4) {
    const [digits, exponent] = value.toExponential().split('e') as [string, string];
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  }
  const plain = String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/u;

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\', [mark]: `\\${mark}` }; // prettier-ignore
  const body = Array.from(text, (letter) => {
    const known = escapes[letter];
    if (known !== undefined) return known;
    if (letter === ' ' || !unprintable.test(letter)) return letter;
    const code = letter.codePointAt(0)!;
    if (code < 256) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 65_536
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return mark + body.join('') + mark;
}

export function repr(value: Value, depth = 0): string {
  if (depth > limits.depth) throw runtime('A value is nested too deeply to be printed');
  const inner = (item: Value) => repr(item, depth + 1);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quote(value);
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Markup) return `Markup(${quote(value.text)})`;
  if (value instanceof Undefined) return 'Undefined';
  if (Array.isArray(value)) return `[${value.map(inner).join(', ')}]`;
  if (value instanceof Tuple)
    return `(${value.items.map(inner).join(', ')}${value.items.length === 1 ? ',' : ''})`;
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${inner(key)}: ${inner(item)}`).join(', ')}}`;
  if (value instanceof View) return `dict_${value.kind}([${value.items.map(inner).join(', ')}])`;
  if (value instanceof Range)
    return `range(${value.start}, ${value.stop}${value.step === 1 ? '' : `, ${value.step}`})`;
  if (value instanceof Namespace) return `<Namespace ${inner(new Map<Value, Value>(value.values))}>`;
  throw runtime(`A ${typeName(value)} cannot be printed`);
}

export function str(value: Value): string {
  return textOf(value) ?? (value instanceof Undefined ? '' : repr(value));
}

/** Items of anything that can be gone through; null where it cannot. */
export function itemsOf(value: Value, budget: Budget): readonly Value[] | null {
  const text = textOf(value);
  if (text !== null) {
    budget.charge(text.length);
    return Array.from(text);
  }
  let items: readonly Value[] | null = null;
  if (Array.isArray(value)) items = value;
  else if (value instanceof Map) items = [...value.keys()];
  else if (value instanceof Tuple || value instanceof View) items = value.items;
  else if (value instanceof Stream) items = value.take();
  else if (value instanceof Undefined) items = [];
  else if (value instanceof Range) items = Array.from({ length: value.size }, (_, i) => value.at(i));
  if (items) budget.charge(items.length);
  return items;
}

export function iterate(value: Value, budget: Budget): readonly Value[] {
  const items = itemsOf(value, budget);
  if (items === null) throw runtime(`'${typeName(value)}' object is not iterable`);
  return items;
}

export function lengthOf(value: Value): number {
  const text = textOf(value);
  if (text !== null) return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map || value instanceof Range) return value.size;
  if (value instanceof Tuple || value instanceof View) return value.items.length;
  if (value instanceof Undefined) return 0;
  throw runtime(`object of type '${typeName(value)}' has no len()`);
}

export function equal(left: Value, right: Value, budget?: Budget): boolean {
  if (left === right) return true;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== null || b !== null) return a === b;
  const [s, t] = [textOf(left), textOf(right)];
  if (s !== null || t !== null) {
    if (s !== null && s.length === t?.length) budget?.charge(s.length);
    return s === t;
  }
  if (left instanceof Undefined) return right instanceof Undefined;
  if (Array.isArray(left)) return Array.isArray(right) && sameItems(left, right, budget);
  if (left instanceof Tuple) return right instanceof Tuple && sameItems(left.items, right.items, budget);
  if (left instanceof Map)
    return (
      right instanceof Map &&
      left.size === right.size &&
      [...left].every(([key, item]) => {
        const other = lookUp(right, key);
        budget?.charge(1);
        return other !== undefined && equal(item, other, budget);
      })
    );
  if (left instanceof Range) return right instanceof Range && repr(left) === repr(right);
  return false;
}

const sameItems = (left: readonly Value[], right: readonly Value[], budget?: Budget): boolean =>
  left.length === right.length &&
  left.every((item, i) => {
    budget?.charge(1);
    return equal(item, right[i]!, budget);
  });

/** Work for each key that is looked at where keys are no texts. */
export const lookUpWork = 32;

/** A dict's value for a key; undefined where it has none. */
export function lookUp(dict: Dict, key: Value): Value | undefined {
  if (typeof key === 'string') return dict.get(key);
  if (Array.isArray(key) || key instanceof Map) throw runtime(`unhashable type: '${typeName(key)}'`);
  const found = [...dict].find(([own]) => equal(own, key));
  return found?.[1];
}

/** Puts a value under a key, in the place of an equal one. */
export function put(dict: Dict, key: Value, value: Value): void {
  if (typeof key === 'string') dict.set(key, value);
  else {
    if (Array.isArray(key) || key instanceof Map) throw runtime(`unhashable type: '${typeName(key)}'`);
    dict.set([...dict.keys()].find((own) => equal(own, key)) ?? key, value);
  }
}

/** Text order by code points. */
function textOrder(left: string, right: string): number {
  if (left === right) return 0;
  const shared = Math.min(left.length, right.length);
  let at = 0;
  while (at < shared && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  return at === shared ? left.length - right.length : left.codePointAt(at)! - right.codePointAt(at)!;
}

/** Negative, zero or positive; throws where Python knows no order. `sign` is for the message. */
export function order(left: Value, right: Value, budget: Budget, sign = '<'): number {
  budget.charge(8);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== null && b !== null) return a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN;
  const [s, t] = [textOf(left), textOf(right)];
  if (s !== null && t !== null) {
    budget.charge(Math.min(s.length, t.length));
    return textOrder(s, t);
  }
  const items = (value: Value) =>
    Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  const [l, r] = [items(left), items(right)];
  if (l && r && Array.isArray(left) === Array.isArray(right)) {
    const differ = l.findIndex((item, i) => {
      budget.charge(1);
      return i >= r.length || !equal(item, r[i]!, budget);
    });
    if (differ < 0) return l.length - r.length;
    return differ >= r.length ? 1 : order(l[differ]!, r[differ]!, budget, sign);
  }
  if (left instanceof Undefined) return fail(left);
  if (right instanceof Undefined) return fail(right);
  throw runtime(`'${sign}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

/** Data of the page (JSON) as Python values. */
export function fromJson(value: unknown): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object') throw runtime(`A ${typeof value} cannot be given to a template`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return new Map(entries.map(([key, item]) => [key, fromJson(item)] as const));
}

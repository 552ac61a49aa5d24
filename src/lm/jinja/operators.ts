/** Python's operators on template values. */
import { runtime, type Budget } from './errors';
import { formatPercent } from './format';
import {
  Float, Markup, Range, Tuple, Undefined, equal, fail, itemsOf, lookUp, numberOf, order, str, textOf, typeName,
  type Value,
} from './values'; // prettier-ignore

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>'"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' })[sign]!); // prettier-ignore

const isFloat = (value: Value): boolean => value instanceof Float;

/** An int result, refused where JavaScript would round it. */
export function int(value: number): number {
  if (!Number.isSafeInteger(value)) throw runtime('A whole number is too large');
  return value === 0 ? 0 : value;
}

function wrong(operator: string, left: Value, right: Value): never {
  if (left instanceof Undefined) return fail(left);
  if (right instanceof Undefined) return fail(right);
  throw runtime(`unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`);
}

function repeat(value: Value, times: Value, budget: Budget): Value | null {
  if (typeof times !== 'number' && typeof times !== 'boolean') return null;
  const count = Math.max(0, Number(times));
  const text = textOf(value);
  if (text !== null) {
    budget.make(text.length * count);
    const all = text.repeat(text === '' ? 0 : count);
    return value instanceof Markup ? new Markup(all) : all;
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  if (!items) return null;
  budget.make(items.length * count);
  const all = items.length === 0 ? [] : Array.from({ length: count }, () => items).flat();
  return Array.isArray(value) ? all : new Tuple(all);
}

function add(left: Value, right: Value, budget: Budget): Value {
  const [a, b] = [textOf(left), textOf(right)];
  if (a !== null && b !== null) {
    const marked = left instanceof Markup || right instanceof Markup;
    const part = (value: Value, text: string) =>
      marked && !(value instanceof Markup) ? escapeHtml(text) : text;
    budget.make(a.length + b.length);
    const sum = part(left, a) + part(right, b);
    return marked ? new Markup(sum) : sum;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    budget.make(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    budget.make(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  if (a !== null && !(right instanceof Undefined))
    throw runtime(`can only concatenate str (not "${typeName(right)}") to str`);
  return wrong('+', left, right);
}

function power(base: number, exponent: number, float: boolean): Value {
  const result = base ** exponent;
  if (base === 0 && exponent < 0) throw runtime('0.0 cannot be raised to a negative power');
  if (float || exponent < 0) return new Float(result);
  return int(result);
}

/** Python's floor division and remainder, from the exact remainder. */
function floorDivide(a: number, b: number): [quotient: number, rest: number] {
  let rest = a % b;
  let quotient = (a - rest) / b;
  if (rest !== 0 && b < 0 !== rest < 0) {
    rest += b;
    quotient -= 1;
  }
  const whole = Math.floor(quotient);
  return [quotient - whole > 0.5 ? whole + 1 : whole, rest === 0 ? 0 * b : rest];
}

export function binary(operator: string, left: Value, right: Value, budget: Budget): Value {
  if (operator === '%' && textOf(left) !== null) return formatPercent(left, right, budget);
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === null || b === null) {
    if (operator === '+') return add(left, right, budget);
    if (operator === '*') {
      const many = repeat(left, right, budget) ?? repeat(right, left, budget);
      if (many !== null) return many;
    }
    return wrong(operator === '**' ? '** or pow()' : operator, left, right);
  }
  const float = isFloat(left) || isFloat(right);
  const number = (value: number): Value => (float ? new Float(value) : int(value));
  if (b === 0 && ['/', '//', '%'].includes(operator)) throw runtime('division by zero');
  switch (operator) {
    case '+':
      return number(a + b);
    case '-':
      return number(a - b);
    case '*':
      return number(a * b);
    case '/':
      return new Float(a / b);
    case '//':
      return number(floorDivide(a, b)[0]);
    case '%':
      return number(floorDivide(a, b)[1]);
    default:
      return power(a, b, float);
  }
}

export function contains(value: Value, container: Value, budget: Budget): boolean {
  const text = textOf(container);
  if (text !== null) {
    const part = textOf(value);
    if (part === null) {
      if (value instanceof Undefined) return fail(value);
      throw runtime(`'in <string>' requires string as left operand, not ${typeName(value)}`);
    }
    budget.charge(text.length);
    return text.includes(part);
  }
  if (container instanceof Map) return lookUp(container, value) !== undefined;
  const items = itemsOf(container, budget);
  if (items === null) throw runtime(`argument of type '${typeName(container)}' is not iterable`);
  return items.some((item) => equal(item, value, budget));
}

export function compare(operator: string, left: Value, right: Value, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return !equal(left, right, budget);
    case 'in':
      return contains(left, right, budget);
    case 'not in':
      return !contains(left, right, budget);
    case '<':
      return order(left, right, budget, operator) < 0;
    case '<=':
      return order(left, right, budget, operator) <= 0;
    case '>':
      return order(left, right, budget, operator) > 0;
    default:
      return order(left, right, budget, operator) >= 0;
  }
}

export function negate(value: Value, sign: 1 | -1): Value {
  const number = numberOf(value);
  if (number === null) {
    if (value instanceof Undefined) return fail(value);
    throw runtime(`bad operand type for unary ${sign < 0 ? '-' : '+'}: '${typeName(value)}'`);
  }
  return isFloat(value) ? new Float(sign * number) : int(sign * number);
}

/** value[start:stop:step] */
export function slice(value: Value, bounds: readonly [Value, Value, Value], budget: Budget): Value {
  const [start, stop, step] = bounds.map((bound) => {
    if (bound === null) return null;
    if (typeof bound !== 'number' && typeof bound !== 'boolean')
      throw runtime('slice indices must be integers or None or have an __index__ method');
    return Number(bound);
  }) as [number | null, number | null, number | null];
  const by = step ?? 1;
  if (by === 0) throw runtime('slice step cannot be zero');
  const text = textOf(value);
  const source = text !== null ? Array.from(text) : Array.isArray(value) ? value : value instanceof Tuple ? value.items : value instanceof Range ? itemsOf(value, budget) : null; // prettier-ignore
  if (!source) throw runtime(`'${typeName(value)}' object is not subscriptable`);
  const size = source.length;
  budget.charge(size);
  const clamp = (at: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, by < 0 ? -1 : 0), by < 0 ? size - 1 : size);
  const from = start === null ? (by < 0 ? size - 1 : 0) : clamp(start);
  const to = stop === null ? (by < 0 ? -1 : size) : clamp(stop);
  if (value instanceof Range)
    return new Range(value.start + from * value.step, value.start + to * value.step, value.step * by);
  const out: Value[] = [];
  for (let i = from; by < 0 ? i > to : i < to; i += by) out.push(source[i]!);
  if (text !== null)
    return value instanceof Markup ? new Markup(out.map(str).join('')) : out.map(str).join('');
  return Array.isArray(value) ? out : new Tuple(out);
}

/** value[index] for sequences; undefined where there is nothing. */
export function indexed(value: Value, key: Value): Value | undefined {
  if (value instanceof Map) return lookUp(value, key);
  if (typeof key !== 'number' && typeof key !== 'boolean') return undefined;
  const at = Number(key);
  const text = textOf(value);
  if (text !== null) {
    const letters = /[\uD800-\uDBFF]/.test(text) ? Array.from(text) : text;
    return letters[at < 0 ? at + letters.length : at];
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  if (items) return items[at < 0 ? at + items.length : at];
  if (value instanceof Range) {
    const place = at < 0 ? at + value.size : at;
    return place >= 0 && place < value.size ? value.at(place) : undefined;
  }
  return undefined;
}

/** Python's three ways to format: "%s" % x, "{}".format(x) and format specifications. */
import { runtime, type Budget } from './errors';
import { Float, Markup, Range, Tuple, Undefined, fail, floatText, numberOf, repr, str, textOf, typeName, type Value } from './values'; // prettier-ignore

/** Fixed digits with Python's rounding: a tie goes to the even digit. */
export function fixed(value: number, precision: number): string {
  const rounded = value.toFixed(precision);
  if (precision > 60) return rounded;
  const exact = value.toFixed(precision + 40);
  const tail = exact.slice(exact.length - 40);
  if (!/^50*$/.test(tail) || !/[13579]$/.test(rounded)) return rounded;
  return exact.slice(0, -40).replace(/\.$/, '');
}

/** Digits of a float in %e, %f or %g form. */
function digits(value: number, kind: string, precision: number, alternate: boolean): string {
  if (!Number.isFinite(value)) return floatText(value);
  if (precision > 100) throw runtime('A format asks for more than 100 digits');
  const exponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2');
  if (kind === 'f') return Math.abs(value) >= 1e21 ? BigInt(value).toString() + (precision ? `.${'0'.repeat(precision)}` : '') : fixed(value, precision); // prettier-ignore
  if (kind === 'e') return exponent(value.toExponential(precision));
  const places = precision || 1;
  const scientific = value.toExponential(places - 1);
  const power = Number(scientific.split('e')[1]);
  const strip = (text: string) => (alternate || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  if (power < -4 || power >= places) {
    const [mantissa, rest] = scientific.split('e') as [string, string];
    return exponent(`${strip(mantissa)}e${rest}`);
  }
  return strip(fixed(value, Math.max(0, places - 1 - power)));
}

function whole(value: Value, conversion: string): number {
  const number = numberOf(value);
  if (number === null) {
    if (value instanceof Undefined) return fail(value);
    throw runtime(`%${conversion} format: a real number is required, not ${typeName(value)}`);
  }
  return Math.trunc(number);
}

/** "text" % values */
export function formatPercent(format: Value, right: Value, budget: Budget): Value {
  const values = right instanceof Tuple ? [...right.items] : [right];
  const named = right instanceof Map ? right : null;
  let used = 0;
  const take = (): Value => {
    if (used >= values.length) throw runtime('not enough arguments for format string');
    return values[used++]!;
  };
  const text = textOf(format)!.replace(
    /%(?:\((.*?)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([\s\S]|$)/gu,
    (all: string, key: string | undefined, flags: string, width: string | undefined, precision: string | undefined, kind: string) => {
      if (kind === '%') return '%';
      const size = width === '*' ? whole(take(), '*') : Number(width ?? 0);
      budget.make(size);
      const dotted = /\.(?:\*|\d*)[hlL]?[\s\S]$/u.test(all);
      const places = precision === '*' ? whole(take(), '*') : precision === undefined ? (dotted ? 0 : null) : Number(precision);
      let value: Value;
      if (key === undefined) value = take();
      else {
        const found = named?.get(key);
        if (found === undefined) throw runtime(named ? `KeyError: '${key}'` : 'format requires a mapping');
        value = found;
        used = values.length;
      }
      const zero = flags.includes('0') && !flags.includes('-');
      let sign = '';
      let body: string;
      if (kind === 's' || kind === 'r' || kind === 'a') {
        const own = kind === 's' ? str(value) : repr(value);
        body = places === null ? own : Array.from(own).slice(0, places).join('');
      } else if (kind === 'c') body = typeof value === 'number' ? String.fromCodePoint(value) : str(value);
      else {
        const integer = 'diuxXo'.includes(kind);
        if (!integer && !'eEfFgG'.includes(kind)) throw runtime(`unsupported format character '${kind}'`);
        const number = numberOf(value);
        if (number === null) {
          if (value instanceof Undefined) return fail(value);
          throw runtime(integer ? `%${kind} format: a real number is required, not ${typeName(value)}` : `must be real number, not ${typeName(value)}`); // prettier-ignore
        }
        const amount = Math.abs(integer ? Math.trunc(number) : number);
        const base = kind === 'x' || kind === 'X' ? 16 : kind === 'o' ? 8 : 10;
        body = integer ? amount.toString(base).padStart(places ?? 0, '0') : digits(amount, kind.toLowerCase(), places ?? 6, flags.includes('#'));
        if (flags.includes('#') && base !== 10) body = (base === 16 ? '0x' : '0o') + body;
        if (kind === kind.toUpperCase()) body = body.toUpperCase();
        sign = number < 0 || Object.is(number, -0) ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
        if (zero) return sign + body.padStart(size - sign.length, '0');
      }
      const out = sign + body;
      return flags.includes('-') ? out.padEnd(size) : out.padStart(size);
    },
  ); // prettier-ignore
  // Whatever can be indexed, but for tuples and texts, counts as a mapping here.
  const mapping =
    named !== null || Array.isArray(right) || right instanceof Range || right instanceof Undefined;
  if (used < values.length && !mapping) throw runtime('not all arguments converted during string formatting');
  return format instanceof Markup ? new Markup(text) : text;
}

/** format(value, specification) */
export function formatSpec(value: Value, spec: string, budget: Budget): string {
  if (spec === '') return str(value);
  const parts = /^(?:([\s\S])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u.exec(spec);
  if (!parts) throw runtime(`Invalid format specifier '${spec}'`);
  const [, fillGiven, alignGiven, plus, alternate, zero, width, group, precision, kind] = parts;
  const number = typeof value === 'boolean' && kind === undefined ? Number(value) : numberOf(value);
  const size = Number(width ?? 0);
  budget.make(size);
  let body: string;
  let sign = '';
  const text = textOf(value);
  if (text !== null) {
    if (kind !== undefined && kind !== 's')
      throw runtime(`Unknown format code '${kind}' for object of type 'str'`);
    body = precision === undefined ? text : Array.from(text).slice(0, Number(precision)).join('');
  } else if (number !== null) {
    const float = value instanceof Float || 'eEfFgG%'.includes(kind ?? ' ');
    const amount = Math.abs(number);
    if (!float) {
      const base = kind === 'x' || kind === 'X' ? 16 : kind === 'o' ? 8 : kind === 'b' ? 2 : 10;
      if (kind !== undefined && !'dxXobnc'.includes(kind))
        throw runtime(`Unknown format code '${kind}' for object of type 'int'`);
      body = amount.toString(base);
      if (alternate && base !== 10) body = { 16: '0x', 8: '0o', 2: '0b' }[base] + body;
    } else if (kind === undefined) {
      body = precision === undefined ? floatText(amount) : digits(amount, 'g', Number(precision), false);
    } else if (kind === '%') body = `${digits(amount * 100, 'f', Number(precision ?? 6), false)}%`;
    else body = digits(amount, kind.toLowerCase(), Number(precision ?? 6), alternate !== undefined);
    if (kind === 'X' || kind === 'E' || kind === 'F' || kind === 'G') body = body.toUpperCase();
    if (group) body = body.replace(/^\d+/, (run) => run.replace(/\B(?=(\d{3})+$)/g, group));
    sign = number < 0 || Object.is(number, -0) ? '-' : plus === '+' ? '+' : plus === ' ' ? ' ' : '';
  } else if (value instanceof Undefined) return fail(value);
  else throw runtime(`unsupported format string passed to ${typeName(value)}.__format__`);
  const fill = fillGiven ?? (zero ? '0' : ' ');
  const align = alignGiven ?? (text !== null ? '<' : zero ? '=' : '>');
  const pad = Math.max(0, size - Array.from(sign + body).length);
  if (align === '=') return sign + fill.repeat(pad) + body;
  if (align === '<') return sign + body + fill.repeat(pad);
  if (align === '>') return fill.repeat(pad) + sign + body;
  return fill.repeat(pad >> 1) + sign + body + fill.repeat(pad - (pad >> 1));
}

/** "text".format(...). `get` reads attributes and items of a field. */
export function formatBraces(
  format: string,
  positional: readonly Value[],
  named: ReadonlyMap<string, Value>,
  get: (of: Value, key: string, attribute: boolean) => Value,
  budget: Budget,
): string {
  let automatic = 0;
  const field = (name: string): Value => {
    const [, first, rest] = /^([^.[]*)([\s\S]*)$/.exec(name)!;
    const key = first === '' ? String(automatic++) : first!;
    let value = /^\d+$/.test(key) ? positional[Number(key)] : named.get(key);
    if (value === undefined)
      throw runtime(/^\d+$/.test(key) ? 'Replacement index out of range' : `KeyError: '${key}'`);
    for (const [, attribute, item] of rest!.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g))
      value = get(value, (attribute ?? item)!, attribute !== undefined);
    return value;
  };
  return format.replace(/\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::((?:[^{}]|\{[^{}]*\})*))?\}|[{}]/gu, (all, name: string | undefined, conversion: string | undefined, spec: string | undefined) => {
    if (all === '{{') return '{';
    if (all === '}}') return '}';
    if (name === undefined) throw runtime(`Single '${all}' encountered in format string`);
    const value = field(name);
    const inner = (spec ?? '').replace(/\{([^{}]*)\}/g, (_, key: string) => str(field(key)));
    const shown = conversion === undefined ? value : conversion === 's' ? str(value) : repr(value);
    return formatSpec(shown, inner, budget);
  }); // prettier-ignore
}

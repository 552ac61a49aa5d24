/** Jinja2's filters, and transformers' own tojson. */
import { runtime, TemplateError } from './errors';
import { fixed, formatPercent } from './format';
import { attributeGetter, batch, flag, fold, groupBy, sliceColumns, sorted, unique } from './groups';
import { toJson } from './json';
import { bind, capitalize, intArgument, pad, replaceText, splitLines, strip } from './methods';

import { binary, escapeHtml, int } from './operators';
import type { Host } from './host';
import {
  Float, Markup, Stream, Tuple, Undefined, View, fail, itemsOf, iterate, lengthOf, numberOf, order, str, textOf, truth, typeName,
  type CallArguments, type Value,
} from './values'; // prettier-ignore

type Filter = (host: Host, value: Value, args: CallArguments) => Value;

/** Text of a value, which stays escaped where it was. */
const soft = (value: Value): string => str(value);

function extreme(sign: 1 | -1): Filter {
  return (host, value, args) => {
    const [cased, attribute] = bind('min', args, ['case_sensitive', 'attribute']);
    const get =
      attribute === undefined || attribute === null
        ? (item: Value) => item
        : attributeGetter(host, attribute);
    const key = (item: Value) => (flag(cased, false) ? get(item) : fold(get(item)));
    const items = iterate(value, host.budget);
    if (items.length === 0) return new Undefined('No aggregated item, sequence was empty.');
    return items.reduce((best, item) => (order(key(item), key(best), host.budget) * sign > 0 ? item : best));
  };
}

/** select, reject and their forms by attribute. */
function choose(keep: boolean, byAttribute: boolean): Filter {
  return (host, value, { positional, named }) => {
    const rest = byAttribute ? positional.slice(1) : positional;
    if (byAttribute && positional.length === 0) throw runtime('Missing parameter for attribute name');
    const get = byAttribute ? attributeGetter(host, positional[0]!) : (item: Value) => item;
    const name = rest[0];
    const passes = (item: Value) =>
      name === undefined
        ? truth(get(item))
        : host.test(str(name), get(item), { positional: rest.slice(1), named });
    return new Stream(() =>
      truth(value) ? iterate(value, host.budget).filter((item) => passes(item) === keep) : [],
    );
  };
}

const map: Filter = (host, value, { positional, named }) => {
  const items = () => (truth(value) ? iterate(value, host.budget) : []);
  if (positional.length === 0 && named.has('attribute')) {
    const get = attributeGetter(host, named.get('attribute')!, named.get('default'));
    return new Stream(() => items().map(get));
  }
  if (positional.length === 0) throw runtime('map requires a filter argument');
  const [name, ...rest] = positional;
  return new Stream(() => items().map((item) => host.filter(str(name!), item, { positional: rest, named })));
};

function round(value: Value, precision: number, method: string): Value {
  const number = numberOf(value);
  if (number === null) {
    if (value instanceof Undefined) return fail(value);
    throw runtime(`type ${typeName(value)} doesn't define __round__ method`);
  }
  if (method === 'common') {
    const scale = 10 ** -precision;
    if (precision < 0) {
      const lower = Math.floor(number / scale);
      const rest = number / scale - lower;
      const rounded = (rest > 0.5 || (rest === 0.5 && lower % 2 !== 0) ? lower + 1 : lower) * scale;
      return value instanceof Float ? new Float(rounded) : int(rounded);
    }
    return value instanceof Float ? new Float(Number(fixed(number, precision))) : int(number);
  }
  if (method !== 'ceil' && method !== 'floor') throw runtime('method must be common, ceil or floor');
  return new Float(Math[method](number * 10 ** precision) / 10 ** precision);
}

function toInt(value: Value, fallback: Value, base: number): Value {
  const text = textOf(value);
  if (text === null) {
    if (value instanceof Undefined) return fail(value);
    const number = numberOf(value);
    return number === null || !Number.isFinite(number) ? fallback : int(Math.trunc(number));
  }
  const clean = strip(text, null, true, true).replace(/(?<=\d)_(?=\d)/g, '');
  const digits = base === 16 ? /^[+-]?(?:0[xX])?[0-9a-fA-F]+$/ : base === 8 ? /^[+-]?(?:0[oO])?[0-7]+$/ : base === 2 ? /^[+-]?(?:0[bB])?[01]+$/ : /^[+-]?\d+$/; // prettier-ignore
  if (digits.test(clean)) return int((clean.startsWith('-') ? -1 : 1) * parseInt(clean.replace(/^[+-]?(?:0[xXoObB])?(?=.)/, ''), base)); // prettier-ignore
  const float = toFloat(value, null);
  return float instanceof Float && Number.isFinite(float.value) ? int(Math.trunc(float.value)) : fallback;
}

function toFloat(value: Value, fallback: Value): Value {
  if (value instanceof Undefined) return fail(value);
  const text = textOf(value);
  const number = numberOf(value);
  if (text === null) return number === null ? fallback : new Float(number);
  const clean = strip(text, null, true, true).replace(/(?<=\d)_(?=\d)/g, '');
  if (/^[+-]?(?:inf|infinity)$/i.test(clean)) return new Float(clean.startsWith('-') ? -Infinity : Infinity);
  if (/^[+-]?nan$/i.test(clean)) return new Float(NaN);
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(clean) ? new Float(Number(clean)) : fallback;
}

function truncate(value: Value, args: CallArguments): Value {
  const [length, kill, end, leeway] = bind('truncate', args, ['length', 'killwords', 'end', 'leeway']);
  const size = intArgument('truncate', length, 255);
  if (textOf(value) === null && lengthOf(value) <= size + intArgument('truncate', leeway, 5)) return value;
  const text = Array.from(str(value));
  const tail = end === undefined ? '...' : str(end);
  if (text.length <= size + intArgument('truncate', leeway, 5)) return str(value);
  const cut = text.slice(0, Math.max(0, size - lengthOf(tail))).join('');
  if (flag(kill, false)) return cut + tail;
  return (cut.includes(' ') ? cut.slice(0, cut.lastIndexOf(' ')) : cut) + tail;
}

function indent(host: Host, value: Value, args: CallArguments): Value {
  if (textOf(value) === null) throw runtime(`indent needs a str, not ${typeName(value)}`);
  const [width, first, blank] = bind('indent', args, ['width', 'first', 'blank']);
  const by = width !== undefined && textOf(width) !== null ? textOf(width)! : ' '.repeat(Math.min(1e6, Math.max(0, intArgument('indent', width, 4)))); // prettier-ignore
  const text = `${str(value)}\n`;
  const lines = flag(blank, false) ? text.split('\n') : splitLines(text, false);
  host.budget.make(text.length + lines.length * by.length);
  let out: string;
  if (flag(blank, false)) out = lines.slice(0, -1).join(`\n${by}`);
  else {
    const [head = '', ...rest] = lines;
    out =
      head + (rest.length > 0 ? `\n${rest.map((line) => (line === '' ? line : by + line)).join('\n')}` : '');
  }
  return flag(first, false) ? by + out : out;
}

const join: Filter = (host, value, args) => {
  const [mark, attribute] = bind('join', args, ['d', 'attribute']);
  const get =
    attribute === undefined || attribute === null ? (item: Value) => item : attributeGetter(host, attribute);
  const parts = iterate(value, host.budget).map((item) => str(get(item)));
  const between = mark === undefined ? '' : str(mark);
  host.budget.make(parts.reduce((sum, part) => sum + part.length + between.length, 0));
  return parts.join(between);
};

const escape: Filter = (_, value) => (value instanceof Markup ? value : new Markup(escapeHtml(str(value))));

const title: Filter = (_, value) =>
  str(value)
    .split(/([-\s({[<]+)/u)
    .filter((part) => part !== '')
    .map(
      (part) => (Array.from(part)[0] ?? '').toUpperCase() + Array.from(part).slice(1).join('').toLowerCase(),
    )
    .join('');

const first: Filter = (host, value) => {
  const items = iterate(value, host.budget);
  return items.length > 0 ? items[0]! : new Undefined('No first item, sequence was empty.');
};
const last: Filter = (host, value) => {
  if (value instanceof Stream) throw runtime("'generator' object is not reversible");
  const items = iterate(value, host.budget);
  return items.length > 0 ? items.at(-1)! : new Undefined('No last item, sequence was empty.');
};

const reverse: Filter = (host, value) => {
  const text = textOf(value);
  if (text !== null) return Array.from(text).reverse().join('');
  // Python's reversed() asks for a sequence at once.
  const items = [...iterate(value, host.budget)].reverse();
  return new Stream(() => items);
};

const fallback: Filter = (_, value, args) => {
  const [other, falsy] = bind('default', args, ['default_value', 'boolean']);
  return value instanceof Undefined || (flag(falsy, false) && !truth(value)) ? (other ?? '') : value;
};

const length: Filter = ({ budget }, value) => {
  budget.charge(textOf(value)?.length ?? 1);
  return lengthOf(value);
};

export const filters: Readonly<Record<string, Filter>> = {
  abs: (_, value) => {
    const number = numberOf(value);
    if (number === null) throw runtime(`bad operand type for abs(): '${typeName(value)}'`);
    return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number);
  },
  attr: (host, value, args) => host.own(value, str(bind('attr', args, ['name'], 1)[0]!)),
  batch: (host, value, args) => new Stream(() => batch(host, value, args)),
  capitalize: (_, value) => capitalize(soft(value)),
  center: (host, value, args) => {
    const width = intArgument('center', bind('center', args, ['width'])[0], 80);
    host.budget.make(width);
    return pad(soft(value), width, ' ', 'center');
  },
  count: length,
  d: fallback,
  default: fallback,
  dictsort: (host, value, args) => {
    const [cased, by, reversed] = bind('dictsort', args, ['case_sensitive', 'by', 'reverse']);
    if (!(value instanceof Map)) throw runtime(`'${typeName(value)}' object has no attribute 'items'`);
    const at = by === 'value' ? 1 : 0;
    const pairs = [...value].map((pair) => new Tuple(pair));
    host.budget.charge(pairs.length);
    const key = (pair: Value) => (pair as Tuple).items[at]!;
    return sorted(
      pairs,
      (pair) => (flag(cased, false) ? key(pair) : fold(key(pair))),
      flag(reversed, false),
      host.budget,
    );
  },
  e: escape,
  escape,
  first,
  float: (_, value, args) => toFloat(value, bind('float', args, ['default'])[0] ?? new Float(0)),
  forceescape: (_, value) => new Markup(escapeHtml(str(value))),
  format: (host, value, { positional, named }) => {
    if (positional.length > 0 && named.size > 0) throw runtime("can't handle positional and keyword arguments at the same time"); // prettier-ignore
    const values = named.size > 0 ? new Map<Value, Value>(named) : new Tuple(positional);
    return formatPercent(textOf(value) === null ? str(value) : value, values, host.budget);
  },
  groupby: groupBy,
  indent,
  int: (_, value, args) => {
    const [other, base] = bind('int', args, ['default', 'base']);
    return toInt(value, other ?? 0, intArgument('int', base, 10));
  },
  items: (_, value) => {
    return new Stream(() => {
      if (value instanceof Undefined) return [];
      if (!(value instanceof Map)) throw runtime('Can only get item pairs from a mapping.');
      return new View('items', value).items;
    });
  },
  join,
  last,
  length,
  list: (host, value) => [...iterate(value, host.budget)],
  lower: (_, value) => soft(value).toLowerCase(),
  map,
  max: extreme(1),
  min: extreme(-1),
  reject: choose(false, false),
  rejectattr: choose(false, true),
  replace: (host, value, args) => {
    const [from, to, count] = bind('replace', args, ['old', 'new', 'count'], 2);
    return replaceText(soft(value), str(from!), str(to!), count === null ? -1 : intArgument('replace', count, -1), host.budget); // prettier-ignore
  },
  reverse,
  round: (_, value, args) => {
    const [precision, method] = bind('round', args, ['precision', 'method']);
    return round(value, intArgument('round', precision, 0), method === undefined ? 'common' : str(method));
  },
  safe: (_, value) => new Markup(str(value)),
  select: choose(true, false),
  selectattr: choose(true, true),
  slice: (host, value, args) => new Stream(() => sliceColumns(host, value, args)),
  sort: (host, value, args) => {
    const [reversed, cased, attribute] = bind('sort', args, ['reverse', 'case_sensitive', 'attribute']);
    const paths = attribute === undefined || attribute === null ? [] : typeof attribute === 'number' ? [attribute] : str(attribute).split(','); // prettier-ignore
    const getters = paths.map((path) => attributeGetter(host, path));
    const own = (item: Value) => (flag(cased, false) ? item : fold(item));
    const key = (item: Value): Value =>
      getters.length === 0 ? own(item) : getters.map((get) => own(get(item)));
    return sorted(iterate(value, host.budget), key, flag(reversed, false), host.budget);
  },
  string: (_, value) => (value instanceof Markup ? value : str(value)),
  striptags: (_, value) =>
    str(value)
      .replace(/<!--[\s\S]*?-->|<[^>]*>/g, '')
      .split(/\s+/u)
      .filter(Boolean)
      .join(' '),
  sum: (host, value, args) => {
    const [attribute, start] = bind('sum', args, ['attribute', 'start']);
    const items = iterate(value, host.budget);
    const all =
      attribute === undefined || attribute === null ? items : items.map(attributeGetter(host, attribute));
    return all.reduce<Value>((total, item) => binary('+', total, item, host.budget), start ?? 0);
  },
  title,
  tojson: (host, value, args) => {
    const [ascii, by, separators, sortKeys] = bind('tojson', args, ['ensure_ascii', 'indent', 'separators', 'sort_keys']); // prettier-ignore
    return toJson(value, { ascii: flag(ascii, false), indent: by ?? null, separators: separators ?? null, sort: flag(sortKeys, false) }, host.budget); // prettier-ignore
  },
  trim: (_, value, args) => {
    const [letters] = bind('trim', args, ['chars']);
    return strip(soft(value), letters === undefined || letters === null ? null : str(letters), true, true);
  },
  truncate: (_, value, args) => truncate(value, args),
  unique,
  upper: (_, value) => soft(value).toUpperCase(),
  urlencode: (host, value) => {
    const quoteText = (text: string, plusSign: boolean) => {
      if (/\p{Cs}/u.test(text)) throw runtime('surrogates are not allowed in an address');
      return encodeURIComponent(text)
        .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll(plusSign ? '%20' : '%2F', plusSign ? '+' : '/');
    };
    const items = textOf(value) === null ? itemsOf(value, host.budget) : null;
    if (!items) return quoteText(str(value), false);
    const pairs =
      value instanceof Map
        ? [...value]
        : items.map((pair) => {
            const both = iterate(pair, host.budget);
            if (both.length !== 2) throw runtime('urlencode needs pairs');
            return both as [Value, Value];
          });
    return pairs.map(([key, item]) => `${quoteText(str(key), true)}=${quoteText(str(item), true)}`).join('&');
  },
  wordcount: (_, value) => (soft(value).match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []).length,
};

export function callFilter(host: Host, name: string, value: Value, args: CallArguments): Value {
  const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (!filter) throw new TemplateError('syntax', `No filter named '${name}'.`);
  const text = textOf(value);
  host.budget.charge(text?.length ?? 1);
  return filter(host, value, args);
}

/** Filters that sort, group and cut sequences, and what they share. */
import { bind, intArgument } from './methods';
import { Stream, Tuple, Undefined, equal, iterate, lookUp, lookUpWork, order, str, textOf, truth, type CallArguments, type Dict, type Value } from './values'; // prettier-ignore
import type { Budget } from './errors';
import type { Host } from './host';

/** A getter by a path such as "a.b.0", as filters take it. */
export function attributeGetter(host: Host, path: Value, fallback?: Value): (value: Value) => Value {
  const parts = typeof path === 'number' ? [path] : str(path).split('.').map((one) => (/^\d+$/.test(one) ? Number(one) : one)); // prettier-ignore
  return (value) => {
    let now = value;
    for (const one of parts) {
      now = host.item(now, one);
      if (now instanceof Undefined && fallback !== undefined) now = fallback;
    }
    return now;
  };
}

export const fold = (value: Value): Value => textOf(value)?.toLowerCase() ?? value;

export function sorted(
  items: readonly Value[],
  key: (value: Value) => Value,
  reverse: boolean,
  budget: Budget,
): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  keyed.sort((a, b) => (reverse ? order(b.key, a.key, budget) : order(a.key, b.key, budget)));
  return keyed.map(({ item }) => item);
}

export const flag = (value: Value | undefined, fallback: boolean): boolean =>
  value === undefined ? fallback : truth(value);

export function batch(host: Host, value: Value, args: CallArguments): Value[][] {
  const [size, fill] = bind('batch', args, ['linecount', 'fill_with'], 1);
  const count = intArgument('batch', size, 1);
  const items = iterate(value, host.budget);
  const rows: Value[][] = [];
  for (const item of items) {
    if (rows.length === 0 || rows.at(-1)!.length === count) rows.push([]);
    rows.at(-1)!.push(item);
  }
  if (fill !== undefined && fill !== null && rows.length > 0) {
    host.budget.make(count);
    while (rows.at(-1)!.length < count) rows.at(-1)!.push(fill);
  }
  return rows;
}

export function sliceColumns(host: Host, value: Value, args: CallArguments): Value[][] {
  const [count, fill] = bind('slice', args, ['slices', 'fill_with'], 1);
  const slices = intArgument('slice', count, 1);
  host.budget.make(slices);
  const items = iterate(value, host.budget);
  const each = Math.floor(items.length / slices);
  const extra = items.length % slices;
  const rows: Value[][] = [];
  for (let i = 0, offset = 0; i < slices; i++) {
    const start = offset + i * each;
    if (i < extra) offset++;
    const row = items.slice(start, offset + (i + 1) * each);
    if (fill !== undefined && fill !== null && i >= extra) row.push(fill);
    rows.push(row);
  }
  return rows;
}

export function unique(host: Host, value: Value, args: CallArguments): Value {
  const [cased, attribute] = bind('unique', args, ['case_sensitive', 'attribute']);
  const get =
    attribute === undefined || attribute === null ? (item: Value) => item : attributeGetter(host, attribute);
  const seen: Dict = new Map();
  return new Stream(() =>
    iterate(value, host.budget).filter((item) => {
      const key = flag(cased, false) ? get(item) : fold(get(item));
      host.budget.charge(typeof key === 'string' ? 1 : lookUpWork * seen.size);
      if (lookUp(seen, key) !== undefined) return false;
      seen.set(key, true);
      return true;
    }),
  );
}

export function groupBy(host: Host, value: Value, args: CallArguments): Value {
  const [attribute, fallback, cased] = bind('groupby', args, ['attribute', 'default', 'case_sensitive'], 1);
  const get = attributeGetter(host, attribute!, fallback);
  const key = (item: Value) => (flag(cased, false) ? get(item) : fold(get(item)));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(iterate(value, host.budget), key, false, host.budget)) {
    const last = groups.at(-1);
    if (last && equal(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map(({ items }) => new Tuple([get(items[0]!), items]));
}

/** json.dumps as transformers' tojson filter calls it. */
import { runtime, type Budget } from './errors';
import { Float, Markup, Tuple, floatText, iterate, str, textOf, typeName, order, type Value } from './values';

interface Options {
  readonly ascii: boolean;
  readonly indent: Value;
  readonly separators: Value;
  readonly sort: boolean;
}

function jsonText(text: string, ascii: boolean): string {
  const escaped = text.replace(/["\\\u0000-\u001f]/g, (sign) => {
    const short: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\b': '\\b' }; // prettier-ignore
    return short[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const plain = ascii
    ? escaped.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : escaped;
  return `"${plain}"`;
}

const jsonFloat = (value: number): string =>
  Number.isNaN(value)
    ? 'NaN'
    : value === Infinity
      ? 'Infinity'
      : value === -Infinity
        ? '-Infinity'
        : floatText(value);

export function toJson(value: Value, options: Options, budget: Budget): string {
  const { indent } = options;
  const by =
    indent === null
      ? null
      : (textOf(indent) ?? ' '.repeat(Math.min(1000, Math.max(0, Number(str(indent)) || 0))));
  const given = options.separators === null ? null : iterate(options.separators, budget).map(str);
  const [comma, colon] = given ? [given[0] ?? ',', given[1] ?? ':'] : [by === null ? ', ' : ',', ': '];
  const key = (name: Value): string => {
    if (name === null) return 'null';
    if (typeof name === 'boolean') return String(name);
    if (name instanceof Float) return jsonFloat(name.value);
    const text = textOf(name);
    if (text === null && typeof name !== 'number')
      throw runtime(`keys must be str, int, float, bool or None, not ${typeName(name)}`);
    return text ?? str(name);
  };
  const dump = (item: Value, depth: number): string => {
    if (depth > 200) throw runtime('A value is nested too deeply for JSON');
    budget.step();
    if (item === null) return 'null';
    if (typeof item === 'boolean' || typeof item === 'number') return String(item);
    if (item instanceof Float) return jsonFloat(item.value);
    const text = item instanceof Markup ? item.text : item;
    if (typeof text === 'string') return jsonText(text, options.ascii);
    const close = by === null ? '' : `\n${by.repeat(depth)}`;
    const open = by === null ? '' : `\n${by.repeat(depth + 1)}`;
    const wrap = (parts: readonly string[], [left, right]: string) =>
      parts.length === 0 ? `${left}${right}` : `${left}${open}${parts.join(comma + open)}${close}${right}`;
    if (item instanceof Map) {
      const entries = [...item];
      if (options.sort) entries.sort(([a], [b]) => order(a, b, budget));
      return wrap(entries.map(([name, one]) => `${jsonText(key(name), options.ascii)}${colon}${dump(one, depth + 1)}`), '{}'); // prettier-ignore
    }
    if (Array.isArray(item) || item instanceof Tuple)
      return wrap(
        (Array.isArray(item) ? item : item.items).map((one) => dump(one, depth + 1)),
        '[]',
      );
    throw runtime(`Object of type ${typeName(item)} is not JSON serializable`);
  };
  const text = dump(value, 0);
  budget.make(text.length);
  return text;
}

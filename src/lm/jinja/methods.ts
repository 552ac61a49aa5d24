/** Methods of Python's str, dict, list, tuple and float that a template may call. */
import { runtime, type Budget } from './errors';
import { formatBraces } from './format';
import {
  Float, Function, Range, Tuple, Undefined, View, equal, fail, iterate, lengthOf, lookUp, repr, str, textOf, typeName,
  type CallArguments, type Value,
} from './values'; // prettier-ignore

/** Python's white space. */
const isSpace = (letter: string): boolean =>
  /^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u.test(letter);

/** The arguments of a call, by position or name; what is missing is undefined. */
export function bind(
  name: string,
  args: CallArguments,
  parameters: readonly string[],
  required = 0,
): (Value | undefined)[] {
  if (args.positional.length > parameters.length)
    throw runtime(`${name}() takes at most ${parameters.length} arguments (${args.positional.length} given)`);
  const bound: (Value | undefined)[] = parameters.map((_, i) => args.positional[i]);
  for (const [key, value] of args.named) {
    const at = parameters.indexOf(key);
    if (at < 0) throw runtime(`${name}() got an unexpected keyword argument '${key}'`);
    if (bound[at] !== undefined) throw runtime(`${name}() got multiple values for argument '${key}'`);
    bound[at] = value;
  }
  for (let i = 0; i < required; i++)
    if (bound[i] === undefined) throw runtime(`${name}() missing argument '${parameters[i]}'`);
  return bound;
}

export function textArgument(name: string, value: Value): string {
  if (value instanceof Undefined) return fail(value);
  const text = textOf(value);
  if (text === null) throw runtime(`${name}() needs a str, not ${typeName(value)}`);
  return text;
}

export function intArgument(name: string, value: Value | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (value instanceof Undefined) return fail(value);
  if (typeof value !== 'number' && typeof value !== 'boolean')
    throw runtime(`${name}() needs an integer, not ${typeName(value)}`);
  return Number(value);
}

/** strip, lstrip and rstrip: of white space, or of any of the letters given. */
export function strip(text: string, letters: string | null, left: boolean, right: boolean): string {
  const all = Array.from(text);
  const set = letters === null ? null : new Set(letters);
  const out = (letter: string) => (set ? set.has(letter) : isSpace(letter));
  let [from, to] = [0, all.length];
  if (left) while (from < to && out(all[from]!)) from++;
  if (right) while (to > from && out(all[to - 1]!)) to--;
  return all.slice(from, to).join('');
}

function splitWhite(text: string, most: number, right: boolean): string[] {
  const words: string[] = [];
  let rest = strip(text, null, !right, right);
  while (rest !== '') {
    const letters = Array.from(rest);
    const cut = right ? letters.findLastIndex(isSpace) : letters.findIndex(isSpace);
    if (cut < 0 || (most >= 0 && words.length >= most)) {
      words.push(rest);
      break;
    }
    words.push(letters.slice(right ? cut + 1 : 0, right ? undefined : cut).join(''));
    rest = strip(letters.slice(right ? 0 : cut, right ? cut : undefined).join(''), null, !right, right);
  }
  return right ? words.reverse() : words;
}

function splitText(text: string, mark: string, most: number, right: boolean): string[] {
  if (mark === '') throw runtime('empty separator');
  const parts = text.split(mark);
  if (most < 0 || parts.length <= most + 1) return parts;
  return right
    ? [parts.slice(0, parts.length - most).join(mark), ...parts.slice(parts.length - most)]
    : [...parts.slice(0, most), parts.slice(most).join(mark)];
}

export function splitLines(text: string, keep: boolean): string[] {
  const lines =
    text.match(
      /[^\n\v\f\r\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029])|[^\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+$/gu,
    ) ?? []; // prettier-ignore, eslint-disable-line no-control-regex
  return keep
    ? [...lines]
    : lines.map((line) => line.replace(/(?:\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029])$/u, ''));
}

/** A letter at the start of a word: of ligatures only the first one is a capital. */
function titleLetter(letter: string): string {
  const pairs = ['ǄǅǆǇǈǉǊǋǌǱǲǳ'].flatMap((all) => all.match(/.../g) ?? []);
  const pair = letter === '' ? undefined : pairs.find((one) => one.includes(letter));
  if (pair) return pair[1]!;
  const [head = '', ...rest] = Array.from(letter.toUpperCase());
  return head + rest.join('').toLowerCase();
}

export function capitalize(text: string): string {
  const [first = '', ...rest] = Array.from(text);
  return titleLetter(first) + rest.join('').toLowerCase();
}

/** str.title: a capital after anything that is no letter. */
function titleCase(text: string): string {
  let inside = false;
  return Array.from(text, (letter) => {
    const cased = /[\p{Lu}\p{Ll}\p{Lt}]/u.test(letter);
    const out = cased ? (inside ? letter.toLowerCase() : titleLetter(letter)) : letter;
    inside = cased;
    return out;
  }).join('');
}

/** A range of a text as Python's find and count take it. */
function part(
  text: string,
  start: Value | undefined,
  stop: Value | undefined,
): { text: string; from: number } | null {
  const letters = Array.from(text);
  const at = (value: Value | undefined, fallback: number) => {
    if (value === undefined || value === null) return fallback;
    const place = intArgument('find', value, 0);
    return Math.max(0, Math.min(place < 0 ? place + letters.length : place, letters.length));
  };
  if (typeof start === 'number' && start > letters.length) return null;
  const from = at(start, 0);
  const to = at(stop, letters.length);
  return from > to ? null : { text: letters.slice(from, to).join(''), from };
}

function find(text: string, name: string, args: CallArguments, last: boolean): number {
  const [what, start, stop] = bind(name, args, ['sub', 'start', 'end'], 1);
  const area = part(text, start, stop);
  const mark = textArgument(name, what!);
  const at = area ? (last ? area.text.lastIndexOf(mark) : area.text.indexOf(mark)) : -1;
  return at < 0 || !area ? -1 : area.from + lengthOf(area.text.slice(0, at));
}

const every = (pattern: RegExp) => (text: string) =>
  text !== '' && Array.from(text).every((letter) => pattern.test(letter));
const is: Readonly<Record<string, (text: string) => boolean>> = {
  isalnum: every(/^[\p{L}\p{N}]$/u),
  isalpha: every(/^\p{L}$/u),
  isascii: (text) => !/[^\0-\x7f]/.test(text),
  isdecimal: every(/^\p{Nd}$/u),
  isdigit: every(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐]$/u),
  isnumeric: every(/^\p{N}$/u),
  isspace: (text) => text !== '' && Array.from(text).every(isSpace),
  isidentifier: (text) => /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u.test(text),
  isprintable: (text) => !/[^ \P{Z}]|\p{C}/u.test(text),
  islower: (text) => /\p{Ll}/u.test(text) && !/[\p{Lu}\p{Lt}]/u.test(text),
  isupper: (text) => /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text),
  istitle: (text) => /[\p{Lu}\p{Lt}]/u.test(text) && titleCase(text) === text,
};

type Get = (of: Value, key: string, attribute: boolean) => Value;

/** A method of a text by name; undefined where str has none of that name. */
export function textMethod(text: string, name: string, budget: Budget, get: Get): Function | undefined {
  const method = (call: (args: CallArguments) => Value) =>
    new Function(name, (args) => {
      budget.charge(text.length + 16);
      return call(args);
    });
  const plain = (make: () => Value) => method((args) => (bind(name, args, []), make()));
  const check = Object.hasOwn(is, name) ? is[name] : undefined;
  if (check) return plain(() => check(text));
  switch (name) {
    case 'strip':
    case 'lstrip':
    case 'rstrip':
      return method((args) => {
        const [letters] = bind(name, args, ['chars']);
        const set = letters === undefined || letters === null ? null : textArgument(name, letters);
        return strip(text, set, name !== 'rstrip', name !== 'lstrip');
      });
    case 'upper':
      return plain(() => text.toUpperCase());
    case 'lower':
      return plain(() => text.toLowerCase());
    case 'casefold':
      return plain(() => text.toLowerCase().replaceAll('ß', 'ss'));
    case 'capitalize':
      return plain(() => capitalize(text));
    case 'title':
      return plain(() => titleCase(text));
    case 'swapcase':
      return plain(() => Array.from(text, (letter) => (letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase())).join('')); // prettier-ignore
    case 'split':
    case 'rsplit':
      return method((args) => {
        const [mark, most] = bind(name, args, ['sep', 'maxsplit']);
        const limit = intArgument(name, most, -1);
        return mark === undefined || mark === null
          ? splitWhite(text, limit, name === 'rsplit')
          : splitText(text, textArgument(name, mark), limit, name === 'rsplit');
      });
    case 'splitlines':
      return method((args) => splitLines(text, bind(name, args, ['keepends'])[0] === true));
    case 'partition':
    case 'rpartition':
      return method((args) => {
        const mark = textArgument(name, bind(name, args, ['sep'], 1)[0]!);
        if (mark === '') throw runtime('empty separator');
        const at = name === 'partition' ? text.indexOf(mark) : text.lastIndexOf(mark);
        if (at < 0) return new Tuple(name === 'partition' ? [text, '', ''] : ['', '', text]);
        return new Tuple([text.slice(0, at), mark, text.slice(at + mark.length)]);
      });
    case 'startswith':
    case 'endswith':
      return method((args) => {
        const [what, start, stop] = bind(name, args, ['prefix', 'start', 'end'], 1);
        const area = part(text, start, stop);
        const marks = what instanceof Tuple ? what.items : [what!];
        return marks.some((item) => {
          const mark = textArgument(name, item);
          return (
            area !== null && (name === 'startswith' ? area.text.startsWith(mark) : area.text.endsWith(mark))
          );
        });
      });
    case 'replace':
      return method((args) => {
        const [from, to, count] = bind(name, args, ['old', 'new', 'count'], 2);
        return replaceText(
          text,
          textArgument(name, from!),
          textArgument(name, to!),
          intArgument(name, count, -1),
          budget,
        );
      });
    case 'find':
      return method((args) => find(text, name, args, false));
    case 'rfind':
      return method((args) => find(text, name, args, true));
    case 'index':
    case 'rindex':
      return method((args) => {
        const at = find(text, name, args, name === 'rindex');
        if (at < 0) throw runtime('substring not found');
        return at;
      });
    case 'count':
      return method((args) => {
        const [what, start, stop] = bind(name, args, ['sub', 'start', 'end'], 1);
        const area = part(text, start, stop);
        const mark = textArgument(name, what!);
        if (!area) return 0;
        return mark === '' ? lengthOf(area.text) + 1 : area.text.split(mark).length - 1;
      });
    case 'join':
      return method((args) => {
        const [items] = bind(name, args, ['iterable'], 1);
        const parts = iterate(items!, budget).map((item, i) => {
          const own = textOf(item);
          if (own === null)
            throw runtime(`sequence item ${i}: expected str instance, ${typeName(item)} found`);
          return own;
        });
        budget.make(parts.reduce((sum, one) => sum + one.length + text.length, 0));
        return parts.join(text);
      });
    case 'ljust':
    case 'rjust':
    case 'center':
    case 'zfill':
      return method((args) => {
        const [width, fill] = bind(name, args, name === 'zfill' ? ['width'] : ['width', 'fillchar'], 1);
        const size = intArgument(name, width, 0);
        budget.make(size);
        const letter = fill === undefined ? ' ' : textArgument(name, fill);
        if (lengthOf(letter) !== 1) throw runtime('The fill character must be exactly one character long');
        return pad(text, size, letter, name);
      });
    case 'removeprefix':
    case 'removesuffix':
      return method((args) => {
        const mark = textArgument(name, bind(name, args, ['prefix'], 1)[0]!);
        if (mark === '') return text;
        if (name === 'removeprefix') return text.startsWith(mark) ? text.slice(mark.length) : text;
        return text.endsWith(mark) ? text.slice(0, -mark.length) : text;
      });
    case 'expandtabs':
      return method((args) => {
        const size = intArgument(name, bind(name, args, ['tabsize'])[0], 8);
        budget.make(Math.max(0, size) * text.split('\t').length);
        let column = 0;
        return Array.from(text, (letter) => {
          if (letter === '\t') {
            const count = size > 0 ? size - (column % size) : 0;
            column += count;
            return ' '.repeat(count);
          }
          column = letter === '\n' || letter === '\r' ? 0 : column + 1;
          return letter;
        }).join('');
      });
    case 'format':
      return method((args) => formatBraces(text, args.positional, args.named, get, budget));
    case 'format_map':
      return method((args) => {
        const [values] = bind(name, args, ['mapping'], 1);
        if (!(values instanceof Map)) throw runtime('format_map() needs a dict');
        const named = new Map([...values].map(([key, value]) => [str(key), value] as const));
        return formatBraces(text, [], named, get, budget);
      });
    default:
      return undefined;
  }
}

export function pad(text: string, size: number, letter: string, how: string): string {
  const missing = Math.max(0, size - lengthOf(text));
  if (how === 'ljust') return text + letter.repeat(missing);
  if (how === 'rjust') return letter.repeat(missing) + text;
  if (how === 'zfill') {
    const signed = /^[+-]/.test(text);
    return (signed ? text[0]! : '') + '0'.repeat(missing) + (signed ? text.slice(1) : text);
  }
  // Python puts the odd one to the left where both the padding and the width are odd.
  const left = (missing >> 1) + (missing & size & 1);
  return letter.repeat(left) + text + letter.repeat(missing - left);
}

export function replaceText(text: string, from: string, to: string, count: number, budget: Budget): string {
  const most = count < 0 ? Infinity : count;
  const found = from === '' ? lengthOf(text) + 1 : text.split(from).length - 1;
  budget.make(text.length + Math.min(found, most) * Math.max(0, to.length - from.length));
  let done = 0;
  if (from === '') {
    const letters = Array.from(text);
    const out = letters.map((letter) => (done++ < most ? to : '') + letter).join('');
    return out + (done < most ? to : '');
  }
  return text.split(from).reduce((left, right) => left + (done++ < most ? to : from) + right);
}

/** A method of a dict, list, tuple or number by name; undefined where there is none, null where it would change the value. */
export function objectMethod(value: Value, name: string): Function | undefined | null {
  const method = (
    parameters: readonly string[],
    required: number,
    call: (args: (Value | undefined)[]) => Value,
  ) => new Function(name, (args) => call(bind(name, args, parameters, required)));
  if (value instanceof Map) {
    switch (name) {
      case 'keys':
      case 'values':
      case 'items':
        return method([], 0, () => new View(name, value));
      case 'get':
        return method(['key', 'default'], 1, ([key, fallback]) => lookUp(value, key!) ?? fallback ?? null);
      case 'copy':
        return method([], 0, () => new Map(value));
      case 'fromkeys':
        return method(['iterable', 'value'], 1, ([items, item]) => new Map((items as Value[]).map((key) => [key, item ?? null]))); // prettier-ignore
      default:
        return ['clear', 'pop', 'popitem', 'setdefault', 'update'].includes(name) ? null : undefined;
    }
  }
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
  if (value instanceof Range && (name === 'count' || name === 'index'))
    return objectMethod(new Tuple(Array.from({ length: value.size }, (_, i) => value.at(i))), name);
  if (items) {
    if (name === 'count')
      return method(['value'], 1, ([what]) => items.filter((item) => equal(item, what!)).length);
    if (name === 'index')
      return method(['value', 'start', 'stop'], 1, ([what, start, stop]) => {
        const [from, to] = [intArgument(name, start, 0), intArgument(name, stop, items.length)];
        const at = items.findIndex((item, i) => i >= from && i < to && equal(item, what!));
        if (at < 0) throw runtime(`${repr(what!)} is not in list`);
        return at;
      });
    if (name === 'copy' && Array.isArray(value)) return method([], 0, () => [...value]);
    return Array.isArray(value) && ['append', 'clear', 'pop', 'reverse', 'insert', 'sort', 'extend', 'remove'].includes(name) ? null : undefined; // prettier-ignore
  }
  if (value instanceof Float && name === 'is_integer')
    return method([], 0, () => Number.isInteger(value.value));
  if (typeof value === 'number' && name === 'bit_length')
    return method([], 0, () => (value === 0 ? 0 : Math.abs(value).toString(2).length));
  return undefined;
}

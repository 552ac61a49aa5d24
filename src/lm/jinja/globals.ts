/** Functions that a template finds: Jinja2's own, and those that transformers adds. */
import { TemplateError, limits, runtime, type Budget } from './errors';
import { bind, intArgument } from './methods';
import {
  Function, Namespace, Range, Thing, Undefined, iterate, lookUpWork, put, str, textOf,
  type Dict, type Value,
} from './values'; // prettier-ignore

function makeDict(positional: readonly Value[], named: ReadonlyMap<string, Value>, budget: Budget): Dict {
  const dict: Dict = new Map();
  if (positional.length > 1) throw runtime(`dict expected at most 1 argument, got ${positional.length}`);
  const [source] = positional;
  if (source instanceof Map) for (const [key, value] of source) dict.set(key, value);
  else if (source !== undefined)
    for (const pair of iterate(source, budget)) {
      const [key, value] = iterate(pair, budget);
      if (key === undefined || value === undefined) throw runtime('dict() needs pairs');
      // Keys that are no texts are looked for one by one.
      if (typeof key !== 'string') budget.charge(lookUpWork * dict.size);
      put(dict, key, value);
    }
  for (const [key, value] of named) dict.set(key, value);
  budget.charge(dict.size);
  return dict;
}

function range(bounds: readonly Value[]): Range {
  const numbers = bounds.map((bound) => intArgument('range', bound, 0));
  if (numbers.length === 0 || numbers.length > 3) throw runtime('range expected 1 to 3 arguments');
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (step === 0) throw runtime('range() arg 3 must not be zero');
  const made = new Range(start, stop, step);
  if (made.size > limits.range)
    throw new TemplateError(
      'budget',
      `it counts through a range of ${made.size}; ${limits.range} is the most`,
    );
  return made;
}

/** strftime in English, as Python's C locale writes it. */
export function strftime(format: string, date: Date): string {
  const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
  const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']; // prettier-ignore
  const two = (value: number) => String(value).padStart(2, '0');
  const [day, month] = [days[date.getDay()]!, months[date.getMonth()]!];
  const hour = date.getHours() % 12 || 12;
  const start = Date.UTC(date.getFullYear(), 0, 1);
  const dayOfYear =
    Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 864e5) + 1;
  const known: Readonly<Record<string, () => string>> = {
    a: () => day.slice(0, 3), A: () => day, b: () => month.slice(0, 3), B: () => month, h: () => month.slice(0, 3),
    d: () => two(date.getDate()), e: () => String(date.getDate()).padStart(2, ' '), m: () => two(date.getMonth() + 1),
    y: () => two(date.getFullYear() % 100), Y: () => String(date.getFullYear()), H: () => two(date.getHours()), I: () => two(hour),
    k: () => String(date.getHours()).padStart(2, ' '), l: () => String(hour).padStart(2, ' '),
    M: () => two(date.getMinutes()), S: () => two(date.getSeconds()), p: () => (date.getHours() < 12 ? 'AM' : 'PM'),
    f: () => `${String(date.getMilliseconds()).padStart(3, '0')}000`, j: () => String(dayOfYear).padStart(3, '0'),
    w: () => String(date.getDay()), u: () => String(date.getDay() || 7), Z: () => '', z: () => '', n: () => '\n', t: () => '\t', '%': () => '%',
    F: () => strftime('%Y-%m-%d', date), T: () => strftime('%H:%M:%S', date), R: () => strftime('%H:%M', date), D: () => strftime('%m/%d/%y', date),
    c: () => strftime('%a %b %e %H:%M:%S %Y', date), x: () => strftime('%m/%d/%y', date), X: () => strftime('%H:%M:%S', date),
  }; // prettier-ignore
  return format.replace(/%-?([a-zA-Z%])/g, (all, name: string) => {
    const value = Object.hasOwn(known, name) ? known[name]!() : all;
    return all.startsWith('%-') ? value.replace(/^[0 ]+(?=.)/, '') : value;
  });
}

function cycler(items: readonly Value[]): Thing {
  if (items.length === 0) throw runtime('at least one item has to be provided');
  let at = 0;
  return new Thing('Cycler', (name) => {
    if (name === 'current') return items[at]!;
    if (name === 'next')
      return new Function('next', () => {
        const item = items[at]!;
        at = (at + 1) % items.length;
        return item;
      });
    if (name === 'reset') return new Function('reset', () => ((at = 0), null));
    return new Undefined(`'Cycler object' has no attribute '${name}'`);
  });
}

/** The names that each rendering starts with. */
export function globals(budget: Budget, now: () => Date): Map<string, Value> {
  const made = new Map<string, Value>();
  const define = (name: string, call: Function['call']) => made.set(name, new Function(name, call));
  define('range', ({ positional }) => range(positional));
  define('namespace', ({ positional, named }) => {
    const dict = makeDict(positional, named, budget);
    return new Namespace(new Map([...dict].map(([key, value]) => [str(key), value])));
  });
  define('cycler', ({ positional }) => cycler(positional));
  define('joiner', (args) => {
    const mark = bind('joiner', args, ['sep'])[0] ?? ', ';
    let used = false;
    return new Function('joiner', () => (used ? mark : ((used = true), '')));
  });
  define('raise_exception', (args) => {
    throw new TemplateError('refused', str(bind('raise_exception', args, ['message'], 1)[0]!));
  });
  define('strftime_now', (args) => {
    const format = textOf(bind('strftime_now', args, ['format'], 1)[0]!);
    if (format === null) throw runtime('strftime_now() needs a str');
    budget.make(format.length * 32);
    return strftime(format, now());
  });
  made.set(
    'dict',
    new Thing(
      'dict',
      (name) =>
        name === 'fromkeys'
          ? new Function(name, (args) => {
              const [keys, value] = bind(name, args, ['iterable', 'value'], 1);
              return new Map(iterate(keys!, budget).map((key) => [key, value ?? null] as const));
            })
          : new Undefined(`'dict object' has no attribute '${name}'`),
      ({ positional, named }) => makeDict(positional, named, budget),
    ),
  );
  return made;
}

/** What one setting of a run is, and the kinds of values there are. A setting is one entry of the table (table.ts); all else is derived. */
import * as v from 'valibot';
import { personaPresetNames, personasText, readPersonas } from './personas';
import type { Persona } from './personas';
import { readEvalSet } from './evalSets';

/**
 * What a setting affects. debate: the turns; arms: which trainings and comparisons there are; training: every training;
 * judge: the reward model of PAD; rl: its group RL; machine: where and how fast, never what.
 */
export type Scope = 'debate' | 'arms' | 'training' | 'judge' | 'rl' | 'machine';

/** A group of the settings drawer. */
export type Group = 'models' | 'debate' | 'learn' | 'pad' | 'questions' | 'machine';

/** How a value is written, read, checked and offered. */
export type Kind =
  | { readonly type: 'integer' | 'real'; readonly low: number; readonly high: number }
  | { readonly type: 'choice' | 'picks'; readonly choices: Readonly<Record<string, string>> }
  | { readonly type: 'switch' | 'text' | 'optional-text' | 'words' | 'numbers' | 'agents' | 'personas' };

/** What is said of a setting, whatever its kind. */
interface Facts<T> {
  /** Flag of the command and key of the address, without dashes. */
  readonly flag: string;
  /** Value under preset quick, and under full where it is another. */
  readonly quick: T;
  readonly full?: T;
  /** What a run did that was stored before the setting existed, where that is not preset quick's value. */
  readonly before?: T;
  /** Key under which runs up to version 0.1 stored it, where that was another. */
  readonly was?: string;
  /** Its flag then, where that was another; old links and commands have it. */
  readonly wasFlag?: string;
  /** Its values now, by what they were called under the old key and flag. */
  readonly wasCalled?: Readonly<Record<string, T>>;
  /** A choice whose values have an order, that in which they are written. */
  readonly ordered?: true;
  /** The first is where it belongs; the others depend on it too. */
  readonly scopes: readonly [Scope, ...Scope[]];
  readonly group: Group;
  readonly label: string;
  readonly help: string;
}

export interface Setting<T> extends Facts<T> {
  readonly kind: Kind;
  readonly schema: v.GenericSchema<unknown, T>;
  /** What a value may be, in words: "... must be <this>". */
  readonly allowed: string;
  /** Text of a flag or an address as a value, undefined where it cannot be one. The value is not yet checked against the schema. */
  readonly read: (text: string) => unknown;
  /** The text that `read` gives the value for. */
  readonly write: (value: T) => string;
  /** What an earlier version stored, in today's form; where it is another. */
  readonly stored?: (value: unknown) => unknown;
}

/** A value as it is shown beside its label: the names of choices, numbers as they are; empty for none. */
export function shownValue({ kind, write }: Setting<unknown>, value: unknown): string {
  switch (kind.type) {
    case 'choice':
      return kind.choices[String(value)] ?? String(value);
    case 'picks':
      return (value as readonly string[]).map((name) => kind.choices[name] ?? name).join(', ');
    case 'switch':
      return value === true ? 'on' : 'off';
    default:
      return value === null ? '' : write(value).replaceAll(',', ', ');
  }
}

/** A value of today for one under the old key or flag. */
export function calledNow({ wasCalled }: Setting<unknown>, value: unknown): unknown {
  return wasCalled !== undefined && typeof value === 'string' && Object.hasOwn(wasCalled, value)
    ? wasCalled[value]
    : value;
}

/** What a value was called under the old key; one number of a list was a number. */
export function calledThen({ kind, wasCalled = {} }: Setting<unknown>, value: unknown): unknown {
  if (kind.type === 'numbers' && Array.isArray(value) && value.length === 1) return value[0];
  return Object.entries(wasCalled).find(([, now]) => now === value)?.[0] ?? value;
}

const asText = (value: unknown): string => String(value);

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function number(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? undefined : value;
}

type Range = readonly [low: number, high: number];

const wholeNumber = ([low, high]: Range) =>
  v.pipe(v.number(), v.integer(), v.minValue(low), v.maxValue(high));
const anyNumber = ([low, high]: Range) => v.pipe(v.number(), v.finite(), v.minValue(low), v.maxValue(high));

/** A whole number in [low, high]. */
export function integer(range: Range, facts: Facts<number>): Setting<number> {
  const [low, high] = range;
  const allowed = `a whole number from ${low} to ${high}`;
  return {
    ...facts,
    kind: { type: 'integer', low, high },
    schema: wholeNumber(range),
    allowed,
    read: number,
    write: asText,
  };
}

/** A finite number in [low, high]. */
export function real(range: Range, facts: Facts<number>): Setting<number> {
  const [low, high] = range;
  const allowed = `a number from ${low} to ${high}`;
  return {
    ...facts,
    kind: { type: 'real', low, high },
    schema: anyNumber(range),
    allowed,
    read: number,
    write: asText,
  };
}

/** On or off. A bare flag is on. */
export function onOff(facts: Facts<boolean>): Setting<boolean> {
  return {
    ...facts,
    kind: { type: 'switch' },
    schema: v.boolean(),
    allowed: 'on or off',
    read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    write: asText,
  };
}

/** One of the keys of `choices`, whose values are what the page calls them. */
export function choice<const C extends Readonly<Record<string, string>>>(
  choices: C,
  facts: Facts<keyof C & string>,
): Setting<keyof C & string> {
  const names = Object.keys(choices) as (keyof C & string)[];
  return {
    ...facts,
    kind: { type: 'choice', choices },
    schema: v.picklist(names),
    allowed: listed(names),
    read: (text) => text,
    write: asText,
  };
}

/** Any of the keys of `choices`, each at most once. */
export function picks<const C extends Readonly<Record<string, string>>>(
  choices: C,
  facts: Facts<readonly (keyof C & string)[]>,
): Setting<readonly (keyof C & string)[]> {
  const names = Object.keys(choices) as (keyof C & string)[];
  const once = v.check<(keyof C & string)[]>((list) => new Set(list).size === list.length);
  return {
    ...facts,
    kind: { type: 'picks', choices },
    schema: v.pipe(v.array(v.picklist(names)), once),
    allowed: `some of ${names.join(', ')}, each once`,
    read: words,
    write: (value) => value.join(','),
  };
}

/** A text that is not empty. */
export function text(facts: Facts<string> & { readonly allowed: string }): Setting<string> {
  return {
    ...facts,
    kind: { type: 'text' },
    schema: v.pipe(v.string(), v.minLength(1)),
    read: (value) => value,
    write: asText,
  };
}

/** A text, or null for none. */
export function optionalText(
  facts: Facts<string | null> & { readonly allowed: string },
): Setting<string | null> {
  return {
    ...facts,
    kind: { type: 'optional-text' },
    schema: v.nullable(v.string()),
    read: (value) => value,
    write: (value) => value ?? '',
  };
}

/** Texts that are not empty, `least` to `most` of them. */
export function texts(
  [least, most]: Range,
  facts: Facts<readonly string[]> & { readonly allowed: string },
): Setting<readonly string[]> {
  const each = v.pipe(v.string(), v.minLength(1));
  return {
    ...facts,
    kind: { type: 'words' },
    schema: v.pipe(v.array(each), v.minLength(least), v.maxLength(most)),
    read: words,
    write: (value) => value.join(','),
  };
}

/** Evaluation sets, each NAME or NAME=FILE with a name of its own. */
export function evalSets(facts: Facts<readonly string[]>): Setting<readonly string[]> {
  const each = v.pipe(
    v.string(),
    v.check((one) => readEvalSet(one) !== null),
  );
  const once = v.check<string[]>(
    (list) => new Set(list.map((one) => readEvalSet(one)?.name)).size === list.length,
  );
  return {
    ...facts,
    kind: { type: 'words' },
    schema: v.pipe(v.array(each), v.maxLength(16), once),
    allowed:
      'a list of at most 16 NAME or NAME=FILE, each name once, in lower case and not train, validation or test',
    read: words,
    write: (value) => value.join(','),
  };
}

/**
 * Numbers in a range, at most `most`; none leaves the choice to the program. `auto` stands for a list of its own. One number, as
 * earlier versions had it, is a list of one.
 */
export function numbers(
  range: Range,
  {
    most,
    auto,
    ...facts
  }: Facts<readonly number[]> & { readonly most: number; readonly auto: readonly number[] },
): Setting<readonly number[]> {
  const [low, high] = range;
  return {
    ...facts,
    kind: { type: 'numbers' },
    schema: v.pipe(v.array(anyNumber(range)), v.maxLength(most)),
    allowed: `auto, or up to ${most} numbers from ${low} to ${high}`,
    read: (value) => {
      if (value.trim() === 'auto') return auto;
      const list = words(value).map(Number);
      return list.some(Number.isNaN) ? undefined : list;
    },
    write: (value) => value.join(','),
    stored: (value) => (typeof value === 'number' ? [value] : value),
  };
}

/** Indices of agents. */
export function agentIndices(facts: Facts<readonly number[]>): Setting<readonly number[]> {
  return {
    ...facts,
    kind: { type: 'agents' },
    schema: v.pipe(v.array(wholeNumber([0, 63])), v.maxLength(63)),
    allowed: 'a list of agents, counted from 0',
    read: (value) => {
      const agents = words(value).map(Number);
      return agents.some(Number.isNaN) ? undefined : agents;
    },
    write: (value) => value.join(','),
  };
}

/** Who the agents are; as text a preset's name or a JSON list. */
export function personas(
  limits: { readonly temperature: Range; readonly topP: Range; readonly seed: Range },
  facts: Facts<readonly Persona[]>,
): Setting<readonly Persona[]> {
  const one = v.object({
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(60)),
    system: v.optional(v.pipe(v.string(), v.maxLength(4000))),
    temperature: v.optional(anyNumber(limits.temperature)),
    topP: v.optional(anyNumber(limits.topP)),
    seed: v.optional(wholeNumber(limits.seed)),
    model: v.optional(v.pipe(v.string(), v.minLength(1))),
  });
  return {
    ...facts,
    kind: { type: 'personas' },
    schema: v.pipe(v.array(one), v.maxLength(64)) as v.GenericSchema<unknown, readonly Persona[]>,
    allowed: `${personaPresetNames.join(', ')}, or a list of at most 64 personas, each with a name`,
    read: (value) => readPersonas(value) ?? undefined,
    write: personasText,
  };
}

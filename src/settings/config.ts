/** The settings of one run: their type, their check, and how what was stored earlier is read. All derived from the table. */
import * as v from 'valibot';
import { ConfigError } from '../core/errors';
import { calledNow, type Setting } from './setting';
import { usesCorrection, usesPad } from './strategy';
import { table } from './table';

type Values<T> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : Values<T[K]>;
};

/** What was chosen, before single settings were changed. */
export type Preset = 'quick' | 'full';

/** Every setting of a run: what `npm run distil` and the page both build. */
export type RunConfig = { readonly preset: Preset | 'custom' } & Values<typeof table>;

type Paths<T, Prefix extends string = ''> = {
  [K in keyof T & string]: T[K] extends Setting<infer _> ? `${Prefix}${K}` : Paths<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

/** A setting by its place in the config: `nAgents`, `pad.rl.klWeight`. */
export type Path = Paths<typeof table>;

type At<T, P extends string> = P extends `${infer Head}.${infer Rest}`
  ? Head extends keyof T
    ? At<T[Head], Rest>
    : never
  : P extends keyof T
    ? T[P]
    : never;

/** The value that a setting has in a config. */
export type ValueAt<P extends Path> = At<RunConfig, P>;

export interface Entry {
  readonly path: Path;
  readonly setting: Setting<unknown>;
}

function isSetting(node: unknown): node is Setting<unknown> {
  return typeof node === 'object' && node !== null && 'schema' in node && 'flag' in node;
}

function entriesOf(tree: object, prefix = ''): Entry[] {
  return Object.entries(tree).flatMap(([key, node]: [string, unknown]) =>
    isSetting(node)
      ? [{ path: `${prefix}${key}` as Path, setting: node }]
      : entriesOf(node as object, `${prefix}${key}.`),
  );
}

/** All settings in the order of the table. */
export const entries: readonly Entry[] = entriesOf(table);

const byPath = new Map<string, Setting<unknown>>(entries.map(({ path, setting }) => [path, setting]));

export function settingAt(path: Path): Setting<unknown> {
  const found = byPath.get(path);
  if (!found) throw new Error(`There is no setting ${path}.`);
  return found;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lookUp(tree: unknown, path: string): unknown {
  return path.split('.').reduce((node, key) => (isRecord(node) ? node[key] : undefined), tree);
}

function placed<T extends object>(tree: T, path: string, value: unknown): T {
  const [head = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...tree, [head]: value };
  const below = lookUp(tree, head);
  return { ...tree, [head]: placed(isRecord(below) ? below : {}, rest.join('.'), value) };
}

/** A value for every setting, in the order of the table. */
function valuesOf<T extends object>(
  tree: T,
  value: (setting: Setting<unknown>, path: string) => unknown,
  prefix = '',
): Values<T> {
  const values = Object.entries(tree).map(([key, node]: [string, unknown]) => [
    key,
    isSetting(node) ? value(node, `${prefix}${key}`) : valuesOf(node as object, value, `${prefix}${key}.`),
  ]);
  return Object.fromEntries(values) as Values<T>;
}

export function valueAt<P extends Path>(config: RunConfig, path: P): ValueAt<P> {
  return lookUp(config, path) as ValueAt<P>;
}

/** A copy with one setting changed; not checked. */
export function withValue<P extends Path>(config: RunConfig, path: P, value: ValueAt<P>): RunConfig {
  return placed(config, path, value);
}

/** The same for a value whose type is not known, as it was read from a text; `parseConfig` checks it. */
export function withUnchecked(config: RunConfig, path: Path, value: unknown): RunConfig {
  return placed(config, path, value);
}

/** A copy with several settings changed; not checked. */
export function withValues(config: RunConfig, changes: { readonly [P in Path]?: ValueAt<P> }): RunConfig {
  return Object.entries(changes).reduce<RunConfig>(
    (changed, [path, value]) => placed(changed, path, value),
    config,
  );
}

export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function presetOf(preset: Preset): RunConfig {
  const values = valuesOf(table, (setting) =>
    preset === 'full' && 'full' in setting ? setting.full : setting.quick,
  );
  return { preset, ...values };
}

/** The settings that a preset stands for; flags and the page's controls change single ones. */
export const presets: Readonly<Record<Preset, RunConfig>> = {
  quick: presetOf('quick'),
  full: presetOf('full'),
};

/**
 * A stored config in today's form: settings under the keys of version 0.1 are moved to their place, and those it lacks stand at
 * what that version did. What is no record is returned as it is, for `parseConfig` to refuse; keys that are no setting are left out.
 */
export function migrateConfig(input: unknown): unknown {
  if (!isRecord(input)) return input;
  return entries.reduce<Record<string, unknown>>(
    (config, { path, setting }) => {
      const now = lookUp(input, path);
      const old = setting.was === undefined ? undefined : calledNow(setting, input[setting.was]);
      const value = now === undefined ? old : now;
      return placed(
        config,
        path,
        value !== undefined
          ? (setting.stored?.(value) ?? value)
          : 'before' in setting
            ? setting.before
            : setting.quick,
      );
    },
    { preset: input['preset'] ?? 'quick' },
  );
}

/** A config that was stored by this program and is trusted but for its age. */
export function storedConfig(config: unknown): RunConfig {
  return migrateConfig(config) as RunConfig;
}

function refused(path: string, label: string, value: unknown, allowed: string): ConfigError {
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  return new ConfigError(
    `${label} is ${shown}, but must be ${allowed}.`,
    `Change ${label} and start again.`,
    {
      details: { name: path, settings: [byPath.get(path)?.flag ?? path], allowed },
    },
  );
}

/** A validated config. Throws ConfigError that names the setting, its value and its range. */
export function parseConfig(input: unknown): RunConfig {
  const config = migrateConfig(input);
  if (!isRecord(config)) throw new ConfigError('This is not a list of settings.', 'Choose a run of Arklet.');
  const { preset } = config;
  if (preset !== 'quick' && preset !== 'full' && preset !== 'custom')
    throw refused('preset', 'Preset', preset, 'quick, full or custom');
  const values = valuesOf(table, (setting, path) => {
    const value = lookUp(config, path);
    const result = v.safeParse(setting.schema, value);
    if (!result.success) throw refused(path, setting.label, value, setting.allowed);
    return result.output;
  });
  return agreeing({ preset, ...values });
}

/** Refuses settings that are each in range but cannot stand together. */
function agreeing(config: RunConfig): RunConfig {
  const heldOut = new Set(config.pad.reward.heldOutAgents);
  if (heldOut.size >= config.nAgents && heldOut.size > 0) {
    throw new ConfigError(
      `${heldOut.size} of ${config.nAgents} agents are held out from the reward model.`,
      'Leave the reward model at least one agent to learn from.',
      { details: { name: 'pad.reward.heldOutAgents' } },
    );
  }
  if (
    (config.trainFile === null) !== (config.testFile === null) ||
    (config.trainFile !== null && config.questions !== null)
  ) {
    throw new ConfigError(
      config.questions !== null && config.trainFile !== null
        ? `${config.questions} is to be split, and ${config.trainFile} is a training file.`
        : `There is a ${config.testFile === null ? 'training' : 'test'} file, but no ${config.testFile === null ? 'test' : 'training'} file.`,
      'Use a training file together with a test file, or one file that is split.',
      { details: { name: config.testFile === null ? 'testFile' : 'trainFile' } },
    );
  }
  if (config.trainThoughts && (usesPad(config) || usesCorrection(config))) {
    throw new ConfigError(
      `A student cannot learn thoughts by ${config.strategies.join(', ')}.`,
      'Choose RSFT or DA.',
      { details: { name: 'trainThoughts' } },
    );
  }
  if (
    config.pad.rl.extraQuestions > 0 &&
    (config.questions ?? config.trainFile) !== null &&
    usesPad(config)
  ) {
    throw new ConfigError(
      `PAD is to practise on ${config.pad.rl.extraQuestions} extra questions, but only generated problems have more than a file holds.`,
      'Ask for none: a share of the training questions is kept for PAD instead.',
      { details: { name: 'pad.rl.extraQuestions' } },
    );
  }
  // One agent's answers are a control beside a strategy: without questions to learn from it is left out.
  const learning = [...config.strategies, ...config.controls].filter((name) => name !== 'single-teacher');
  if (learning.length > 0 && config.trainQuestions === 0) {
    throw new ConfigError(
      'There are no training questions, but a strategy needs questions to learn from.',
      'Ask for at least 1 training question, or choose no strategy.',
      { details: { name: 'trainQuestions' } },
    );
  }
  return config;
}

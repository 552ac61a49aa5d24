/** What the user names a model by, as a value: the only place where such names are read or written. */
import { ConfigError } from '../core/errors';
import { adapter, type AdapterSpec } from './adapter';
import { chrome, type ChromeSpec } from './chrome';
import { endpoint, type EndpointSpec } from './endpoint';
import { engine, isEngineName, picked, type EngineSpec } from './engine';
import type { Grammar, Keeper } from './grammar';
import { recorded, type RecordedSpec } from './recorded';
import { transformers, type TransformersSpec } from './transformers';
import { listed, webllm, type WebllmSpec } from './webllm';

export type ModelSpec =
  EngineSpec | AdapterSpec | TransformersSpec | WebllmSpec | ChromeSpec | EndpointSpec | RecordedSpec;

/** What runs a model. */
export type Runtime = ModelSpec['runtime'];

export type SpecOf<R extends Runtime> = Extract<ModelSpec, { readonly runtime: R }>;

/** Runtimes whose models have files, which the app may keep. */
export type FileRuntime = Exclude<Runtime, 'adapter' | 'chrome' | 'endpoint' | 'recorded'>;

export function hasFiles(spec: ModelSpec): spec is SpecOf<FileRuntime> {
  const without: readonly Runtime[] = ['adapter', 'chrome', 'endpoint', 'recorded'];
  return !without.includes(spec.runtime);
}

const grammars = { adapter, transformers, webllm, chrome, endpoint, recorded, engine } satisfies {
  readonly [R in Runtime]: Grammar<SpecOf<R>>;
};

function grammarOf(runtime: Runtime): Grammar<ModelSpec> {
  return grammars[runtime];
}

/** By its prefix; our own engine's names have none. */
export function splitName(text: string): { readonly runtime: Runtime; readonly rest: string } {
  const all = Object.keys(grammars) as readonly Runtime[];
  const runtime = all.find((one) => text.startsWith(grammars[one].prefix)) ?? 'engine';
  return { runtime, rest: text.slice(grammars[runtime].prefix.length) };
}

/** Throws ConfigError for a name that nothing can stand behind. */
export function parseSpec(text: string): ModelSpec {
  const { runtime, rest } = splitName(text);
  return grammarOf(runtime).parse(rest, text);
}

/** As `parseSpec`, null for an impossible name: for what is shown before a name is used. */
export function readSpec(text: string): ModelSpec | null {
  try {
    return parseSpec(text);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return null;
    throw thrown;
  }
}

/** A name that only one runtime can read. Throws ConfigError for others. */
export function parseSpecOf<R extends Runtime>(runtime: R, text: string): SpecOf<R> {
  const spec = parseSpec(text);
  const isOf = (one: ModelSpec): one is SpecOf<R> => one.runtime === runtime;
  if (isOf(spec)) return spec;
  throw new ConfigError(`${text} is a model of ${spec.runtime}, not of ${runtime}.`, 'Name another model.');
}

/** The one way to write a name: `parseSpec` backwards. */
export function specId(spec: ModelSpec): string {
  const grammar = grammarOf(spec.runtime);
  return `${grammar.prefix}${grammar.write(spec)}`;
}

/** What follows the runtime's prefix. */
export function nameWithin(spec: ModelSpec): string {
  return grammarOf(spec.runtime).write(spec);
}

/** What lists call a model; an impossible name as it is. */
export function specLabel(text: string): string {
  const spec = readSpec(text);
  return spec ? grammarOf(spec.runtime).label(spec) : text;
}

/** The name that a model has in the app's storage: settings of one run are no part of it. */
export function storageId(spec: ModelSpec): string {
  if (spec.place === 'local') return specId(picked(spec.name));
  return specId(spec.place === 'list' && keeperOf(spec) === 'storage' ? listed(spec.model) : spec);
}

/** The model of our engine whose weights an adapter uses; null for other names, and where the name does not say it. */
export function baseName(spec: ModelSpec): string | null {
  return spec.runtime === 'adapter' ? spec.base : null;
}

export function keeperOf(spec: ModelSpec): Keeper {
  return grammarOf(spec.runtime).keeper(spec);
}

/** Addresses that a run with the model contacts; relative ones are under the app's own. */
export function contactsOf(spec: ModelSpec): readonly string[] {
  return grammarOf(spec.runtime).contacts(spec);
}

/** A whole name of one of these runtimes as it is; anything else as OWNER/NAME of the hub, which needs no prefix there. */
export function typedName(text: string, runtimes: readonly Runtime[]): string {
  const typed = text.trim();
  const { runtime } = splitName(typed);
  const whole = runtimes.includes(runtime) && (runtime !== 'engine' || isEngineName(typed));
  return whole ? typed : `hf:${typed}`;
}

/** The model that the browser brings. */
export const browserModel = specId({ runtime: 'chrome', place: 'browser' });

/** The debate that was imported with a run. */
export const importedAgents = specId({ runtime: 'recorded', place: 'imported' });

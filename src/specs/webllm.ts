/** Names of models that WebLLM runs. */
import { ConfigError } from '../core/errors';
import { hubAddresses, isReadable } from './addresses';
import { pickedName, writePicked } from './engine';
import type { Grammar } from './grammar';

export const cacheBackends = ['cache', 'indexeddb', 'opfs', 'cross-origin'] as const;
export type CacheChoice = (typeof cacheBackends)[number];

interface Common {
  readonly runtime: 'webllm';
  /** Tokens of the context window, instead of the model's own. */
  readonly contextTokens: number | null;
  /** Ask for log-probabilities with every reply. */
  readonly logprobs: boolean;
}

export type WebllmSpec =
  | (Common & {
      readonly place: 'list';
      /** As WebLLM's own list has it. */
      readonly model: string;
      /** Where WebLLM keeps what it downloads by itself; "cache": not at all, it goes into the app's own storage. */
      readonly cache: CacheChoice;
    })
  /** Files that the user picked, by the name that they have in storage. */
  | (Common & { readonly place: 'local'; readonly name: string })
  | (Common & {
      readonly place: 'address';
      readonly model: string;
      /** Addresses of the folder of weights and of the compiled library; relative ones are under the app's own. */
      readonly weights: string;
      readonly library: string;
      readonly cache: CacheChoice;
    });

const plain = { runtime: 'webllm', contextTokens: null, logprobs: false } as const;

/** A model of WebLLM's list, without settings. */
export function listed(model: string): WebllmSpec {
  return { ...plain, place: 'list', model, cache: 'cache' };
}

/** Files that the user picked, without settings. */
export function pickedWebllm(name: string): WebllmSpec {
  return { ...plain, place: 'local', name };
}

const known = ['model', 'lib', 'context', 'cache', 'logprobs'];
const form = 'Write webllm:ID, or webllm:ID?model=URL&lib=URL (and context=TOKENS, cache=NAME, logprobs=1).';

function contextOf(text: string | null): number | null {
  if (text === null) return null;
  const tokens = Number(text);
  if (Number.isInteger(tokens) && tokens >= 64) return tokens;
  throw new ConfigError(`context is "${text}", but must be a whole number from 64.`, form);
}

function cacheOf(text: string | null): CacheChoice {
  const found = text === null ? 'cache' : cacheBackends.find((name) => name === text);
  if (found) return found;
  throw new ConfigError(`cache is "${text}".`, `Choose one of ${cacheBackends.join(', ')}.`);
}

/** Addresses stay readable: only what would end a setting, or a name in a list of names, is encoded. */
function encoded(value: string): string {
  return value.replace(/[%&+#,\s]/g, (character) => encodeURIComponent(character));
}

function settingsOf(spec: WebllmSpec): string {
  const { contextTokens, logprobs } = spec;
  const settings = [
    ...(spec.place === 'address' ? [`model=${encoded(spec.weights)}`, `lib=${encoded(spec.library)}`] : []),
    ...(contextTokens === null ? [] : [`context=${contextTokens}`]),
    ...(spec.place === 'local' || spec.cache === 'cache' ? [] : [`cache=${spec.cache}`]),
    ...(logprobs ? ['logprobs=1'] : []),
  ];
  return settings.length === 0 ? '' : `?${settings.join('&')}`;
}

/**
 * `webllm:ID` from WebLLM's own list, `webllm:ID?model=URL&lib=URL` for a model that the user compiled, or
 * `webllm:local:NAME` for one whose files the user picked; settings may follow.
 */
export const webllm: Grammar<WebllmSpec> = {
  prefix: 'webllm:',
  parse(rest, text) {
    const [, model = '', query = ''] = /^([^?#\s]+)(?:\?(.*))?$/.exec(rest) ?? [];
    const name = pickedName(model);
    if (model === '' || name === '') throw new ConfigError(`"${text}" names no WebLLM model.`, form);
    const settings = new URLSearchParams(query);
    const unknown = [...settings.keys()].find((key) => !known.includes(key));
    if (unknown !== undefined) throw new ConfigError(`"${text}" has a setting ${unknown}.`, form);
    const weights = settings.get('model');
    const library = settings.get('lib');
    if ((weights === null) !== (library === null)) {
      throw new ConfigError(
        `"${text}" gives ${weights === null ? 'a library without weights' : 'weights without a library'}.`,
        'A model of your own needs both: model=URL of the weights folder and lib=URL of the compiled library.',
      );
    }
    const common = {
      runtime: 'webllm',
      contextTokens: contextOf(settings.get('context')),
      logprobs: settings.get('logprobs') === '1',
    } as const;
    const cache = cacheOf(settings.get('cache'));
    if (name !== null) {
      if (weights === null && cache === 'cache') return { ...common, place: 'local', name };
      throw new ConfigError(
        `"${text}" names picked files and also where to take or keep others.`,
        'Leave model=, lib= and cache= out.',
      );
    }
    if (weights === null || library === null) return { ...common, place: 'list', model, cache };
    const broken = [weights, library].find((address) => !isReadable(address));
    if (broken !== undefined) {
      throw new ConfigError(
        `"${broken}" is not an address (${text}).`,
        'Write it whole: https://host/folder/.',
      );
    }
    return { ...common, place: 'address', model, weights, library, cache };
  },
  write: (spec) => `${spec.place === 'local' ? writePicked(spec.name) : spec.model}${settingsOf(spec)}`,
  label: (spec) => `${spec.place === 'local' ? spec.name : spec.model}${settingsOf(spec)}`,
  contacts(spec) {
    if (spec.place === 'local') return [];
    if (spec.place === 'address') return [spec.weights, spec.library];
    return [...hubAddresses, 'https://raw.githubusercontent.com'];
  },
  keeper: (spec) =>
    spec.place === 'local' || (spec.place === 'list' && spec.cache === 'cache') ? 'storage' : 'library',
};

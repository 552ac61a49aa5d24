/**
 * `webllm:ID` from WebLLM's own list, `webllm:ID?model=URL&lib=URL` for a model that the user compiled, or `webllm:local:NAME`
 * for one whose files the user picked.
 */
import { ConfigError } from '../../core/errors';

export const cacheBackends = ['cache', 'indexeddb', 'opfs', 'cross-origin'] as const;
export type CacheChoice = (typeof cacheBackends)[number];

/** A WebLLM model as plain data. */
export interface WebllmRef {
  readonly id: string;
  /** Null: as WebLLM's list has it. */
  readonly custom: { readonly weights: string; readonly library: string } | null;
  /** Tokens of the context window, instead of the model's own. */
  readonly contextTokens: number | null;
  /** Where WebLLM keeps what it downloads by itself: models of its list go into the app's own storage unless this says otherwise. */
  readonly cache: CacheChoice;
  /** Ask for log-probabilities with every reply. */
  readonly logprobs: boolean;
}

/** Where WebLLM is told that files in the app's own storage are; `.invalid` is a name that can never be contacted (RFC 2606). */
export const localHost = 'https://local.models.invalid/';

const known = ['model', 'lib', 'context', 'cache', 'logprobs'];
const form = 'Write webllm:ID, or webllm:ID?model=URL&lib=URL (and context=TOKENS, cache=NAME, logprobs=1).';

export function isWebllm(spec: string): boolean {
  return spec.startsWith('webllm:');
}

/**
 * An absolute address of a weights folder that WebLLM leaves as it is. WebLLM appends resolve/main/ to every address without
 * a /resolve/ part, which suits the Hugging Face hub alone: elsewhere the part is added and taken back by "..".
 */
export function weightsAddress(text: string, base: string): string {
  const url = new URL(text, base).href;
  const folder = url.endsWith('/') ? url : `${url}/`;
  const hub = /^https:\/\/(www\.)?(huggingface\.co|hf\.co)\//.test(folder);
  return hub || /.+\/resolve\/.+\//.test(folder) ? folder : `${folder}resolve/main/../../`;
}

/** Addresses that WebLLM is given for a model in storage, by its name there. */
export function storedPlace(id: string): { readonly weights: string; readonly library: string } {
  const folder = `${localHost}${encodeURIComponent(id)}/`;
  return { weights: weightsAddress(folder, localHost), library: `${folder}library.wasm` };
}

/** Throws ConfigError. `base` is the app's address. */
export function parseWebllm(spec: string, base: string): WebllmRef {
  const match = /^webllm:([^?#\s]+)(?:\?(.*))?$/.exec(spec);
  if (!match?.[1]) throw new ConfigError(`"${spec}" names no WebLLM model.`, form);
  const settings = new URLSearchParams(match[2] ?? '');
  const unknown = [...settings.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ConfigError(`"${spec}" has a setting ${unknown}.`, form);
  const weights = settings.get('model');
  const library = settings.get('lib');
  if ((weights === null) !== (library === null)) {
    throw new ConfigError(
      `"${spec}" gives ${weights === null ? 'a library without weights' : 'weights without a library'}.`,
      'A model of your own needs both: model=URL of the weights folder and lib=URL of the compiled library.',
    );
  }
  const context = settings.get('context');
  const contextTokens = context === null ? null : Number(context);
  if (contextTokens !== null && !(Number.isInteger(contextTokens) && contextTokens >= 64)) {
    throw new ConfigError(`context is "${context}", but must be a whole number from 64.`, form);
  }
  const cache = (settings.get('cache') ?? 'cache') as CacheChoice;
  if (!cacheBackends.includes(cache)) {
    throw new ConfigError(`cache is "${cache}".`, `Choose one of ${cacheBackends.join(', ')}.`);
  }
  const local = match[1].startsWith('local:') ? storedPlace(match[1]) : null;
  if (local && (weights !== null || cache !== 'cache')) {
    throw new ConfigError(
      `"${spec}" names picked files and also where to take or keep others.`,
      'Leave model=, lib= and cache= out.',
    );
  }
  return {
    id: match[1],
    custom:
      weights === null || library === null
        ? local
        : { weights: weightsAddress(weights, base), library: new URL(library, base).href },
    contextTokens,
    cache,
    logprobs: settings.get('logprobs') === '1',
  };
}

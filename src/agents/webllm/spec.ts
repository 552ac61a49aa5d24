/** What a name means to WebLLM: ids, addresses of its files, settings. */
import { writePicked } from '../../specs/engine';
import { storageId } from '../../specs/spec';
import type { CacheChoice, WebllmSpec } from '../../specs/webllm';

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

/** Address that WebLLM gets for files in the app's own storage; `.invalid` is a name that can never be contacted (RFC 2606). */
export const localHost = 'https://local.models.invalid/';

/**
 * An absolute address of a weights folder that WebLLM leaves as it is. WebLLM appends resolve/main/ to every address without
 * a /resolve/ part, which suits the Hugging Face hub alone: elsewhere the part is added and cancelled by "..".
 */
export function weightsAddress(text: string, base: string): string {
  const url = new URL(text, base).href;
  const folder = url.endsWith('/') ? url : `${url}/`;
  const hub = /^https:\/\/(www\.)?(huggingface\.co|hf\.co)\//.test(folder);
  return hub || /.+\/resolve\/.+\//.test(folder) ? folder : `${folder}resolve/main/../../`;
}

/** Addresses that WebLLM is given for a model in storage. */
export function storedPlace(spec: WebllmSpec): { readonly weights: string; readonly library: string } {
  const folder = `${localHost}${encodeURIComponent(storageId(spec))}/`;
  return { weights: weightsAddress(folder, localHost), library: `${folder}library.wasm` };
}

/** `base` is the app's address. */
export function webllmRef(spec: WebllmSpec, base: string): WebllmRef {
  const { contextTokens, logprobs } = spec;
  switch (spec.place) {
    case 'list':
      return { id: spec.model, custom: null, contextTokens, cache: spec.cache, logprobs };
    case 'local':
      return {
        id: writePicked(spec.name),
        custom: storedPlace(spec),
        contextTokens,
        cache: 'cache',
        logprobs,
      };
    case 'address': {
      const { model: id, weights, library, cache } = spec;
      const custom = { weights: weightsAddress(weights, base), library: new URL(library, base).href };
      return { id, custom, contextTokens, cache, logprobs };
    }
    default:
      return spec satisfies never;
  }
}

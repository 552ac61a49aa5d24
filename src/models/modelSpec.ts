/** Where the files of a model of our own engine are. */
import type { EngineSpec } from '../specs/engine';
import { noSuchModel } from '../specs/engine';
import { specId } from '../specs/spec';
import type { BundledModel } from './catalogue';

/** Where a model's files are; plain data that crosses workers. */
export type ModelPlace =
  | { readonly type: 'folder'; readonly url: string }
  | { readonly type: 'gguf'; readonly url: string }
  /** In the browser's storage, under the model's id. */
  | { readonly type: 'stored'; readonly id: string };

export interface ModelRef {
  /** What turns and reports store as the model. */
  readonly id: string;
  readonly place: ModelPlace;
  /** Of bundled models; others use their chat template. */
  readonly promptStyle: string | null;
}

/** A folder with config.json, or a .gguf file. */
function placeAt(address: string, base: string): ModelPlace {
  const url = new URL(address, base);
  if (/\.gguf$/i.test(url.pathname)) return { type: 'gguf', url: url.href };
  return { type: 'folder', url: url.href.endsWith('/') ? url.href : `${url.href}/` };
}

/** Throws ConfigError for a bundled model that the catalogue does not have. */
export function resolveModel(
  spec: EngineSpec,
  { base, catalogue }: { base: string; catalogue: readonly BundledModel[] },
): ModelRef {
  const id = specId(spec);
  switch (spec.place) {
    case 'bundled': {
      const known = catalogue.find((one) => one.id === id);
      if (!known) {
        throw noSuchModel(
          id,
          catalogue.map((one) => one.id),
        );
      }
      return { id, place: placeAt(`models/${id}/`, base), promptStyle: known.promptStyle };
    }
    case 'hub':
    case 'local':
      return { id, place: { type: 'stored', id }, promptStyle: null };
    case 'address':
    case 'path':
      return { id, place: placeAt(spec.address, base), promptStyle: null };
    default:
      return spec satisfies never;
  }
}

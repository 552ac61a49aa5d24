/** What the user names a model by, turned into where its files are. */
import { ConfigError } from '../core/errors';
import type { BundledModel } from './catalogue';

/** Where a model's files are; plain data that crosses workers. */
export type ModelPlace =
  | { readonly type: 'folder'; readonly url: string }
  | { readonly type: 'gguf'; readonly url: string }
  | { readonly type: 'files'; readonly files: readonly { readonly path: string; readonly blob: Blob }[] };

export interface ModelRef {
  /** What turns and reports store as the model. */
  readonly id: string;
  readonly place: ModelPlace;
  /** Of bundled models; others use their chat template. */
  readonly promptStyle: string | null;
}

/** Models that the user picked from the disk in this page, by name. */
export type PickedModels = ReadonlyMap<string, readonly { readonly path: string; readonly blob: Blob }[]>;

/**
 * A bundled id; `picked:NAME`; an address or a path under the app's address of a folder with config.json, or of a
 * .gguf file. Throws ConfigError.
 */
export function resolveModel(
  spec: string,
  options: { base: string; catalogue: readonly BundledModel[]; picked?: PickedModels },
): ModelRef {
  const { base, catalogue } = options;
  const known = catalogue.find(({ id }) => id === spec);
  if (known) {
    const url = new URL(`models/${spec}/`, base).href;
    return { id: spec, place: { type: 'folder', url }, promptStyle: known.promptStyle };
  }
  if (spec.startsWith('picked:')) {
    const files = options.picked?.get(spec.slice('picked:'.length));
    if (!files) {
      throw new ConfigError(
        `The files of ${spec} are not at hand.`,
        'Pick the folder or file again: the browser forgets it when the page closes.',
      );
    }
    return { id: spec, place: { type: 'files', files }, promptStyle: null };
  }
  const isPath = /^(https?:\/\/|\/|\.\/|files\/)/.test(spec);
  if (!isPath) {
    throw new ConfigError(
      `There is no model "${spec}".`,
      `Use a bundled one (${catalogue.map(({ id }) => id).join(', ') || 'none found'}), a folder or a .gguf file.`,
    );
  }
  const url = new URL(spec, base).href;
  if (/\.gguf$/i.test(new URL(url).pathname)) {
    return { id: spec, place: { type: 'gguf', url }, promptStyle: null };
  }
  return { id: spec, place: { type: 'folder', url: url.endsWith('/') ? url : `${url}/` }, promptStyle: null };
}

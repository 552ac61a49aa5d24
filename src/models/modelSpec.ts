/** What the user names a model by, turned into where its files are. */
import { ConfigError } from '../core/errors';
import type { BundledModel } from './catalogue';
import { hubSpec, parseHubId } from './hubId';

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

/**
 * A bundled id; `hf:OWNER/NAME[/FILE.gguf][@REVISION]` (downloaded into storage); `local:NAME` (picked files that were
 * copied there); an address or a path under the app's address of a folder with config.json, or of a .gguf file. Throws
 * ConfigError.
 */
export function resolveModel(
  spec: string,
  options: { base: string; catalogue: readonly BundledModel[] },
): ModelRef {
  const { base, catalogue } = options;
  const known = catalogue.find(({ id }) => id === spec);
  if (known) {
    const url = new URL(`models/${spec}/`, base).href;
    return { id: spec, place: { type: 'folder', url }, promptStyle: known.promptStyle };
  }
  if (spec.startsWith('hf:')) {
    const id = hubSpec(parseHubId(spec));
    return { id, place: { type: 'stored', id }, promptStyle: null };
  }
  if (spec.startsWith('local:')) return { id: spec, place: { type: 'stored', id: spec }, promptStyle: null };
  const isPath = /^(https?:\/\/|\/|\.\/|files\/)/.test(spec);
  if (!isPath) {
    throw new ConfigError(
      `There is no model "${spec}".`,
      `Use a bundled one (${catalogue.map(({ id }) => id).join(', ') || 'none found'}), hf:OWNER/NAME, a folder or a .gguf file.`,
    );
  }
  const url = new URL(spec, base).href;
  if (/\.gguf$/i.test(new URL(url).pathname)) {
    return { id: spec, place: { type: 'gguf', url }, promptStyle: null };
  }
  return { id: spec, place: { type: 'folder', url: url.endsWith('/') ? url : `${url}/` }, promptStyle: null };
}

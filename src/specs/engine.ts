/** Names of models that our own engine runs and trains: they have no prefix of a runtime. */
import { ConfigError } from '../core/errors';
import { hubAddresses, isRepository, located, withoutScheme, type Located } from './addresses';
import type { Grammar } from './grammar';

/** A repository of the hub, or one .gguf file of it. */
export interface HubModel {
  readonly runtime: 'engine';
  readonly place: 'hub';
  /** OWNER/NAME. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** One .gguf file of the repository, or null for its safetensors. */
  readonly file: string | null;
}

export type EngineSpec =
  /** One that ships with the app, by its id; "bundled" stands for those of its role. */
  | { readonly runtime: 'engine'; readonly place: 'bundled'; readonly id: string }
  | HubModel
  /** Files that the user picked, by the name that they have in storage. */
  | { readonly runtime: 'engine'; readonly place: 'local'; readonly name: string }
  | (Located & { readonly runtime: 'engine' });

/** Stands for the bundled agents or the bundled student; the plan phase puts their ids in its place. */
export const bundled = 'bundled';

const hubPrefix = 'hf:';
const localPrefix = 'local:';

/** Names that are distinguished by their prefix. */
export function isEngineName(text: string): boolean {
  return text.startsWith(hubPrefix) || text.startsWith(localPrefix) || /^https?:\/\//.test(text);
}

/** NAME of `local:NAME`, which other runtimes know too; null for other texts. */
export function pickedName(text: string): string | null {
  return text.startsWith(localPrefix) ? text.slice(localPrefix.length) : null;
}

export function writePicked(name: string): string {
  return `${localPrefix}${name}`;
}

/** Files that the user picked. */
export function picked(name: string): EngineSpec {
  return { runtime: 'engine', place: 'local', name };
}

/** A repository of the hub, or a file of it, at its main branch. */
export function onHub(repo: string, file: string | null = null): HubModel {
  return { runtime: 'engine', place: 'hub', repo, revision: 'main', file };
}

function hubModel(text: string): HubModel {
  const [, repo = '', file, revision = 'main'] =
    /^([^/@]+\/[^/@]+)(\/[^@]+\.gguf)?(?:@([\w./-]+))?$/i.exec(text.slice(hubPrefix.length)) ?? [];
  if (!isRepository(repo) || file?.split('/').includes('..')) {
    throw new ConfigError(
      `"${text}" is not the name of a model on the hub.`,
      'Write hf:OWNER/NAME, as in hf:HuggingFaceTB/SmolLM2-135M-Instruct; a .gguf file or @REVISION may follow.',
    );
  }
  return { runtime: 'engine', place: 'hub', repo, revision, file: file?.slice(1) ?? null };
}

/** `ids`: what the hint offers. */
export function noSuchModel(text: string, ids?: readonly string[]): ConfigError {
  const known = ids === undefined ? '' : ` (${ids.join(', ') || 'none found'})`;
  const hub = isRepository(text) ? `hf:${text} of the hub` : 'hf:OWNER/NAME';
  return new ConfigError(
    `There is no model "${text}".`,
    `Use a bundled one${known}, ${hub}, a folder or a .gguf file.`,
  );
}

function write(spec: EngineSpec): string {
  switch (spec.place) {
    case 'bundled':
      return spec.id;
    case 'hub': {
      const { repo, revision, file } = spec;
      return `${hubPrefix}${repo}${file === null ? '' : `/${file}`}${revision === 'main' ? '' : `@${revision}`}`;
    }
    case 'local':
      return writePicked(spec.name);
    case 'address':
    case 'path':
      return spec.address;
    default:
      return spec satisfies never;
  }
}

/**
 * A bundled id; `hf:OWNER/NAME[/FILE.gguf][@REVISION]` (downloaded into storage); `local:NAME` (picked files that were
 * copied there); an address or a path under the app's address of a folder with config.json, or of a .gguf file.
 */
export const engine: Grammar<EngineSpec> = {
  prefix: '',
  parse(text) {
    if (text.startsWith(hubPrefix)) return hubModel(text);
    const name = pickedName(text);
    if (name !== null) {
      if (name !== '') return picked(name);
      throw new ConfigError(`"${text}" names no files.`, 'Pick the files of a model, or name another one.');
    }
    const at = located(text);
    if (at) return { runtime: 'engine', ...at };
    // As ids of the catalogue are.
    if (/^[a-z0-9][\w.-]*$/i.test(text)) return { runtime: 'engine', place: 'bundled', id: text };
    throw noSuchModel(text);
  },
  write,
  label(spec) {
    if (spec.place === 'local') return spec.name;
    return spec.place === 'hub' ? write(spec).slice(hubPrefix.length) : withoutScheme(write(spec));
  },
  contacts(spec) {
    if (spec.place === 'hub') return hubAddresses;
    return spec.place === 'address' || spec.place === 'path' ? [spec.address] : [];
  },
  keeper: ({ place }) => (place === 'bundled' || place === 'path' ? 'none' : 'storage'),
};

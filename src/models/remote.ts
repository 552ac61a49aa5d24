/** Which files a model on the hub or at an address consists of, how large they are, and what they must hash to. */
import * as v from 'valibot';
import { ConfigError, DownloadError, FileFormatError, ModelError } from '../core/errors';
import { issueText } from '../core/issueText';
import { responseJson } from '../core/json';
import { ggufParts } from '../lm/gguf/ggufParts';
import { quantLabel, readableFiles, saysUnreadable } from '../lm/gguf/unreadable';
import { onHub, type EngineSpec, type HubModel } from '../specs/engine';
import { specId } from '../specs/spec';
import { onnx } from '../specs/transformers';
import { hubEndpoint, type HubAccess } from '../specs/addresses';
import { proposedGguf } from './proposedGguf';
import { get, openAccess, statusError } from './hub';

export interface RemoteFile {
  readonly path: string;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly gitBlobId: string | null;
}

export interface RemoteModel {
  readonly id: string;
  readonly commit: string | null;
  readonly licence: string | null;
  readonly parameters: number | null;
  readonly files: readonly RemoteFile[];
}

/** Small files that the engine reads where they are. */
const smallFiles = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
]);
const weights = 'model.safetensors';
const index = 'model.safetensors.index.json';

/** A size in bytes. */
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A path that an address can hold: no half letters. */
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(1000), v.regex(/^\P{Cs}+$/u));

const infoSchema = v.object({
  sha: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/)),
  gated: v.optional(v.union([v.boolean(), v.string()]), false),
  tags: v.optional(v.array(v.string()), []),
  cardData: v.nullish(v.looseObject({ license: v.nullish(v.union([v.string(), v.array(v.string())])) })),
  safetensors: v.nullish(v.looseObject({ total: v.optional(v.number()) })),
  gguf: v.nullish(v.looseObject({ total: v.optional(v.number()) })),
  siblings: v.array(
    v.object({
      rfilename: path,
      size: v.optional(count),
      blobId: v.optional(v.string()),
      lfs: v.nullish(v.looseObject({ sha256: v.optional(v.string()), size: v.optional(count) })),
    }),
  ),
});

/** Whether it has safetensors for our engine, which stand before GGUF: they are trained as they are. */
function hasWeights(names: readonly string[]): boolean {
  return names.includes('config.json') && (names.includes(weights) || names.includes(index));
}

/** The files that make up the model named; of sharded weights all. Throws ModelError when there are none. */
function choose(names: readonly string[], id: HubModel): string[] {
  if (id.file !== null) {
    if (!names.includes(id.file)) {
      const others = names.filter((name) => name.endsWith('.gguf'));
      throw new ModelError(
        `${id.repo} has no file ${id.file}.`,
        others.length > 0 ? `It has ${others.slice(0, 6).join(', ')}.` : 'It has no .gguf file.',
      );
    }
    if (saysUnreadable(id.file)) {
      const [best] = readableFiles(names);
      throw new ModelError(
        `${id.file} is of the type ${quantLabel(id.file)}, which is not supported.`,
        best === undefined
          ? 'Choose another repository of this model: one with a Q4_K_M or Q8_0 file.'
          : `Take ${specId({ ...onHub(id.repo, best), revision: id.revision })} instead.`,
      );
    }
    const parts = ggufParts(id.file) ?? [id.file];
    const missing = parts.filter((part) => !names.includes(part));
    if (missing.length > 0) {
      throw new ModelError(
        `${id.file} is one of ${parts.length} parts, and ${id.repo} lacks ${missing.slice(0, 3).join(', ')}.`,
        'Choose another file of it.',
      );
    }
    return [...parts];
  }
  const shards = names.filter((name) => /^model-\d+-of-\d+\.safetensors$/.test(name));
  const tensors = names.includes(weights) ? [weights] : names.includes(index) ? [index, ...shards] : [];
  if (tensors.length === 0 || !names.includes('config.json')) {
    const gguf = readableFiles(names);
    const graphs = names.some((name) => /^onnx\/.+\.onnx$/.test(name));
    const ways = [
      gguf.length > 0 &&
        `Name one of its GGUF files: ${gguf
          .slice(0, 4)
          .map((name) => specId(onHub(id.repo, name)))
          .join(', ')}.`,
      graphs && `As an agent it can be run by Transformers.js: ${specId(onnx(id.repo))}.`,
    ].filter((way) => way !== false);
    throw new ModelError(
      `${id.repo} has no safetensors weights that the engine can read.`,
      ways.join(' ') ||
        'Choose a model of a family that the engine knows (Llama, Mistral, Qwen, Gemma, Phi, SmolLM, Granite, OLMo) in safetensors or GGUF.',
    );
  }
  return [...names.filter((name) => smallFiles.has(name)), ...tensors];
}

export interface DescribeOptions {
  /** How the hub is asked; the hub itself without a token where absent. */
  readonly hub?: HubAccess;
  /**
   * Bytes of memory at hand, null where unknown: of a repository that has GGUF files alone, the one to take is described. Absent, such
   * a repository is refused by the names of its files.
   */
  readonly memory?: number | null;
  readonly signal?: AbortSignal;
}

/** A repository of the hub at one commit: every file of it, by its path. */
export interface HubListing {
  readonly commit: string;
  readonly licence: string | null;
  readonly parameters: { readonly safetensors: number | null; readonly gguf: number | null };
  readonly files: ReadonlyMap<string, RemoteFile>;
}

/** Throws AccessError, DownloadError, FileFormatError. */
export async function listHub(
  repo: string,
  revision: string,
  { hub = openAccess, signal }: DescribeOptions,
): Promise<HubListing> {
  const url = `${hubEndpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await get(url, signal ? { signal } : {}, hub, repo);
  if (!response.ok) throw statusError(url, response, hub);
  const parsed = v.safeParse(infoSchema, await responseJson(response));
  if (!parsed.success) {
    throw new FileFormatError(
      `The hub's description of ${repo} could not be read: ${issueText(v.getDotPath(parsed.issues[0]), parsed.issues[0])}.`,
      'Try again later, or pick the files from disk.',
    );
  }
  const { sha, siblings, cardData, tags, safetensors, gguf } = parsed.output;
  const licence =
    cardData?.license ?? tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
  const files = siblings.map(({ rfilename: path, size, blobId, lfs }): RemoteFile => ({
    path,
    url: `${hubEndpoint}/${repo}/resolve/${sha}/${path.split('/').map(encodeURIComponent).join('/')}`,
    bytes: lfs?.size ?? size ?? 0,
    sha256: lfs?.sha256 ?? null,
    gitBlobId: lfs ? null : (blobId ?? null),
  }));
  return {
    commit: sha,
    licence: Array.isArray(licence) ? licence.join(', ') : (licence ?? null),
    parameters: { safetensors: safetensors?.total ?? null, gguf: gguf?.total ?? null },
    files: new Map(files.map((file) => [file.path, file])),
  };
}

/** The files of a listing that have these paths. */
export function filesOf({ files }: HubListing, paths: readonly string[]): readonly RemoteFile[] {
  return paths.flatMap((path) => files.get(path) ?? []);
}

/** A model of the hub, at one commit. Throws AccessError, DownloadError, ModelError, FileFormatError. */
async function describeHubModel(id: HubModel, options: DescribeOptions): Promise<RemoteModel> {
  const listing = await listHub(id.repo, id.revision, options);
  const { commit, licence, parameters } = listing;
  const { memory } = options;
  if (id.file === null && memory !== undefined && !hasWeights([...listing.files.keys()])) {
    const file = proposedGguf(listing.files, memory);
    if (file !== null) return describeHubModel({ ...id, file }, options);
  }
  return {
    id: specId(id),
    commit,
    licence,
    parameters: id.file === null ? parameters.safetensors : parameters.gguf,
    files: filesOf(listing, choose([...listing.files.keys()], id)),
  };
}

/** Size of a file at an address, asked by a range of one byte; null when it is not there. */
async function sizeOf(url: string, { hub = openAccess, signal }: DescribeOptions): Promise<number | null> {
  const response = await get(url, { headers: { Range: 'bytes=0-0' }, ...(signal ? { signal } : {}) }, hub);
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) return null;
  if (response.status === 416) return 0;
  if (!response.ok) throw statusError(url, response, hub);
  // Single-page hosting answers an unknown path with its start page.
  if (response.headers.get('content-type')?.startsWith('text/html')) return null;
  const total =
    /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ??
    (response.status === 200 ? response.headers.get('content-length') : null);
  if (total === null || total === undefined) {
    throw new DownloadError(
      `${new URL(url).host} does not report the size of ${new URL(url).pathname}.`,
      'Its server must answer range requests and let this page read Content-Range (CORS).',
    );
  }
  return Number(total);
}

const indexSchema = v.looseObject({ weight_map: v.record(v.string(), v.string()) });

/** A part of an address as it is read; as it stands where its percent signs stand for nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A folder or a .gguf file at any address. Its server names no hashes: what came is hashed and kept to. */
async function describeUrlModel(address: string, options: DescribeOptions): Promise<RemoteModel> {
  const { hub = openAccess, signal } = options;
  const files: RemoteFile[] = [];
  const add = async (path: string, url: string): Promise<boolean> => {
    const bytes = await sizeOf(url, options);
    if (bytes === null) return false;
    files.push({ path, url, bytes, sha256: null, gitBlobId: null });
    return true;
  };
  const none = (url: string): DownloadError =>
    new DownloadError(`There is no ${url}.`, 'Give the address of a folder with config.json, or of a .gguf.');
  if (/\.gguf$/i.test(new URL(address).pathname)) {
    const name = decoded(new URL(address).pathname.split('/').pop() ?? 'model.gguf');
    const parts = ggufParts(name);
    for (const part of parts ?? []) {
      const { href } = new URL(encodeURIComponent(part) + new URL(address).search, address);
      if (!(await add(part, href))) throw none(href);
    }
    if (!parts && !(await add(name, address))) throw none(address);
  } else {
    const base = address.endsWith('/') ? address : `${address}/`;
    if (!(await add('config.json', `${base}config.json`))) throw none(`${base}config.json`);
    for (const name of smallFiles) if (name !== 'config.json') await add(name, base + name);
    if (!(await add(weights, base + weights))) {
      if (!(await add(index, base + index))) throw none(base + weights);
      const json = v.safeParse(
        indexSchema,
        await responseJson(await get(base + index, signal ? { signal } : {}, hub)),
      );
      if (!json.success) throw new FileFormatError(`${base}${index} is damaged.`, 'Try another address.');
      for (const shard of new Set(Object.values(json.output.weight_map))) {
        if (!/^[\w.-]+$/.test(shard) || !(await add(shard, base + shard))) throw none(base + shard);
      }
    }
  }
  return { id: address, commit: null, licence: null, parameters: null, files };
}

/** A model of our own engine that is elsewhere. Throws ConfigError, DownloadError, ModelError, FileFormatError. */
export async function describeRemote(spec: EngineSpec, options: DescribeOptions = {}): Promise<RemoteModel> {
  if (spec.place === 'hub') return describeHubModel(spec, options);
  if (spec.place === 'address') return describeUrlModel(spec.address, options);
  throw new ConfigError(
    `${specId(spec)} is not downloaded: it is ${spec.place === 'local' ? 'picked files' : 'read from where the app is'}.`,
    'Name a model of the hub or an address.',
  );
}

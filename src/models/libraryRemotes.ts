/**
 * What models of WebLLM and transformers.js consist of on the hub, so that they are downloaded as those of our own engine:
 * with pause, continuing after a reload, and a check by hash.
 */
import { DownloadError, ModelError } from '../core/errors';
import type { WebllmPlace } from '../specs/modelEntry';
import { specId } from '../specs/spec';
import { onnx, type Dtype } from '../specs/transformers';
import { listed } from '../specs/webllm';
import { asOnlyWriter, type Library, type Patience } from './library';
import { freshFile, modelFilePath, writeManifest, type ModelManifest } from './manifest';
import { libraryFile } from './pickedFiles';
import { get, openAccess } from './hub';
import { filesOf, listHub, type DescribeOptions, type RemoteFile, type RemoteModel } from './remote';

/** A form of weights of transformers.js, and the file that holds it. */
export interface OnnxForm {
  readonly dtype: Dtype;
  readonly file: string;
}

/** The library's host says neither its size in every answer nor a hash: it is fetched to be measured. */
async function measured(url: string, signal?: AbortSignal): Promise<RemoteFile> {
  const response = await get(url, signal ? { signal } : {}, openAccess);
  if (!response.ok) {
    throw new DownloadError(
      `There is no compiled library at ${url} (${response.status}).`,
      'WebLLM moved it: use a newer version of this app, or another model.',
    );
  }
  const bytes = (await response.arrayBuffer()).byteLength;
  return { path: libraryFile, url, bytes, sha256: null, gitBlobId: null };
}

/** A model of WebLLM's list with its compiled library. Throws DownloadError, ModelError, FileFormatError. */
export async function describeWebllmModel(
  place: WebllmPlace,
  options: DescribeOptions = {},
): Promise<RemoteModel> {
  const repo = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)\/?$/.exec(place.weights)?.[1];
  if (repo === undefined) {
    throw new ModelError(`${place.weights} is not a repository of the hub.`, 'Choose another model.');
  }
  const listing = await listHub(repo, 'main', options);
  const names = [...listing.files.keys()];
  const list = names.find((name) => /^(tensor|ndarray)-cache\.json$/.test(name));
  if (list === undefined || !names.includes('mlc-chat-config.json')) {
    throw new ModelError(`${repo} holds no compiled model.`, 'Choose another model of the list.');
  }
  // Other kinds of the list, and what the conversion said, are not read.
  const settings = names.filter(
    (name) =>
      name === list ||
      (/^[^/]+\.(json|model|txt)$/.test(name) && !/^(logs\.txt$|(tensor|ndarray)-cache)/.test(name)),
  );
  const shards = names.filter((name) => /^params_shard_\d+\.bin$/.test(name));
  const { commit, licence } = listing;
  return {
    id: specId(listed(place.id)),
    commit,
    licence,
    parameters: null,
    files: [await measured(place.library, options.signal), ...filesOf(listing, [...settings, ...shards])],
  };
}

/** Whether a stored model of WebLLM's list has the compiled library that the list names now. */
export function isCurrent({ files }: ModelManifest, library: string): boolean {
  return files.find(({ path }) => path === libraryFile)?.url === library;
}

async function renewed(url: string, signal?: AbortSignal): Promise<RemoteFile> {
  return measured(url, signal).catch((cause: unknown) => {
    if (!(cause instanceof DownloadError)) throw cause;
    throw new DownloadError(
      cause.message,
      'Go online once: a newer WebLLM wants another compiled library. The weights stay.',
      { cause },
    );
  });
}

/**
 * Gives a stored model of WebLLM's list the compiled library that the list names now: a newer WebLLM wants a newer one, the
 * weights stay. It is downloaded with what else is missing. Throws DownloadError, StorageError.
 */
export async function renewLibrary(
  library: Library,
  id: string,
  { library: url }: WebllmPlace,
  patience: Patience = {},
): Promise<void> {
  const manifest = await library.find(id);
  const outdated = manifest?.files.find(({ path }) => path === libraryFile);
  if (!manifest || !outdated || isCurrent(manifest, url)) return;
  const fresh = freshFile(await renewed(url, patience.signal), outdated.chunkBytes);
  const work = async (): Promise<void> => {
    // Another may have done it in the meantime.
    const now = await library.find(id);
    if (!now || isCurrent(now, url)) return;
    const disk = await library.parts.large.open(modelFilePath(id, libraryFile));
    disk.truncate(0);
    disk.close();
    const files = now.files.map((file) => (file.path === libraryFile ? fresh : file));
    await writeManifest(library.parts.files, { ...now, files });
  };
  await asOnlyWriter(id, work, patience);
}

/** An ONNX model of the hub in the first of `forms` that it has. Throws DownloadError, ModelError, FileFormatError. */
export async function describeOnnxModel(
  repo: string,
  forms: readonly OnnxForm[],
  options: DescribeOptions = {},
): Promise<RemoteModel> {
  const listing = await listHub(repo, 'main', options);
  const names = [...listing.files.keys()];
  const form = forms.find(({ file }) => names.includes(file));
  if (!form || !names.includes('config.json')) {
    const there = names.filter((name) => /^onnx\/.+\.onnx$/.test(name));
    throw new ModelError(
      `${repo} has no ONNX weights as ${forms.map(({ dtype }) => dtype).join(' or ')}.`,
      there.length > 0
        ? `It has ${there.slice(0, 6).join(', ')}.`
        : 'Choose a repository with a folder onnx/, such as those of onnx-community.',
    );
  }
  const settings = names.filter((name) => /^[^/]+\.(json|jinja)$/.test(name));
  // Weights above 2 GB lie beside their graph.
  const data = names.filter((name) => name.startsWith(`${form.file}_data`));
  const { commit, licence } = listing;
  return {
    id: specId(onnx(repo, form.dtype)),
    commit,
    licence,
    parameters: null,
    files: filesOf(listing, [...settings, form.file, ...data]),
  };
}

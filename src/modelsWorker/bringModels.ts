/** Models of WebLLM and transformers.js in the app's own storage: found there, or brought there before they are used. */
import type { LoadOptions } from '../agents/agent';
import { dtypes, dtypeSuffix, isDtype, parseTransformers, type Dtype } from '../agents/transformers/spec';
import { parseWebllm } from '../agents/webllm/spec';
import { ConfigError, InterruptedError, StorageError, throwIfAborted } from '../core/errors';
import type { WebllmPlace } from '../specs/modelEntry';
import { downloadModel, type DownloadOptions } from '../models/download';
import { Library, openLibrary } from '../models/library';
import { isComplete, type ModelManifest } from '../models/manifest';
import {
  describeOnnxModel,
  describeWebllmModel,
  isCurrent,
  onnxId,
  renewLibrary,
  type OnnxForm,
} from '../models/libraryRemotes';
import { storedId } from '../models/pickedFiles';
import { describeRemote, type DescribeOptions, type RemoteModel } from '../models/remote';

/** Where WebLLM's list has a model, by its name in any case; null where it has none. */
export type FindWebllm = (id: string) => Promise<WebllmPlace | null>;

/**
 * Forms of weights of transformers.js in the order in which they are wanted where none is named. The device has no say, so
 * that a name stands for the same weights everywhere; half precision, which not every device reads, comes last.
 */
function onnxForms(dtype: string | null): readonly OnnxForm[] {
  const half = (one: Dtype): boolean => one.endsWith('16');
  const named = dtypes.filter((one) => one === dtype);
  const wanted = dtype === null ? [...dtypes.filter((one) => !half(one)), ...dtypes.filter(half)] : named;
  return wanted.map((one) => ({ dtype: one, file: `onnx/model${dtypeSuffix[one]}.onnx` }));
}

/** OWNER/NAME and the form of a hub model of transformers.js; null for models that lie elsewhere. */
function onnxModel(spec: string): { readonly repo: string; readonly dtype: string | null } | null {
  if (!spec.startsWith('transformers:')) return null;
  const base = 'https://app.invalid/';
  const { place, dtype } = parseTransformers(spec.slice('transformers:'.length), { base });
  return place.type === 'hub' ? { repo: place.id, dtype } : null;
}

/** The name of a model of WebLLM's list that is not to be kept elsewhere, as a run writes it; null for others. */
function listedName(spec: string): string | null {
  if (!spec.startsWith('webllm:')) return null;
  const { id, custom, cache } = parseWebllm(spec, 'https://app.invalid/');
  return custom === null && cache === 'cache' ? id : null;
}

/** Where WebLLM's list has what a run names so; null for other models, and for one that the list no longer has. */
export async function listedWebllm(spec: string, find: FindWebllm): Promise<WebllmPlace | null> {
  const name = listedName(spec);
  return name === null ? null : find(name);
}

/** The name in storage of what a run names; an ONNX model of the hub in the form that is there, if any is. */
export async function storedName(spec: string, library: Library, find: FindWebllm): Promise<string> {
  const name = listedName(spec);
  if (name !== null) return `webllm:${(await find(name))?.id ?? name}`;
  const onnx = onnxModel(spec);
  if (!onnx) return storedId(spec);
  const forms = onnxForms(onnx.dtype);
  const found = await Promise.all(forms.map(({ dtype }) => library.find(onnxId(onnx.repo, dtype))));
  const kept = found.filter((manifest) => manifest !== null);
  return (kept.find(isComplete) ?? kept[0])?.id ?? spec;
}

/**
 * As `describeRemote`, also for models of the other libraries. Throws ConfigError for what WebLLM's list does not have and
 * StorageError for a name of files that were picked.
 */
export async function describeModel(
  spec: string,
  find: FindWebllm,
  options: DescribeOptions,
): Promise<RemoteModel> {
  if (storedId(spec).startsWith('local:')) {
    throw new StorageError(
      `${storedId(spec)} is not in this browser's storage.`,
      'Pick its files again under Settings, Models.',
    );
  }
  const name = listedName(spec);
  if (name !== null) {
    const place = await find(name);
    if (!place) throw new ConfigError(`WebLLM knows no model ${name}.`, 'Choose one of its list.');
    return describeWebllmModel(place, options);
  }
  const onnx = onnxModel(spec);
  return onnx ? describeOnnxModel(onnx.repo, onnxForms(onnx.dtype), options) : describeRemote(spec, options);
}

/** Whether a model that is in storage can be used as it is: whole, and of WebLLM's list with the library that it names now. */
export async function isUsable(manifest: ModelManifest, find: FindWebllm): Promise<boolean> {
  const listed = await listedWebllm(manifest.id, find);
  return isComplete(manifest) && (!listed || isCurrent(manifest, listed.library));
}

/**
 * Downloads what is missing of a model and verifies it, as `downloadModel`; an ONNX model without a form in the first one
 * that the hub has.
 */
export async function bringModel(
  library: Library,
  spec: string,
  find: FindWebllm,
  options: DownloadOptions,
): Promise<ModelManifest> {
  const { signal, endpoint } = options;
  const id = await storedName(spec, library, find);
  const stored = await library.find(id);
  if (stored && (await isUsable(stored, find))) return stored;
  const describe = (place: DescribeOptions): Promise<RemoteModel> => describeModel(id, find, place);
  try {
    const listed = await listedWebllm(id, find);
    if (listed) await renewLibrary(library, id, listed, options);
    if (onnxModel(id)?.dtype !== null) return await downloadModel(library, id, { ...options, describe });
    const remote = await describe({ ...(signal && { signal }), ...(endpoint !== undefined && { endpoint }) });
    return await downloadModel(library, remote.id, { ...options, describe: () => Promise.resolve(remote) });
  } catch (thrown) {
    if (!(thrown instanceof InterruptedError)) throwIfAborted(signal);
    throw thrown;
  }
}

/** For a worker that is to run the model: it waits for a download of the page's, or of another worker's. */
async function bring(
  spec: string,
  find: FindWebllm,
  { signal, onProgress }: LoadOptions,
): Promise<ModelManifest> {
  return bringModel(new Library(await openLibrary()), spec, find, {
    ...(signal && { signal }),
    wait: true,
    onProgress: ({ done, total }) => onProgress?.({ phase: 'download', loaded: done, total }),
  });
}

/** A model of WebLLM's list into storage. */
export async function bringWebllm(place: WebllmPlace, options: LoadOptions): Promise<void> {
  await bring(`webllm:${place.id}`, () => Promise.resolve(place), options);
}

/** A model of transformers.js on the hub into storage; gives its name there, and the form that its weights have. */
export async function bringOnnx(
  repo: string,
  { dtype, ...options }: LoadOptions & { dtype: string | null },
): Promise<{ id: string; dtype: Dtype }> {
  const spec = `transformers:${repo}${dtype === null ? '' : `@${dtype}`}`;
  const { id } = await bring(spec, () => Promise.resolve(null), options);
  const form = onnxModel(id)?.dtype ?? '';
  if (!isDtype(form))
    throw new ConfigError(`${id} names no form of weights.`, 'Delete it and download it again.');
  return { id, dtype: form };
}

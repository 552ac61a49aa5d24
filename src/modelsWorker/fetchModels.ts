/** Models of WebLLM and transformers.js in the app's own storage: found there, or brought there before they are used. */
import type { LoadOptions } from '../agents/agent';
import { dtypeSuffix } from '../agents/transformers/spec';
import { ConfigError, InterruptedError, StorageError, throwIfAborted } from '../core/errors';
import { isKept } from '../specs/keptModels';
import type { WebllmPlace } from '../specs/modelEntry';
import { parseSpec, parseSpecOf, specId, storageId, type ModelSpec } from '../specs/spec';
import { dtypes, onnx, type Dtype, type TransformersSpec } from '../specs/transformers';
import { listed } from '../specs/webllm';
import { downloadModel, type DownloadOptions } from '../models/download';
import type { HubAccess } from '../specs/addresses';
import { Library, openLibrary } from '../models/library';
import { isComplete, type ModelManifest } from '../models/manifest';
import {
  describeOnnxModel,
  describeWebllmModel,
  isCurrent,
  renewLibrary,
  type OnnxForm,
} from '../models/libraryRemotes';
import { describeRemote, type DescribeOptions, type RemoteModel } from '../models/remote';

/** Where WebLLM's list has a model, by its name in any case; null where it has none. */
export type FindWebllm = (id: string) => Promise<WebllmPlace | null>;

/**
 * Forms of weights of transformers.js in the order in which they are wanted where none is named. The device has no say, so
 * that a name stands for the same weights everywhere; half precision, which not every device reads, comes last.
 */
function onnxForms(dtype: Dtype | null): readonly OnnxForm[] {
  const half = (one: Dtype): boolean => one.endsWith('16');
  const wanted = dtype === null ? [...dtypes.filter((one) => !half(one)), ...dtypes.filter(half)] : [dtype];
  return wanted.map((one) => ({ dtype: one, file: `onnx/model${dtypeSuffix[one]}.onnx` }));
}

type OnnxModel = Extract<TransformersSpec, { readonly place: 'hub' }>;

/** Whether it is a hub model of transformers.js. */
function isOnnx(spec: ModelSpec): spec is OnnxModel {
  return spec.runtime === 'transformers' && spec.place === 'hub';
}

/** Where WebLLM's list has a model that the app keeps; null for other models, and for one that the list no longer has. */
export async function listedWebllm(spec: ModelSpec, find: FindWebllm): Promise<WebllmPlace | null> {
  return spec.place === 'list' && isKept(spec) ? find(spec.model) : null;
}

/** The name in storage; of an ONNX model of the hub in the form that is there, if any is. */
export async function storedName(spec: ModelSpec, library: Library, find: FindWebllm): Promise<string> {
  const place = await listedWebllm(spec, find);
  if (place) return specId(listed(place.id));
  if (!isOnnx(spec)) return storageId(spec);
  const forms = onnxForms(spec.dtype);
  const found = await Promise.all(forms.map(({ dtype }) => library.find(specId(onnx(spec.repo, dtype)))));
  const kept = found.filter((manifest) => manifest !== null);
  return (kept.find(isComplete) ?? kept[0])?.id ?? specId(spec);
}

/**
 * As `describeRemote`, also for models of the other libraries. Throws ConfigError for what WebLLM's list does not have and
 * for what the app does not keep, and StorageError for files that were picked.
 */
export async function describeModel(
  spec: ModelSpec,
  find: FindWebllm,
  options: DescribeOptions,
): Promise<RemoteModel> {
  if (spec.place === 'local') {
    throw new StorageError(
      `${storageId(spec)} is not in this browser's storage.`,
      'Pick its files again under Settings, Models.',
    );
  }
  if (!isKept(spec)) {
    throw new ConfigError(`${specId(spec)} is not kept in this browser's storage.`, 'Name another model.');
  }
  if (spec.place === 'list') {
    const place = await find(spec.model);
    if (!place) throw new ConfigError(`WebLLM knows no model ${spec.model}.`, 'Choose one of its list.');
    return describeWebllmModel(place, options);
  }
  if (isOnnx(spec)) return describeOnnxModel(spec.repo, onnxForms(spec.dtype), options);
  return describeRemote(parseSpecOf('engine', specId(spec)), options);
}

/** Whether a model that is in storage can be used as it is: whole, and of WebLLM's list with the library that it names now. */
export async function isUsable(manifest: ModelManifest, find: FindWebllm): Promise<boolean> {
  const place = await listedWebllm(parseSpec(manifest.id), find);
  return isComplete(manifest) && (!place || isCurrent(manifest, place.library));
}

/**
 * Downloads what is missing of a model and verifies it, as `downloadModel`; an ONNX model without a form in the first one
 * that the hub has.
 */
export async function fetchModel(
  library: Library,
  spec: ModelSpec,
  find: FindWebllm,
  options: DownloadOptions,
): Promise<ModelManifest> {
  const { signal, hub } = options;
  const id = await storedName(spec, library, find);
  const wanted = parseSpec(id);
  const stored = await library.find(id);
  if (stored && (await isUsable(stored, find))) return stored;
  const describe = (place: DescribeOptions): Promise<RemoteModel> => describeModel(wanted, find, place);
  try {
    const place = await listedWebllm(wanted, find);
    if (place) await renewLibrary(library, id, place, options);
    if (!isOnnx(wanted) || wanted.dtype !== null)
      return await downloadModel(library, id, { ...options, describe });
    const remote = await describe({ ...(signal && { signal }), ...(hub && { hub }) });
    return await downloadModel(library, remote.id, { ...options, describe: () => Promise.resolve(remote) });
  } catch (thrown) {
    if (!(thrown instanceof InterruptedError)) throwIfAborted(signal);
    throw thrown;
  }
}

/** Of a worker that runs models: each comes with how the hub is asked. */
export type BringOptions = LoadOptions & { readonly hub: HubAccess };

/** For a worker that is to run the model: it waits for a download of the page's, or of another worker's. */
async function bring(
  spec: ModelSpec,
  find: FindWebllm,
  { signal, onProgress, hub }: BringOptions,
): Promise<ModelManifest> {
  return fetchModel(new Library(await openLibrary()), spec, find, {
    ...(signal && { signal }),
    hub,
    wait: true,
    onProgress: ({ done, total }) => onProgress?.({ phase: 'download', loaded: done, total }),
  });
}

/** A model of WebLLM's list into storage. */
export async function fetchWebllm(place: WebllmPlace, options: BringOptions): Promise<void> {
  await bring(listed(place.id), () => Promise.resolve(place), options);
}

/** A model of transformers.js on the hub into storage; gives its name there, and the form that its weights have. */
export async function fetchOnnx(
  repo: string,
  { dtype, ...options }: BringOptions & { dtype: Dtype | null },
): Promise<{ id: string; dtype: Dtype }> {
  const { id } = await bring(onnx(repo, dtype), () => Promise.resolve(null), options);
  const form = parseSpecOf('transformers', id).dtype;
  if (form === null)
    throw new ConfigError(`${id} names no form of weights.`, 'Delete it and download it again.');
  return { id, dtype: form };
}

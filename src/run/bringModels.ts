/** Models of WebLLM and transformers.js in the app's own storage: found there, or brought there before they are used. */
import type { LoadProgress } from '../agents/agent';
import { dtypes, dtypeSuffix, parseTransformers, type Dtype } from '../agents/transformers/spec';
import { parseWebllm } from '../agents/webllm/spec';
import { ConfigError, throwIfAborted } from '../core/errors';
import { downloadModel, type DownloadOptions } from '../models/download';
import { Library, openLibrary } from '../models/library';
import { isComplete, type ModelManifest } from '../models/manifest';
import {
  describeOnnxModel,
  describeWebllmModel,
  onnxId,
  renewLibrary,
  type OnnxForm,
  type WebllmPlace,
} from '../models/libraryRemotes';
import { describeRemote, type DescribeOptions, type RemoteModel } from '../models/remote';

/** What a name of another library's model stands for, and how it is described. */
export interface LibraryNames {
  /** Where WebLLM's list has a model; null where it has none of this name. */
  webllmPlace(id: string): Promise<WebllmPlace | null>;
  /** Whether a real GPU with half precision runs ONNX models. */
  halfPrecision(): Promise<boolean>;
}

/** Forms of weights in the order in which they are wanted. */
function onnxForms(dtype: string | null, halfPrecision: boolean): readonly OnnxForm[] {
  const usable = (one: Dtype): boolean =>
    dtype === null ? halfPrecision || !one.endsWith('16') : one === dtype;
  return dtypes.filter(usable).map((one) => ({ dtype: one, file: `onnx/model${dtypeSuffix[one]}.onnx` }));
}

/** OWNER/NAME and the form of a hub model of transformers.js; null for models that lie elsewhere. */
function onnxModel(spec: string): { readonly repo: string; readonly dtype: string | null } | null {
  if (!spec.startsWith('transformers:')) return null;
  const { place, dtype } = parseTransformers(spec.slice('transformers:'.length), {
    base: 'https://app.invalid/',
  });
  return place.type === 'hub' ? { repo: place.id, dtype } : null;
}

/** The name of a model of WebLLM's own list that is not to be kept elsewhere; null for others. */
function listedWebllm(spec: string): string | null {
  if (!spec.startsWith('webllm:')) return null;
  const { id, custom, cache } = parseWebllm(spec, 'https://app.invalid/');
  return custom === null && cache === 'cache' ? id : null;
}

/** The form in which an ONNX model is in storage, whole or begun; null where it is not. */
async function storedForm(
  library: Library,
  repo: string,
  forms: readonly OnnxForm[],
): Promise<string | null> {
  const found = await Promise.all(forms.map(({ dtype }) => library.find(onnxId(repo, dtype))));
  const kept = found.filter((manifest) => manifest !== null);
  return (kept.find(isComplete) ?? kept[0])?.id ?? null;
}

/** The name in storage of what a run names; a hub model of transformers.js in the form that is there, if any is. */
export async function storedName(spec: string, library: Library, names: LibraryNames): Promise<string> {
  const listed = listedWebllm(spec);
  if (listed !== null) return `webllm:${listed}`;
  const onnx = onnxModel(spec);
  if (!onnx) return spec;
  const forms = onnxForms(onnx.dtype, await names.halfPrecision());
  return (await storedForm(library, onnx.repo, forms)) ?? spec;
}

/** As `describeRemote`, also for models of the other libraries. */
export async function describeModel(
  spec: string,
  names: LibraryNames,
  options: DescribeOptions,
): Promise<RemoteModel> {
  const listed = listedWebllm(spec);
  if (listed !== null) {
    const place = await names.webllmPlace(listed);
    if (!place) throw new ConfigError(`WebLLM knows no model ${listed}.`, 'Choose one of its list.');
    return describeWebllmModel(`webllm:${listed}`, place, options);
  }
  const onnx = onnxModel(spec);
  if (onnx) return describeOnnxModel(onnx.repo, onnxForms(onnx.dtype, await names.halfPrecision()), options);
  return describeRemote(spec, options);
}

/**
 * Downloads what is missing of a model and verifies it, as `downloadModel`; an ONNX model without a form in the first one
 * that the hub has.
 */
export async function bringModel(
  library: Library,
  spec: string,
  names: LibraryNames,
  options: DownloadOptions,
): Promise<ModelManifest> {
  const { signal, endpoint } = options;
  const id = await storedName(spec, library, names);
  const listed = listedWebllm(id);
  const place = listed === null ? null : await names.webllmPlace(listed);
  if (place) await renewLibrary(library, id, place, signal);
  const describe = (to: DescribeOptions): Promise<RemoteModel> => describeModel(id, names, to);
  if (onnxModel(id)?.dtype !== null) return downloadModel(library, id, { ...options, describe });
  const remote = await describe({
    ...(signal && { signal }),
    ...(endpoint !== undefined && { endpoint }),
  }).catch((thrown: unknown) => {
    throwIfAborted(signal);
    throw thrown;
  });
  return downloadModel(library, remote.id, { ...options, describe: () => Promise.resolve(remote) });
}

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** Agents that share a model but not its settings have a worker each: the second waits for what the first brings. */
async function bring(
  spec: string,
  names: LibraryNames,
  { signal, onProgress }: LoadOptions,
): Promise<string> {
  const library = new Library(await openLibrary());
  const options: DownloadOptions = {
    ...(signal && { signal }),
    onProgress: ({ done, total }) => onProgress?.({ phase: 'download', loaded: done, total }),
  };
  try {
    return await navigator.locks.request(`arklet bring ${spec}`, signal ? { signal } : {}, async () => {
      const { id } = await bringModel(library, spec, names, options);
      return id;
    });
  } catch (thrown) {
    throwIfAborted(signal);
    throw thrown;
  }
}

/** A model of WebLLM's list into storage. */
export async function bringWebllm(id: string, place: WebllmPlace, options: LoadOptions): Promise<void> {
  const names = {
    webllmPlace: () => Promise.resolve(place),
    halfPrecision: () => Promise.resolve(false),
  };
  await bring(`webllm:${id}`, names, options);
}

/** A model of transformers.js on the hub into storage; gives its name there. */
export function bringOnnx(
  repo: string,
  { dtype, halfPrecision, ...options }: LoadOptions & { dtype: string | null; halfPrecision: boolean },
): Promise<string> {
  const names = {
    webllmPlace: () => Promise.resolve(null),
    halfPrecision: () => Promise.resolve(halfPrecision),
  };
  return bring(`transformers:${repo}${dtype === null ? '' : `@${dtype}`}`, names, options);
}

/** Which of the files that a user picked make a model, and of what kind. */
import { ConfigError } from '../core/errors';
import { parseJson } from '../core/json';
import { ggufParts } from '../lm/gguf/ggufParts';
import type { PickedFile } from './modelRecords';
import { picked } from '../specs/engine';
import type { ModelKind } from '../specs/modelEntry';
import type { SpecOf } from '../specs/spec';
import { pickedOnnx } from '../specs/transformers';
import { pickedWebllm } from '../specs/webllm';

export interface PickedModel {
  readonly kind: ModelKind;
  readonly files: readonly PickedFile[];
}

/** Under which a compiled MLC library is stored, whatever it was called. */
export const libraryFile = 'library.wasm';

/** What runs name a picked model by: its files say which runtime reads it. */
export function pickedSpec(name: string, paths: readonly string[]): SpecOf<ModelKind> {
  if (paths.includes(libraryFile)) return pickedWebllm(name);
  return paths.some((path) => path.startsWith('onnx/')) ? pickedOnnx(name) : picked(name);
}

/** File names that MLC's list of weights holds. Throws ConfigError. */
async function shardsOf(list: PickedFile): Promise<readonly string[]> {
  try {
    const { records } = parseJson(await list.blob.text()) as { records: readonly { dataPath: string }[] };
    return records.map(({ dataPath }) => dataPath);
  } catch (cause) {
    throw new ConfigError(`${list.path} is not MLC's list of weights.`, 'Convert the model again.', {
      cause,
    });
  }
}

async function compiled(picked: readonly PickedFile[]): Promise<PickedModel> {
  const libraries = picked.filter(({ path }) => path.endsWith('.wasm'));
  const [library] = libraries;
  if (!library || libraries.length > 1) {
    throw new ConfigError(
      `The folder is of an MLC model, with ${libraries.length} compiled libraries (.wasm).`,
      'Pick its folder and exactly one library, compiled for the WebLLM version that runs here.',
    );
  }
  const list = picked.find(({ path }) => /^(tensor|ndarray)-cache\.json$/.test(path));
  if (!list) {
    throw new ConfigError(
      'The folder has mlc-chat-config.json, but no list of weights (tensor-cache.json or ndarray-cache.json).',
      'Pick the folder that mlc_llm convert_weight wrote.',
    );
  }
  const shards = new Set(await shardsOf(list));
  const missing = [...shards].filter((name) => !picked.some(({ path }) => path === name));
  if (missing.length > 0) {
    throw new ConfigError(
      `${missing.length} of ${shards.size} files of weights are missing: ${missing.slice(0, 3).join(', ')}.`,
      'Pick the folder when all of them are there.',
    );
  }
  const files = picked.filter(
    ({ path }) => shards.has(path) || (!path.includes('/') && /\.(json|model|txt)$/.test(path)),
  );
  return { kind: 'webllm', files: [...files, { path: libraryFile, blob: library.blob }] };
}

/** The files of one GGUF model, in one file or in several. Throws ConfigError. */
function ggufOf(picked: readonly PickedFile[]): readonly PickedFile[] {
  const name = ({ path }: PickedFile): string => path.split('/').at(-1) ?? path;
  const models = new Map<string, readonly string[]>();
  for (const file of picked) {
    const parts = ggufParts(name(file)) ?? [name(file)];
    models.set(parts[0]!, parts);
  }
  if (models.size > 1) {
    throw new ConfigError(
      `${models.size} GGUF models were picked: ${[...models.keys()].slice(0, 6).join(', ')}.`,
      'Pick one of them.',
    );
  }
  const [parts = []] = models.values();
  const found = parts.map((part) => picked.find((file) => name(file) === part));
  const missing = parts.filter((_, i) => !found[i]);
  if (missing.length > 0) {
    throw new ConfigError(
      `The model is split into ${parts.length} parts, of which ${missing.length} ${missing.length === 1 ? 'is' : 'are'} missing: ${missing.slice(0, 3).join(', ')}.`,
      'Pick all parts together, or the folder that holds them.',
    );
  }
  return found.flatMap((file) => (file ? [{ path: name(file), blob: file.blob }] : []));
}

/**
 * A folder with config.json and safetensors, one .gguf model, an ONNX folder as transformers.js reads it, or an MLC folder
 * with its compiled library. Throws ConfigError that says what is missing.
 */
export async function pickedModel(picked: readonly PickedFile[]): Promise<PickedModel> {
  const has = (path: string): boolean => picked.some((file) => file.path === path);
  if (has('mlc-chat-config.json')) return compiled(picked);
  const top = picked.filter(({ path }) => !path.includes('/'));
  if (has('config.json')) {
    const settings = top.filter(({ path }) => /\.(json|jinja)$/.test(path));
    const weights = top.filter(({ path }) => path.endsWith('.safetensors'));
    if (weights.length > 0) return { kind: 'engine', files: [...settings, ...weights] };
    const graphs = picked.filter(({ path }) => /^onnx\/[^/]+\.onnx(_data(_\d+)?)?$/.test(path));
    if (graphs.length > 0) return { kind: 'transformers', files: [...settings, ...graphs] };
  }
  // A repository of GGUF files often holds a config.json too.
  const gguf = picked.filter(({ path }) => /\.gguf$/i.test(path));
  if (gguf.length > 0) return { kind: 'engine', files: ggufOf(gguf) };
  throw new ConfigError(
    `${picked.length === 1 ? `${picked[0]?.path ?? ''} is not a model` : `None of the ${picked.length} files is a model`}: ${has('config.json') ? 'there is neither .safetensors nor an onnx folder beside config.json' : 'there is neither config.json nor a .gguf'}.`,
    'Pick a folder as the hub has it (config.json, tokenizer.json, *.safetensors or onnx/), an MLC folder, or one .gguf file with all its parts.',
  );
}

/** The weights of a model, wherever they are: one view over a Hugging Face folder and a GGUF file, by transformers' names. */
import { decodeRows } from '../compute/encode';
import { FileFormatError, ModelError } from '../core/errors';
import { readText, type FileSource } from '../core/fileSource';
import { parseConfig } from './config';
import { openGguf, type GgufFile } from './gguf';
import { ggufConfig, huggingFaceName } from './ggufModel';
import { fileRowBytes, nativeRows, type FileEncoding } from './rowCodec';
import { openSafetensors } from './safetensors';
import type { ModelConfig } from './types';

export interface WeightEntry {
  readonly name: string;
  readonly encoding: FileEncoding;
  /** [rows, cols], or [size]. */
  readonly shape: readonly number[];
  readonly file: string;
  /** First byte of row 0 in the file. */
  readonly start: number;
  /** Rows of each head stand as (pair, half) instead of (half, pair): 0, or the head size. */
  readonly headRows: number;
}

export interface WeightFiles {
  readonly config: ModelConfig;
  readonly entries: ReadonlyMap<string, WeightEntry>;
}

const readable: readonly string[] = ['F32', 'F16', 'BF16'];

/** The one .gguf file of a source without safetensors, or null. Throws FileFormatError when there are several. */
export async function findGguf(source: FileSource): Promise<string | null> {
  const files = (await source.list())?.filter((file) => file.toLowerCase().endsWith('.gguf')) ?? [];
  if (files.length > 1 && !(await source.has('config.json'))) {
    throw new FileFormatError(
      `${source.name} holds ${files.length} GGUF files: ${files.join(', ')}.`,
      'Name the one to use.',
    );
  }
  return files.length === 1 && !(await source.has('config.json')) ? files[0]! : null;
}

/** Opens a folder (config.json + safetensors) or a single .gguf. Throws FileFormatError or ModelError. */
export async function openWeights(source: FileSource, signal?: AbortSignal): Promise<WeightFiles> {
  const gguf = await findGguf(source);
  return gguf === null ? openFolder(source, signal) : openGgufWeights(source, gguf, signal);
}

/** A JSON file of the folder. Throws FileFormatError when it is no JSON. */
export async function readJson(source: FileSource, path: string, signal?: AbortSignal): Promise<unknown> {
  const text = await readText(source, path, signal);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FileFormatError(`${path} is not valid JSON.`, 'Download the file again.', { cause });
  }
}

/** The config of a folder, with the eos ids of its generation_config.json. */
export async function readConfig(source: FileSource, signal?: AbortSignal): Promise<ModelConfig> {
  const json = await readJson(source, 'config.json', signal);
  const generation = 'generation_config.json';
  return parseConfig(json, (await source.has(generation)) ? await readJson(source, generation, signal) : {});
}

async function openFolder(source: FileSource, signal?: AbortSignal): Promise<WeightFiles> {
  const config = await readConfig(source, signal);
  const { tensors } = await openSafetensors(source, signal);
  const entries = new Map<string, WeightEntry>();
  for (const [name, { dtype, shape, file, start }] of tensors) {
    // Tensors of another dtype are left out here; one that the model needs is then reported by `needEntry`.
    const encoding = readable.includes(dtype) ? (dtype as FileEncoding) : null;
    if (encoding) entries.set(name, { name, encoding, shape, file, start, headRows: 0 });
    else if (name.endsWith('.weight') || name.endsWith('.bias')) {
      throw new FileFormatError(
        `${name} is ${dtype}; F32, F16 and BF16 can be read.`,
        'Choose the model in one of these types.',
      );
    }
  }
  return { config, entries };
}

async function openGgufWeights(source: FileSource, file: string, signal?: AbortSignal): Promise<WeightFiles> {
  const gguf = await openGguf(source, file, signal);
  const config = ggufConfig(gguf, await ropeFactors(source, gguf, signal));
  const entries = new Map<string, WeightEntry>();
  for (const tensor of gguf.tensors.values()) {
    const name = huggingFaceName(tensor.name);
    if (name === null) continue;
    const permuted = config.family === 'llama' && /attn_[qk]\.weight$/.test(tensor.name);
    const { type: encoding, shape, start } = tensor;
    entries.set(name, { name, encoding, shape, file, start, headRows: permuted ? config.headDim : 0 });
  }
  return { config, entries };
}

async function ropeFactors(
  source: FileSource,
  gguf: GgufFile,
  signal?: AbortSignal,
): Promise<Float32Array | null> {
  const tensor = gguf.tensors.get('rope_freqs.weight');
  if (!tensor || tensor.end - tensor.start > 65_536) return null;
  const bytes = await source.read(gguf.file, tensor.start, tensor.end, signal);
  return decodeRows(nativeRows(bytes, tensor.type), 1, tensor.shape[0]!);
}

/** The entry of a tensor that the model needs, checked against the shape that the config asks for. Throws ModelError. */
export function needEntry(files: WeightFiles, name: string, shape: readonly number[]): WeightEntry {
  const entry = files.entries.get(name);
  if (!entry) {
    throw new ModelError(
      `The weights lack ${name} [${shape.join(', ')}].`,
      'Download the whole model again.',
    );
  }
  if (entry.shape.length !== shape.length || entry.shape.some((n, i) => n !== shape[i])) {
    throw new ModelError(
      `${name} has shape [${entry.shape.join(', ')}], but the config asks for [${shape.join(', ')}].`,
      'Config and weights are of different models: take both from the same place.',
    );
  }
  return entry;
}

/** Bytes of one row of an entry in its file. */
export function entryRowBytes(entry: WeightEntry): number {
  return fileRowBytes(entry.encoding, entry.shape.at(-1)!);
}

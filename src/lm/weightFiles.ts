/** The weights of a model, wherever they are: one view over a Hugging Face folder and a GGUF file, by transformers' names. */
import { FileFormatError, ModelError } from '../core/errors';
import { parseJson } from '../core/json';
import { readText, type FileSource } from '../core/fileSource';
import { parseConfig } from './config';
import { foreignFile } from './foreignFile';
import type { GgufFile } from './gguf/gguf';
import { isInterleaved } from './gguf/ggufBlock';
import { ggufConfig, huggingFaceName, type RopeFactors } from './gguf/ggufModel';
import { findGguf, openGgufModel } from './gguf/splitGguf';
import { fileRowBytes, fileValues, type FileEncoding } from './rowCodec';
import { openSafetensors } from './safetensors';
import { neededNames, plainName, refuseUnused, type HeldTensor } from './tensorNames';
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
  /** Added to each value at load (norms that multiply by 1 + w). */
  readonly plus: number;
}

export { findGguf };

export interface WeightFiles {
  /** `tied` only where the file has no head of its own. */
  readonly config: ModelConfig;
  /** The config says tied, yet the file has a head: it may be a copy of the embedding. */
  readonly headMayBeCopy: boolean;
  readonly entries: ReadonlyMap<string, WeightEntry>;
}

const readable: readonly string[] = ['F32', 'F16', 'BF16'];

/** Opens a folder (config.json + safetensors) or a .gguf in one file or several. Throws FileFormatError or ModelError. */
export async function openWeights(source: FileSource, signal?: AbortSignal): Promise<WeightFiles> {
  const gguf = await findGguf(source);
  return gguf === null ? openFolder(source, signal) : openGgufWeights(source, gguf, signal);
}

/** A JSON file of the folder. Throws FileFormatError when it is no JSON. */
export async function readJson(source: FileSource, path: string, signal?: AbortSignal): Promise<unknown> {
  const text = await readText(source, path, signal);
  try {
    return parseJson(text);
  } catch (cause) {
    const foreign = await foreignFile(source, path, 'settings in JSON', signal);
    throw foreign ?? new FileFormatError(`${path} is not valid JSON.`, 'Download the file again.', { cause });
  }
}

/** The config of a folder, with the eos ids of its generation_config.json. */
export async function readConfig(source: FileSource, signal?: AbortSignal): Promise<ModelConfig> {
  const json = await readJson(source, 'config.json', signal);
  const generation = 'generation_config.json';
  return parseConfig(json, (await source.has(generation)) ? await readJson(source, generation, signal) : {});
}

async function openFolder(source: FileSource, signal?: AbortSignal): Promise<WeightFiles> {
  const said = await readConfig(source, signal);
  const { tensors } = await openSafetensors(source, signal);
  const entries = new Map<string, WeightEntry>();
  const held = new Map<string, HeldTensor & { readonly dtype: string }>();
  for (const [called, { dtype, shape, file, start }] of tensors) {
    const name = plainName(called);
    const other = held.get(name);
    if (other) {
      throw new ModelError(
        `The file holds ${name} twice: as ${other.called} and as ${called}.`,
        'Save the model again with transformers.',
      );
    }
    held.set(name, { name, called, shape, float: /^(BF|F)\d/.test(dtype), dtype });
    const encoding = readable.includes(dtype) ? (dtype as FileEncoding) : null;
    const plus = said.block.onePlus && name.endsWith('norm.weight') ? 1 : 0;
    if (encoding) entries.set(name, { name, encoding, shape, file, start, headRows: 0, plus });
  }
  const ownHead = held.has('lm_head.weight');
  const config = { ...said, tied: said.tied && !ownHead };
  refuseUnused(config, held.values());
  for (const name of neededNames(config)) {
    const tensor = held.get(name);
    if (tensor && !entries.has(name)) {
      throw new FileFormatError(
        `${tensor.called} is ${tensor.dtype}; F32, F16 and BF16 can be read.`,
        'Choose the model in one of these types.',
      );
    }
  }
  return { config, headMayBeCopy: said.tied && ownHead, entries };
}

async function openGgufWeights(source: FileSource, file: string, signal?: AbortSignal): Promise<WeightFiles> {
  const gguf = await openGgufModel(source, file, signal);
  const config = ggufConfig(gguf, await ropeFactors(source, gguf, signal));
  const entries = new Map<string, WeightEntry>();
  const held: HeldTensor[] = [];
  for (const { name: called, type: encoding, shape, file: part, start } of gguf.tensors.values()) {
    if (ropeTensors.includes(called)) continue;
    const name = huggingFaceName(called, config.block);
    held.push({ name: name ?? called, called, shape, float: true });
    if (name === null) continue;
    const permuted = isInterleaved(config.family) && /attn_[qk]\.weight$/.test(called);
    const headRows = permuted ? config.headDim : 0;
    entries.set(name, { name, encoding, shape, file: part, start, headRows, plus: 0 });
  }
  refuseUnused(config, held);
  return { config, headMayBeCopy: false, entries };
}

const ropeTensors = ['rope_freqs.weight', 'rope_factors_short.weight', 'rope_factors_long.weight'];

async function ropeFactors(source: FileSource, gguf: GgufFile, signal?: AbortSignal): Promise<RopeFactors> {
  const [all, short, long] = await Promise.all(
    ropeTensors.map((name) => factorsOf(source, gguf, name, signal)),
  );
  return { all: all ?? null, short: short ?? null, long: long ?? null };
}

async function factorsOf(
  source: FileSource,
  gguf: GgufFile,
  name: string,
  signal?: AbortSignal,
): Promise<Float32Array | null> {
  const tensor = gguf.tensors.get(name);
  if (!tensor) return null;
  if (tensor.end - tensor.start > 65_536)
    throw new FileFormatError(`${name} has ${tensor.shape.join(' x ')} values.`, 'Download the file again.');
  const bytes = await source.read(tensor.file, tensor.start, tensor.end, signal);
  return fileValues(bytes, tensor.type);
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

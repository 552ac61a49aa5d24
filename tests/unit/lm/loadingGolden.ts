/** The tiny Llama of tests/golden/loading/make.py, as files that a test can change, and the cases of tests/cases. */
import { plainBlock } from '../../../src/lm/block/form';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeSource } from '../../../scripts/nodeSource';
import { MemorySource, type FileSource } from '../../../src/core/fileSource';
import { forwardLogits } from '../../../src/lm/forward';
import { loadModel } from '../../../src/lm/load';
import { readHeader, readTensor, writeSafetensors, type TensorToWrite } from '../../../src/lm/safetensors';
import type { LanguageModel } from '../../../src/lm/types';
import { ggufName } from '../../../src/train/mergedGguf';
import { permuteHeads } from '../../../src/train/ggufAdapter';
import { writeGguf, type GgufMeta, type GgufTensorToWrite } from '../../../src/train/ggufWriter';
import { createReferenceBackend } from './fixtures';

const folder = join(import.meta.dirname, '../../golden/loading');
const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

export interface LoadingCases {
  readonly q6_k: string;
  readonly ids: number[];
  readonly spellings: Readonly<Record<string, object>>;
  readonly adapters: Readonly<Record<string, object>>;
  readonly refused: Readonly<Record<string, object>>;
}

export const cases = json('cases.json') as LoadingCases;
export const tinyConfig = json('config.json') as Readonly<Record<string, unknown>>;

async function tensorsOf(file: string): Promise<Map<string, TensorToWrite & { data: Float32Array }>> {
  const source = await NodeSource.open(folder);
  const { tensors } = await readHeader(source, file);
  const list = new Map<string, TensorToWrite & { data: Float32Array }>();
  for (const [name, entry] of tensors) {
    const data = Float32Array.from(await readTensor(source, entry));
    list.set(name, { name, dtype: 'F32', shape: entry.shape, data });
  }
  return list;
}

export const tinyTensors = (): ReturnType<typeof tensorsOf> => tensorsOf('model.safetensors');
const wanted = tensorsOf('logits.safetensors');
export const wantedLogits = async (name: string): Promise<Float32Array> => (await wanted).get(name)!.data;

const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

/** A PEFT folder of the golden. */
export async function tinyAdapter(
  name: string,
  change: object = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const prefix = `weights.${name}.`;
  const tensors = [...(await wanted).values()]
    .filter((tensor) => tensor.name.startsWith(prefix))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }));
  return new Map([
    ['adapter_config.json', bytesOf({ ...cases.adapters[name], ...change })],
    ['adapter_model.safetensors', writeSafetensors(tensors)],
  ]);
}

export function safetensorsFolder(
  tensors: Iterable<TensorToWrite>,
  config: object = tinyConfig,
): MemorySource {
  return new MemorySource([
    ['config.json', bytesOf(config)],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
}

/** The tiny model as a GGUF, with further metadata and tensors. */
export async function tinyGguf(
  meta: Readonly<Record<string, GgufMeta>> = {},
  extra: readonly GgufTensorToWrite[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const u32 = (value: number): GgufMeta => ({ type: 'u32', value });
  const head = new Map<string, GgufMeta>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['llama.block_count', u32(3)],
    ['llama.context_length', u32(64)],
    ['llama.embedding_length', u32(16)],
    ['llama.feed_forward_length', u32(24)],
    ['llama.attention.head_count', u32(2)],
    ['llama.attention.head_count_kv', u32(1)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
    ['llama.rope.freq_base', { type: 'f32', value: 10_000 }],
    ...Object.entries(meta),
  ]);
  const tensors = [...(await tinyTensors()).values()].map(({ name, shape, data }): GgufTensorToWrite => ({
    name: ggufName(name, { block: plainBlock }),
    shape,
    type: 'F32',
    data: /[qk]_proj/.test(name) ? permuteHeads(data, shape[1]!, 8) : data,
  }));
  return writeGguf(head, [...tensors, ...extra]);
}

export const ggufSource = (bytes: Uint8Array<ArrayBuffer>): MemorySource =>
  new MemorySource([['m.gguf', bytes]]);

export async function tinyLogits(source: FileSource): Promise<Float32Array> {
  return forwardLogits(await loadTiny(source), cases.ids);
}

export const loadTiny = (source: FileSource): Promise<LanguageModel> =>
  loadModel(source, createReferenceBackend(), { maxContext: 64 });

export const casePath = (...parts: string[]): string => join(import.meta.dirname, '../../cases', ...parts);

/** The first case of a folder of tests/cases. */
export function sharedCase(name: string): { readonly ids: number[]; readonly want: () => Float32Array } {
  const [first] = JSON.parse(readFileSync(casePath(name, 'case.json'), 'utf8')) as {
    ids: number[];
    want: string;
  }[];
  return {
    ids: first!.ids,
    want() {
      const bytes = readFileSync(casePath(name, first!.want));
      const start = 10 + bytes.readUInt16LE(8);
      return new Float32Array(new Uint8Array(bytes.subarray(start)).buffer);
    },
  };
}

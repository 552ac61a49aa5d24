/** The merged model as one GGUF file that llama.cpp loads (its convert_hf_to_gguf.py). */
import { encodeRows } from '../compute/encode';
import type { FileSource } from '../core/fileSource';
import { inverseFrequencies } from '../lm/rotary';
import { linearNames } from '../lm/types';
import type { LanguageModel, LoraAdapter, ModelConfig } from '../lm/types';
import { ggufLinear, isPermuted, permuteHeads } from './ggufAdapter';
import { fitsBlocks, ggufBlocksOf } from './ggufQuantise';
import { ggufTokenizerMeta } from './ggufTokenizer';
import { writeGguf } from './ggufWriter';
import type { GgufMeta, GgufTensorToWrite } from './ggufWriter';
import { modelTensors } from './merge';
import type { FloatFormat, MergeHooks } from './merge';

const norms: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  q_norm: 'attn_q_norm',
  k_norm: 'attn_k_norm',
};

/** llama.cpp's name of a tensor under transformers' name. */
export function ggufName(name: string): string {
  if (name === 'model.embed_tokens.weight') return 'token_embd.weight';
  if (name === 'lm_head.weight') return 'output.weight';
  if (name === 'model.norm.weight') return 'output_norm.weight';
  const match = /^model\.layers\.(\d+)\.(?:\w+\.)?(\w+)\.(weight|bias)$/.exec(name);
  const [, layer, module = '', kind] = match ?? [];
  const linear = linearNames.find((known) => known === module);
  return `blk.${layer}.${linear ? ggufLinear[linear] : (norms[module] ?? module)}.${kind}`;
}

/** Precision of a GGUF's matrices. */
export type GgufFormat = FloatFormat | 'q8_0' | 'q4_0';
/** llama.cpp's numbers of them (llama_ftype). */
const fileTypes: Readonly<Record<GgufFormat, number>> = { f32: 0, f16: 1, q4_0: 2, q8_0: 7, bf16: 32 };

function architectureMeta(config: ModelConfig, format: GgufFormat): Map<string, GgufMeta> {
  const at = (name: string) => `${config.family}.${name}`;
  const u32 = (value: number): GgufMeta => ({ type: 'u32', value });
  const f32 = (value: number): GgufMeta => ({ type: 'f32', value });
  const meta = new Map<string, GgufMeta>([
    ['general.architecture', { type: 'string', value: config.family }],
    ['general.type', { type: 'string', value: 'model' }],
    ['general.name', { type: 'string', value: 'merged model' }],
    ['general.file_type', u32(fileTypes[format])],
    ['general.quantization_version', u32(2)],
    [at('block_count'), u32(config.layers)],
    [at('context_length'), u32(config.maxPosition)],
    [at('embedding_length'), u32(config.hidden)],
    [at('feed_forward_length'), u32(config.ffn)],
    [at('attention.head_count'), u32(config.heads)],
    [at('attention.head_count_kv'), u32(config.kvHeads)],
    [at('attention.key_length'), u32(config.headDim)],
    [at('attention.value_length'), u32(config.headDim)],
    [at('attention.layer_norm_rms_epsilon'), f32(config.eps)],
    [at('rope.freq_base'), f32(config.ropeTheta)],
    [at('rope.dimension_count'), u32(config.headDim)],
    [at('vocab_size'), u32(config.vocab)],
  ]);
  if (config.ropeScaling.type === 'linear') {
    meta.set(at('rope.scaling.type'), { type: 'string', value: 'linear' });
    meta.set(at('rope.scaling.factor'), f32(config.ropeScaling.factor));
  }
  return meta;
}

/** A matrix as the file holds it: embedding and head of a 4-bit file in 8 bits, rows that no block divides in f16. */
function matrixOf(name: string, rows: Float32Array, cols: number, format: GgufFormat) {
  if (format === 'q8_0' || format === 'q4_0') {
    const whole = name === 'model.embed_tokens.weight' || name === 'lm_head.weight';
    const type = format === 'q8_0' || whole ? 'Q8_0' : 'Q4_0';
    if (fitsBlocks(cols)) return { type, data: ggufBlocksOf(rows, type) } as const;
  }
  const encoded = encodeRows(rows, cols, format === 'q8_0' || format === 'q4_0' ? 'f16' : format);
  if (encoded.format === 'q8' || encoded.format === 'q4') return null;
  return { type: ({ f32: 'F32', f16: 'F16', bf16: 'BF16' } as const)[encoded.format], data: encoded.values };
}

/** Matrices in `format`, vectors in f32. Throws ModelError where the tokenizer cannot be written to GGUF. */
export async function mergedGguf(
  model: LanguageModel,
  adapter: LoraAdapter | null,
  options: { format: GgufFormat; source: FileSource } & MergeHooks,
): Promise<Uint8Array<ArrayBuffer>> {
  const { config } = model;
  const meta = architectureMeta(config, options.format);
  for (const [key, entry] of await ggufTokenizerMeta(options.source, config)) meta.set(key, entry);
  const tensors: GgufTensorToWrite[] = [];
  if (config.ropeScaling.type === 'llama3') {
    // Divisors of the plain frequencies.
    const scaled = inverseFrequencies(config);
    const plain = inverseFrequencies({ ...config, ropeScaling: { type: 'default' } });
    const data = Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!);
    tensors.push({ name: 'rope_freqs.weight', shape: [data.length], type: 'F32', data });
  }
  for await (const { name, shape, values } of modelTensors(model, adapter, options)) {
    const cols = shape.at(-1) ?? values.length;
    const linear = linearNames.find((known) => name.endsWith(`${known}.weight`));
    const rows = linear && isPermuted(config, linear) ? permuteHeads(values, cols, config.headDim) : values;
    const matrix = matrixOf(name, rows, cols, shape.length === 1 ? 'f32' : options.format);
    if (matrix) tensors.push({ name: ggufName(name), shape, ...matrix });
  }
  return writeGguf(meta, tensors);
}

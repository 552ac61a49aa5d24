/** The merged model as one GGUF file that llama.cpp loads (its convert_hf_to_gguf.py). */
import { encodeRows } from '../compute/encode';
import { ModelError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import { yarnAttention } from '../lm/block/ropeConfig';
import { ggufArchitecture, layerModules } from '../lm/gguf/ggufBlock';
import { ggufConfig, type RopeFactors } from '../lm/gguf/ggufModel';
import { inverseFrequencies, ropeOf } from '../lm/rotary';
import { linearNames } from '../lm/types';
import type { LanguageModel, LoraAdapter, ModelConfig } from '../lm/types';
import { isPermuted, permuteHeads } from './ggufAdapter';
import { fitsBlocks, ggufBlocksOf } from './ggufQuantise';
import { ggufTokenizerMeta } from './ggufTokenizer';
import { writeGguf } from './ggufWriter';
import type { GgufMeta, GgufTensorToWrite } from './ggufWriter';
import { modelTensors } from './merge';
import type { FloatFormat, MergeHooks } from './merge';

/** llama.cpp's name of a tensor under transformers' name. */
export function ggufName(name: string, { block }: Pick<ModelConfig, 'block'>): string {
  if (name === 'model.embed_tokens.weight') return 'token_embd.weight';
  if (name === 'lm_head.weight') return 'output.weight';
  if (name === 'model.norm.weight') return 'output_norm.weight';
  const [, layer, module = '', kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
  const [called = module] = Object.entries(layerModules(block)).find(([, theirs]) => theirs === module) ?? [];
  return `blk.${layer}.${called}.${kind}`;
}

/** Precision of a GGUF's matrices. */
export type GgufFormat = FloatFormat | 'q8_0' | 'q4_0';
/** llama.cpp's numbers of them (llama_ftype). */
const fileTypes: Readonly<Record<GgufFormat, number>> = { f32: 0, f16: 1, q4_0: 2, q8_0: 7, bf16: 32 };

function architectureMeta(config: ModelConfig, format: GgufFormat): Map<string, GgufMeta> {
  const architecture = ggufArchitecture(config.family);
  const at = (name: string) => `${architecture}.${name}`;
  const u32 = (value: number): GgufMeta => ({ type: 'u32', value });
  const f32 = (value: number): GgufMeta => ({ type: 'f32', value });
  const text = (value: string): GgufMeta => ({ type: 'string', value });
  const { block, ropeScaling: scaling } = config;
  const meta = new Map<string, GgufMeta>([
    ['general.architecture', text(architecture)],
    ['general.type', text('model')],
    ['general.name', text('merged model')],
    ['general.file_type', u32(fileTypes[format])],
    ['general.quantization_version', u32(2)],
    [at('block_count'), u32(config.layers)],
    [at('context_length'), u32(scaling.type === 'longrope' ? scaling.longMaxPosition : config.maxPosition)],
    [at('embedding_length'), u32(config.hidden)],
    [at('feed_forward_length'), u32(config.ffn)],
    [at('attention.head_count'), u32(config.heads)],
    [at('attention.head_count_kv'), u32(config.kvHeads)],
    [at('attention.key_length'), u32(config.headDim)],
    [at('attention.value_length'), u32(config.headDim)],
    [at('attention.layer_norm_rms_epsilon'), f32(config.eps)],
    [at('rope.freq_base'), f32(config.ropeTheta)],
    [at('rope.dimension_count'), u32(block.rotated ?? config.headDim)],
    [at('vocab_size'), u32(config.vocab)],
  ]);
  if (scaling.type === 'linear' || scaling.type === 'yarn') {
    meta.set(at('rope.scaling.type'), text(scaling.type));
    meta.set(at('rope.scaling.factor'), f32(scaling.factor));
  }
  if (scaling.type === 'yarn' || scaling.type === 'longrope')
    meta.set(at('rope.scaling.original_context_length'), u32(scaling.originalMaxPosition));
  if (scaling.type === 'longrope') meta.set(at('rope.scaling.attn_factor'), f32(scaling.attentionFactor));
  if (config.family === 'granite') {
    meta.set(at('embedding_scale'), f32(block.embeddingScale));
    meta.set(at('residual_scale'), f32(block.residualScale));
    meta.set(at('attention.scale'), f32(block.attentionScale ?? config.headDim ** -0.5));
    meta.set(at('logit_scale'), f32(block.logitDivisor));
  }
  if (block.norms === 'both') {
    meta.set(at('attention.sliding_window'), u32(block.window ?? config.maxPosition));
    if (block.attentionCap !== null) meta.set(at('attn_logit_softcapping'), f32(block.attentionCap));
    if (block.logitCap !== null) meta.set(at('final_logit_softcapping'), f32(block.logitCap));
  }
  if (config.family === 'phi3') meta.set(at('attention.sliding_window'), u32(block.window ?? 0));
  return meta;
}

/** Divisors of the frequencies, by tensor. */
function ropeFactors(config: ModelConfig): RopeFactors {
  const { ropeScaling: scaling } = config;
  const none = { all: null, short: null, long: null };
  if (scaling.type === 'longrope') {
    const [short, long] = [scaling.shortFactors, scaling.longFactors].map((list) => Float32Array.from(list));
    return { ...none, short: short ?? null, long: long ?? null };
  }
  const rope = ropeOf(config, 'main');
  if (scaling.type !== 'llama3' || !rope) return none;
  const scaled = inverseFrequencies(rope);
  const plain = inverseFrequencies({ ...rope, ropeScaling: { type: 'default' } });
  return { ...none, all: Float32Array.from(plain, (frequency, i) => frequency / scaled[i]!) };
}

/** Throws ModelError where the file would be read as another model than this one. */
function refuseUnsayable(
  config: ModelConfig,
  meta: ReadonlyMap<string, GgufMeta>,
  factors: RopeFactors,
): void {
  const refuse = (what: string): never => {
    throw new ModelError(
      `A GGUF cannot say ${what} of this model, and llama.cpp would compute something else.`,
      'Export it as safetensors.',
    );
  };
  const { block, ropeScaling: scaling } = config;
  if (block.oBias || block.mlpBias || (config.qkvBias && config.family !== 'qwen2')) refuse('the biases');
  if (
    scaling.type === 'yarn' &&
    (Math.abs(scaling.attentionFactor - yarnAttention(scaling.factor)) > 1e-6 ||
      scaling.betaFast !== 32 ||
      scaling.betaSlow !== 1 ||
      !scaling.truncate)
  )
    refuse('the rope scaling');
  const metadata = new Map([...meta].map(([key, { value }]) => [key, value]));
  const read = ggufConfig({ metadata, tensors: new Map() }, factors).block;
  const same = (Object.keys(block) as (keyof typeof block)[]).every((key) => {
    const [ours, theirs] = [block[key], read[key]];
    if (typeof ours === 'number' && typeof theirs === 'number') return Math.abs(ours / theirs - 1) < 1e-6;
    // Where attention's scale is not said, it is the usual one.
    if (key === 'attentionScale')
      return Math.abs((block[key] ?? config.headDim ** -0.5) * Math.sqrt(config.headDim) - 1) < 1e-6;
    return JSON.stringify(ours) === JSON.stringify(theirs);
  });
  if (!same) refuse('the windows, positions or scales');
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

/** Matrices in `format`, vectors in f32. Throws ModelError where the tokenizer or the model cannot be written to GGUF. */
export async function mergedGguf(
  model: LanguageModel,
  adapter: LoraAdapter | null,
  options: { format: GgufFormat; source: FileSource } & MergeHooks,
): Promise<Uint8Array<ArrayBuffer>> {
  const { config } = model;
  const meta = architectureMeta(config, options.format);
  const factors = ropeFactors(config);
  refuseUnsayable(config, meta, factors);
  for (const [key, entry] of await ggufTokenizerMeta(options.source, config)) meta.set(key, entry);
  const tensors: GgufTensorToWrite[] = [];
  const named = {
    rope_freqs: factors.all,
    rope_factors_short: factors.short,
    rope_factors_long: factors.long,
  };
  for (const [name, data] of Object.entries(named))
    if (data) tensors.push({ name: `${name}.weight`, shape: [data.length], type: 'F32', data });
  for await (const { name, shape, values } of modelTensors(model, adapter, options)) {
    const cols = shape.at(-1) ?? values.length;
    const linear = linearNames.find((known) => name.endsWith(`${known}.weight`));
    const rows = linear && isPermuted(config, linear) ? permuteHeads(values, cols, config.headDim) : values;
    const matrix = matrixOf(name, rows, cols, shape.length === 1 ? 'f32' : options.format);
    if (matrix) tensors.push({ name: ggufName(name, config), shape, ...matrix });
  }
  return writeGguf(meta, tensors);
}

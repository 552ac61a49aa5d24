/** What a GGUF's metadata says about the model: config and tensor names. */
import { ModelError } from '../../core/errors';
import { shownValue, type GgufFile, type GgufValue } from './gguf';
import { checkConfig } from '../config';
import type { BlockForm } from '../block/form';
import { longropeAttention, yarnAttention } from '../block/ropeConfig';
import { llama3Divisor } from '../rotary';
import type { ModelConfig, RopeScaling } from '../types';
import { ggufBlock, ggufFamilies, layerModules, longestOf } from './ggufBlock';

const hint = 'Download the file again, or convert it again with llama.cpp.';

/** Tensors by which the frequencies of rotary positions are divided: of Llama 3, or for short and long contexts. */
export interface RopeFactors {
  readonly all: Float32Array | null;
  readonly short: Float32Array | null;
  readonly long: Float32Array | null;
}

/**
 * The config of a GGUF. `ropeFactors` are the values of rope_freqs.weight and its like where the file has them.
 * Throws ModelError for an unknown architecture and for missing or absurd numbers.
 */
export function ggufConfig(
  gguf: Pick<GgufFile, 'metadata' | 'tensors'>,
  ropeFactors: RopeFactors,
): ModelConfig {
  const said = gguf.metadata.get('general.architecture');
  const architecture = typeof said === 'string' && Object.hasOwn(ggufFamilies, said) ? said : '';
  const family = ggufFamilies[architecture];
  if (family === undefined) {
    throw new ModelError(
      `The GGUF's architecture is ${shownValue(said)}; known are ${Object.keys(ggufFamilies).join(', ')}.`,
      'Choose a model of one of these families.',
    );
  }
  const number = (name: string, most: number): number | undefined => {
    const value = gguf.metadata.get(`${architecture}.${name}`);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !(value > 0) || value > most) {
      throw new ModelError(
        `${architecture}.${name} is ${shownValue(value)}; up to ${most} is possible.`,
        hint,
      );
    }
    return value;
  };
  const whole = (name: string, most: number): number | undefined => {
    const value = number(name, most);
    if (value !== undefined && !Number.isInteger(value)) {
      throw new ModelError(`${architecture}.${name} is ${value}, no whole number.`, hint);
    }
    return value;
  };
  const need = (name: string, value: number | undefined): number => {
    if (value === undefined) throw new ModelError(`The GGUF lacks ${architecture}.${name}.`, hint);
    return value;
  };
  const hidden = need('embedding_length', whole('embedding_length', 65_536));
  const heads = need('attention.head_count', whole('attention.head_count', 1_024));
  const embed = gguf.tensors.get('token_embd.weight');
  const vocab = embed?.shape[0] ?? need('vocab_size', whole('vocab_size', 4_194_304));
  const experts = gguf.metadata.get(`${architecture}.expert_count`);
  if (typeof experts === 'number' && experts > 0) {
    throw new ModelError(`The model is a mixture of ${experts} experts, which is not supported.`, 'Choose a dense model.'); // prettier-ignore
  }
  if (gguf.metadata.get(`${architecture}.attention.causal`) === false) {
    throw new ModelError('The model reads both ways (it makes embeddings); text cannot be written with it.', 'Choose a model that writes text.'); // prettier-ignore
  }
  const headDim = whole('attention.key_length', 1_024) ?? Math.floor(hidden / heads);
  const valueDim = whole('attention.value_length', 1_024) ?? headDim;
  const rotated = whole('rope.dimension_count', 1_024) ?? headDim;
  if (valueDim !== headDim || (rotated !== headDim && family !== 'phi3')) {
    throw new ModelError(
      `Heads are of ${headDim} elements, of which ${rotated} are rotated, and their values of ${valueDim}: all must be equal.`,
      'Choose a model with full rotary positions.',
    );
  }
  const ropeTheta = number('rope.freq_base', 1e12) ?? 10_000;
  const eos = [...ids(gguf.metadata.get('tokenizer.ggml.eos_token_id')), ...ids(gguf.metadata.get('tokenizer.ggml.eot_token_id'))]; // prettier-ignore
  const layers = need('block_count', whole('block_count', 1_024));
  const length = whole('context_length', 16_777_216) ?? 2048;
  const ropeScaling = ggufScaling(gguf, architecture, { theta: ropeTheta, rotated, length }, ropeFactors);
  // 0 stands for none.
  const plain = (name: string): number | undefined =>
    gguf.metadata.get(`${architecture}.${name}`) === 0 ? 0 : number(name, 1e12);
  const longest = longestOf(family, length, plain('attention.sliding_window'));
  const maxPosition =
    ropeScaling.type === 'longrope' ? Math.min(longest, ropeScaling.originalMaxPosition) : longest;
  const facts = { hidden, heads, headDim, layers, rotated, maxPosition };
  return checkConfig({
    family,
    hidden,
    layers,
    heads,
    kvHeads: whole('attention.head_count_kv', 1_024) ?? heads,
    headDim,
    ffn: need('feed_forward_length', whole('feed_forward_length', 1_048_576)),
    vocab,
    eps: need('attention.layer_norm_rms_epsilon', number('attention.layer_norm_rms_epsilon', 1)),
    ropeTheta,
    ropeScaling,
    tied: !gguf.tensors.has('output.weight'),
    qkvBias: family === 'qwen2',
    qkNorm: family === 'qwen3' || family === 'gemma3_text' || family === 'olmo2',
    block: ggufBlock(family, { ...facts, number: plain }),
    maxPosition,
    bosId: ids(gguf.metadata.get('tokenizer.ggml.bos_token_id'))[0] ?? null,
    eosIds: [...new Set(eos)],
  });
}

/**
 * Rope scaling as llama.cpp writes it: Llama 3's and Phi-3's as divisors of the frequencies. Llama 3's are recognised by comparing with
 * the settings of Llama 3.1 to 3.3.
 */
function ggufScaling(
  gguf: Pick<GgufFile, 'metadata'>,
  architecture: string,
  rope: { readonly theta: number; readonly rotated: number; readonly length: number },
  factors: RopeFactors,
): RopeScaling {
  const value = (name: string): GgufValue | undefined => gguf.metadata.get(`${architecture}.rope.${name}`);
  // As llama.cpp reads them: linear where no type is given, and the older key where the newer is not there.
  const type = value('scaling.type') ?? 'linear';
  const given = value('scaling.factor') || value('scale_linear') || 1;
  if (type !== 'none' && type !== 'linear' && type !== 'yarn' && type !== 'longrope')
    throw new ModelError(`Rope scaling ${shownValue(type)} is not supported.`, 'Choose a model without it.');
  if (typeof given !== 'number' || !(given > 0) || !Number.isFinite(given))
    throw new ModelError(`The rope scaling factor is ${shownValue(given)}.`, hint);
  const original = Number(value('scaling.original_context_length') || rope.length);
  const attention = Number(value('scaling.attn_factor') || 0);
  const factor = type === 'none' ? 1 : given;
  const half = rope.rotated / 2;
  if (factors.short && factors.long) {
    if (factors.short.length !== half || factors.long.length !== half) unknownWay();
    return {
      type: 'longrope',
      shortFactors: [...factors.short],
      longFactors: [...factors.long],
      attentionFactor: attention || longropeAttention(rope.length / original, original),
      originalMaxPosition: original,
      longMaxPosition: rope.length,
    };
  }
  if (type === 'longrope') unknownWay();
  if (type === 'yarn') {
    if (attention !== 0 && attention !== 1) unknownWay();
    if (['yarn_log_multiplier', 'yarn_ext_factor', 'yarn_attn_factor'].some((name) => value(`scaling.${name}`) !== undefined)) unknownWay(); // prettier-ignore
    return {
      type,
      factor,
      attentionFactor: yarnAttention(factor),
      betaFast: Number(value('scaling.yarn_beta_fast') || 32),
      betaSlow: Number(value('scaling.yarn_beta_slow') || 1),
      originalMaxPosition: original,
      truncate: true,
    };
  }
  if (factors.all === null) return factor === 1 ? { type: 'default' } : { type: 'linear', factor };
  const scaling = {
    type: 'llama3' as const,
    factor: factors.all.reduce((most, one) => Math.max(most, one), 1),
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPosition: 8192,
  };
  const known =
    factor === 1 &&
    factors.all.length === half &&
    factors.all.every(
      (one, i) => Math.abs(one / llama3Divisor(rope.theta ** (-i / half), scaling) - 1) < 1e-4,
    );
  return known ? scaling : unknownWay();
}

function unknownWay(): never {
  throw new ModelError('The file scales rotary frequencies in an unknown way.', 'Use the safetensors form of this model.'); // prettier-ignore
}

function ids(value: GgufValue | undefined): number[] {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? [value] : [];
}

/** transformers' name of a GGUF tensor, or null for one that the model does not need. */
export function huggingFaceName(name: string, block: BlockForm): string | null {
  if (name === 'token_embd.weight') return 'model.embed_tokens.weight';
  if (name === 'output.weight') return 'lm_head.weight';
  if (name === 'output_norm.weight') return 'model.norm.weight';
  const [, layer, called = '', kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const modules = layerModules(block);
  return Object.hasOwn(modules, called) ? `model.layers.${layer}.${modules[called]}.${kind}` : null;
}

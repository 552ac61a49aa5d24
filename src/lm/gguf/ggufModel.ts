/** What a GGUF's metadata says about the model: config and tensor names. */
import { ModelError } from '../../core/errors';
import { shownValue, type GgufFile, type GgufValue } from './gguf';
import { checkConfig } from '../config';
import { llama3Divisor } from '../rotary';
import type { Family, ModelConfig, RopeScaling } from '../types';

const families: Readonly<Record<string, Family>> = { llama: 'llama', qwen2: 'qwen2', qwen3: 'qwen3' };
const hint = 'Download the file again, or convert it again with llama.cpp.';

/**
 * The config of a GGUF. `ropeFactors` are the values of the tensor rope_freqs.weight where the file has one.
 * Throws ModelError for an unknown architecture and for missing or absurd numbers.
 */
export function ggufConfig(gguf: GgufFile, ropeFactors: Float32Array | null): ModelConfig {
  const architecture = gguf.metadata.get('general.architecture');
  const family = typeof architecture === 'string' ? families[architecture] : undefined;
  if (family === undefined) {
    throw new ModelError(
      `The GGUF's architecture is ${shownValue(architecture)}; known are ${Object.keys(families).join(', ')}.`,
      'Choose a model of one of these families.',
    );
  }
  const number = (name: string, most: number): number | undefined => {
    const value = gguf.metadata.get(`${family}.${name}`);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !(value > 0) || value > most) {
      throw new ModelError(`${family}.${name} is ${shownValue(value)}; up to ${most} is possible.`, hint);
    }
    return value;
  };
  const whole = (name: string, most: number): number | undefined => {
    const value = number(name, most);
    if (value !== undefined && !Number.isInteger(value)) {
      throw new ModelError(`${family}.${name} is ${value}, no whole number.`, hint);
    }
    return value;
  };
  const need = (name: string, value: number | undefined): number => {
    if (value === undefined) throw new ModelError(`The GGUF lacks ${family}.${name}.`, hint);
    return value;
  };
  const hidden = need('embedding_length', whole('embedding_length', 65_536));
  const heads = need('attention.head_count', whole('attention.head_count', 1_024));
  const embed = gguf.tensors.get('token_embd.weight');
  const vocab = embed?.shape[0] ?? need('vocab_size', whole('vocab_size', 4_194_304));
  const experts = gguf.metadata.get(`${family}.expert_count`);
  if (typeof experts === 'number' && experts > 0) {
    throw new ModelError(`The model is a mixture of ${experts} experts, which is not supported.`, 'Choose a dense model.'); // prettier-ignore
  }
  if (gguf.metadata.get(`${family}.attention.causal`) === false) {
    throw new ModelError('The model reads both ways (it makes embeddings); text cannot be written with it.', 'Choose a model that writes text.'); // prettier-ignore
  }
  const headDim = whole('attention.key_length', 1_024) ?? Math.floor(hidden / heads);
  const valueDim = whole('attention.value_length', 1_024) ?? headDim;
  const rotated = whole('rope.dimension_count', 1_024) ?? headDim;
  if (valueDim !== headDim || rotated !== headDim) {
    throw new ModelError(
      `Heads are of ${headDim} elements, of which ${rotated} are rotated, and their values of ${valueDim}: all must be equal.`,
      'Choose a model with full rotary positions.',
    );
  }
  const ropeTheta = number('rope.freq_base', 1e12) ?? 10_000;
  const eos = [...ids(gguf.metadata.get('tokenizer.ggml.eos_token_id')), ...ids(gguf.metadata.get('tokenizer.ggml.eot_token_id'))]; // prettier-ignore
  return checkConfig({
    family,
    hidden,
    layers: need('block_count', whole('block_count', 1_024)),
    heads,
    kvHeads: whole('attention.head_count_kv', 1_024) ?? heads,
    headDim,
    ffn: need('feed_forward_length', whole('feed_forward_length', 1_048_576)),
    vocab,
    eps: need('attention.layer_norm_rms_epsilon', number('attention.layer_norm_rms_epsilon', 1)),
    ropeTheta,
    ropeScaling: ggufScaling(gguf, family, ropeTheta, headDim, ropeFactors),
    tied: !gguf.tensors.has('output.weight'),
    qkvBias: family === 'qwen2',
    qkNorm: family === 'qwen3',
    maxPosition: whole('context_length', 16_777_216) ?? 2048,
    bosId: ids(gguf.metadata.get('tokenizer.ggml.bos_token_id'))[0] ?? null,
    eosIds: [...new Set(eos)],
  });
}

/** llama.cpp writes Llama 3's scaling as divisors of the frequencies: recognised by comparing with Llama 3.1 to 3.3's settings. */
function ggufScaling(
  gguf: GgufFile,
  family: Family,
  theta: number,
  headDim: number,
  factors: Float32Array | null,
): RopeScaling {
  // As llama.cpp reads them: linear where no type is given, and the older key where the newer is not there.
  const type = gguf.metadata.get(`${family}.rope.scaling.type`) ?? 'linear';
  const given = gguf.metadata.get(`${family}.rope.scaling.factor`) || gguf.metadata.get(`${family}.rope.scale_linear`) || 1; // prettier-ignore
  if (type !== 'none' && type !== 'linear')
    throw new ModelError(`Rope scaling ${shownValue(type)} is not supported.`, 'Choose a model without it.');
  if (typeof given !== 'number' || !(given > 0) || !Number.isFinite(given))
    throw new ModelError(`The rope scaling factor is ${shownValue(given)}.`, hint);
  const factor = type === 'none' ? 1 : given;
  if (factors === null) return factor === 1 ? { type: 'default' } : { type: 'linear', factor };
  const scaling = {
    type: 'llama3' as const,
    factor: factors.reduce((most, value) => Math.max(most, value), 1),
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPosition: 8192,
  };
  const half = headDim / 2;
  const known =
    factor === 1 &&
    factors.length === half &&
    factors.every((value, i) => Math.abs(value / llama3Divisor(theta ** (-i / half), scaling) - 1) < 1e-4);
  if (!known) throw new ModelError('The file scales rotary frequencies in an unknown way.', 'Use the safetensors form of this model.'); // prettier-ignore
  return scaling;
}

function ids(value: GgufValue | undefined): number[] {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? [value] : [];
}

const endings: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'input_layernorm.weight',
  'attn_q.weight': 'self_attn.q_proj.weight',
  'attn_k.weight': 'self_attn.k_proj.weight',
  'attn_v.weight': 'self_attn.v_proj.weight',
  'attn_q.bias': 'self_attn.q_proj.bias',
  'attn_k.bias': 'self_attn.k_proj.bias',
  'attn_v.bias': 'self_attn.v_proj.bias',
  'attn_q_norm.weight': 'self_attn.q_norm.weight',
  'attn_k_norm.weight': 'self_attn.k_norm.weight',
  'attn_output.weight': 'self_attn.o_proj.weight',
  'ffn_norm.weight': 'post_attention_layernorm.weight',
  'ffn_gate.weight': 'mlp.gate_proj.weight',
  'ffn_up.weight': 'mlp.up_proj.weight',
  'ffn_down.weight': 'mlp.down_proj.weight',
};

/** transformers' name of a GGUF tensor, or null for one that the model does not need. */
export function huggingFaceName(name: string): string | null {
  if (name === 'token_embd.weight') return 'model.embed_tokens.weight';
  if (name === 'output.weight') return 'lm_head.weight';
  if (name === 'output_norm.weight') return 'model.norm.weight';
  const match = /^blk\.(\d+)\.(.+)$/.exec(name);
  const ending = match ? endings[match[2]!] : undefined;
  return match && ending ? `model.layers.${match[1]}.${ending}` : null;
}

/** config.json (as older and newer transformers write it) to a ModelConfig. */
import * as v from 'valibot';
import { ModelError } from '../core/errors';
import type { Family, ModelConfig, RopeScaling } from './types';

const families = ['llama', 'qwen2', 'qwen3'] as const satisfies readonly Family[];
const size = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
// Ids that no token has (-1 for none, as some configs say it) are left out below.
const id = v.pipe(v.number(), v.integer());
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const ropeSchema = v.looseObject({
  rope_theta: v.nullish(positive),
  rope_type: v.nullish(v.string()),
  type: v.nullish(v.string()),
  factor: v.nullish(positive),
  low_freq_factor: v.nullish(positive),
  high_freq_factor: v.nullish(positive),
  original_max_position_embeddings: v.nullish(positive),
  partial_rotary_factor: v.nullish(positive),
});

const configSchema = v.looseObject({
  model_type: v.string(),
  hidden_size: size(65_536),
  num_hidden_layers: size(1_024),
  num_attention_heads: size(1_024),
  num_key_value_heads: v.nullish(size(1_024)),
  head_dim: v.nullish(size(1_024)),
  intermediate_size: size(1_048_576),
  vocab_size: size(4_194_304),
  rms_norm_eps: v.nullish(positive, 1e-6),
  max_position_embeddings: v.nullish(size(16_777_216), 2048),
  rope_theta: v.nullish(positive),
  rope_scaling: v.nullish(ropeSchema),
  rope_parameters: v.nullish(ropeSchema),
  tie_word_embeddings: v.nullish(v.boolean(), false),
  bos_token_id: v.nullish(v.union([id, v.array(id)])),
  eos_token_id: v.nullish(v.union([id, v.array(id)])),
  hidden_act: v.nullish(v.string(), 'silu'),
  attention_bias: v.nullish(v.boolean()),
  mlp_bias: v.nullish(v.boolean()),
  use_sliding_window: v.nullish(v.boolean()),
  partial_rotary_factor: v.nullish(positive),
  quantization_config: v.nullish(v.unknown()),
});

const generationSchema = v.looseObject({
  eos_token_id: v.nullish(v.union([id, v.array(id)])),
});

/**
 * `json` is the parsed config.json; `generation` the parsed generation_config.json, whose eos ids are added.
 * Throws ModelError for an unknown family, absurd numbers and features that no kernel has.
 */
export function parseConfig(json: unknown, generation?: unknown): ModelConfig {
  const type =
    typeof json === 'object' && json !== null && 'model_type' in json ? json.model_type : undefined;
  const family = families.find((name) => name === type);
  if (family === undefined) {
    throw new ModelError(
      `The model family is ${JSON.stringify(type) ?? 'not given'}; known are ${families.join(', ')}.`,
      'Choose a model of one of these families, such as SmolLM2, Llama 3.2, Qwen2.5 or Qwen3.',
    );
  }
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) throw invalid(parsed.issues[0]);
  const raw = parsed.output;
  const extra = v.safeParse(generationSchema, generation ?? {});

  if (raw.hidden_act !== 'silu' && raw.hidden_act !== 'swish') unsupported(`hidden_act ${raw.hidden_act}`);
  if (raw.attention_bias && family !== 'qwen2') unsupported('attention_bias');
  if (raw.mlp_bias) unsupported('mlp_bias');
  if (raw.use_sliding_window) unsupported('use_sliding_window');
  if (raw.quantization_config != null) unsupported('quantization_config (pre-quantised safetensors)');

  // transformers takes rope_scaling first, fills it up from rope_theta, and reads rope_parameters where there is none.
  const filled = raw.rope_scaling != null && Object.keys(raw.rope_scaling).length > 0;
  const rope = filled ? raw.rope_scaling : raw.rope_parameters;
  const partial = rope?.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1;
  if (partial !== 1) unsupported(`partial_rotary_factor ${partial}`);
  const eosIds = [...asList(raw.eos_token_id), ...asList(extra.success ? extra.output.eos_token_id : null)];
  return checkConfig({
    family,
    hidden: raw.hidden_size,
    layers: raw.num_hidden_layers,
    heads: raw.num_attention_heads,
    kvHeads: raw.num_key_value_heads ?? raw.num_attention_heads,
    headDim:
      raw.head_dim ?? (family === 'qwen3' ? 128 : Math.floor(raw.hidden_size / raw.num_attention_heads)),
    ffn: raw.intermediate_size,
    vocab: raw.vocab_size,
    eps: raw.rms_norm_eps,
    ropeTheta: rope?.rope_theta ?? raw.rope_theta ?? 10_000,
    ropeScaling: rope == null ? { type: 'default' } : parseScaling(rope, raw.max_position_embeddings),
    tied: raw.tie_word_embeddings,
    qkvBias: family === 'qwen2',
    qkNorm: family === 'qwen3',
    maxPosition: raw.max_position_embeddings,
    bosId: asList(raw.bos_token_id)[0] ?? null,
    eosIds: [...new Set(eosIds)],
  });
}

/** Checks what no single field can tell; also used for GGUF. Returns the config. Throws ModelError. */
export function checkConfig(config: ModelConfig): ModelConfig {
  const { heads, kvHeads, headDim, vocab } = config;
  if (heads % kvHeads !== 0) {
    throw new ModelError(
      `${heads} attention heads cannot share ${kvHeads} key-value heads.`,
      'num_attention_heads must be a multiple of num_key_value_heads: the config is damaged.',
    );
  }
  if (headDim < 2 || headDim % 2 !== 0) {
    throw new ModelError(`The head size is ${headDim}; rotary positions need an even one.`, damaged);
  }
  // No token can be one that the vocabulary has not: transformers and llama.cpp load such models too.
  const inside = (token: number) => token >= 0 && token < vocab;
  return {
    ...config,
    bosId: config.bosId !== null && inside(config.bosId) ? config.bosId : null,
    eosIds: config.eosIds.filter(inside),
  };
}

const damaged = 'Download config.json again; if it stays so, the model is not usable.';

function parseScaling(rope: v.InferOutput<typeof ropeSchema>, maxPosition: number): RopeScaling {
  const type = rope.rope_type ?? rope.type ?? 'default';
  const need = (name: keyof typeof rope, value: number | null | undefined): number => {
    if (value == null) throw new ModelError(`Rope scaling ${type} lacks ${String(name)}.`, damaged);
    return value;
  };
  const layered = Object.keys(rope).find((name) => typeof rope[name] === 'object' && rope[name] !== null);
  if (layered !== undefined) unsupported(`rotary positions that differ by layer (${layered})`);
  if (type === 'default') {
    const untyped = rope.rope_type == null && rope.type == null;
    if (untyped && (rope.factor ?? 1) !== 1)
      throw new ModelError(
        `config.json scales rotary positions by ${rope.factor} and does not say how (rope_scaling lacks rope_type).`,
        'Name the type there if the model was trained so, or take the factor out: transformers ignores it as it stands.',
      );
    return { type };
  }
  if (type === 'linear') return { type, factor: need('factor', rope.factor) };
  if (type === 'llama3') {
    return {
      type,
      factor: need('factor', rope.factor),
      lowFreqFactor: need('low_freq_factor', rope.low_freq_factor),
      highFreqFactor: need('high_freq_factor', rope.high_freq_factor),
      originalMaxPosition: rope.original_max_position_embeddings ?? maxPosition,
    };
  }
  return unsupported(`rope type ${type}`);
}

function asList(value: number | number[] | null | undefined): number[] {
  return value == null ? [] : typeof value === 'number' ? [value] : value;
}

function unsupported(what: string): never {
  throw new ModelError(
    `The config asks for ${what}, which is not supported.`,
    'Choose a model of the same family without it.',
  );
}

function invalid(issue: v.BaseIssue<unknown>): ModelError {
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? 'config';
  if (issue.received === 'undefined') return new ModelError(`config.json lacks ${path}.`, damaged);
  return new ModelError(`config.json: ${path} is ${issue.received}. ${issue.message}`, damaged);
}

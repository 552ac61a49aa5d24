/** config.json (as older and newer transformers write it) to a ModelConfig. */
import * as v from 'valibot';
import { ModelError } from '../core/errors';
import { blockFields, blockOf, hasAttentionBias } from './block/fromConfig';
import { damaged, unsupported } from './block/refusals';
import { parseRopes, ropeSchema } from './block/ropeConfig';
import { families, type Family, type ModelConfig } from './types';

const size = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
// Ids that no token has (-1 for none, as some configs say it) are left out below.
const id = v.pipe(v.number(), v.integer());
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** What transformers takes where a config does not say. */
interface Defaults {
  readonly headDim?: number;
  readonly kvHeads?: number;
  readonly eps?: number;
  readonly tied?: boolean;
  readonly maxPosition?: number;
}
const gemma: Defaults = { headDim: 256, kvHeads: 4, tied: true };
const defaults: Readonly<Partial<Record<Family, Defaults>>> = {
  mistral: { kvHeads: 8, maxPosition: 131_072 },
  ministral: { kvHeads: 8, maxPosition: 131_072 },
  qwen3: { headDim: 128 },
  smollm3: { kvHeads: 4, tied: true, maxPosition: 32_768 },
  olmo2: { eps: 1e-5 },
  gemma2: { ...gemma, maxPosition: 8192 },
  gemma3_text: { ...gemma, maxPosition: 131_072 },
  phi3: { eps: 1e-5, maxPosition: 4096 },
};

const configSchema = v.looseObject({
  model_type: v.string(),
  hidden_size: size(65_536),
  num_hidden_layers: size(1_024),
  num_attention_heads: size(1_024),
  num_key_value_heads: v.nullish(size(1_024)),
  head_dim: v.nullish(size(1_024)),
  intermediate_size: size(1_048_576),
  vocab_size: size(4_194_304),
  rms_norm_eps: v.nullish(positive),
  max_position_embeddings: v.nullish(size(16_777_216)),
  original_max_position_embeddings: v.nullish(size(16_777_216)),
  rope_theta: v.nullish(positive),
  rope_local_base_freq: v.nullish(positive),
  rope_scaling: v.nullish(ropeSchema),
  rope_parameters: v.nullish(ropeSchema),
  tie_word_embeddings: v.nullish(v.boolean()),
  bos_token_id: v.nullish(v.union([id, v.array(id)])),
  eos_token_id: v.nullish(v.union([id, v.array(id)])),
  partial_rotary_factor: v.nullish(positive),
  ...blockFields,
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
      'Choose a model of one of these families, such as SmolLM2, Llama 3.2, Qwen3, Gemma 3 or Phi-4-mini.',
    );
  }
  const parsed = v.safeParse(configSchema, json);
  if (!parsed.success) throw invalid(parsed.issues[0]);
  const raw = parsed.output;
  const extra = v.safeParse(generationSchema, generation ?? {});

  if (raw.quantization_config != null) unsupported('quantization_config (pre-quantised safetensors)');
  const usual = defaults[family] ?? {};
  const heads = raw.num_attention_heads;
  const headDim = raw.head_dim ?? usual.headDim ?? Math.floor(raw.hidden_size / heads);
  const length = raw.max_position_embeddings ?? usual.maxPosition ?? 2048;
  const ropes = parseRopes(family, { ...raw, max_position_embeddings: length }, headDim);
  const { maxPosition, rotated, localTheta } = ropes;
  const eosIds = [...asList(raw.eos_token_id), ...asList(extra.success ? extra.output.eos_token_id : null)];
  return checkConfig({
    family,
    hidden: raw.hidden_size,
    layers: raw.num_hidden_layers,
    heads,
    kvHeads: raw.num_key_value_heads ?? (raw.num_key_value_heads === null ? heads : (usual.kvHeads ?? heads)),
    headDim,
    ffn: raw.intermediate_size,
    vocab: raw.vocab_size,
    eps: raw.rms_norm_eps ?? usual.eps ?? 1e-6,
    ropeTheta: ropes.theta,
    ropeScaling: ropes.scaling,
    tied: raw.tie_word_embeddings ?? usual.tied ?? false,
    qkvBias: family === 'qwen2' || hasAttentionBias(family, raw),
    qkNorm: family === 'qwen3' || family === 'gemma3_text' || family === 'olmo2',
    block: blockOf(family, raw, maxPosition, { rotated, localTheta }),
    maxPosition,
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

function asList(value: number | number[] | null | undefined): number[] {
  return value == null ? [] : typeof value === 'number' ? [value] : value;
}

function invalid(issue: v.BaseIssue<unknown>): ModelError {
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? 'config';
  if (issue.received === 'undefined') return new ModelError(`config.json lacks ${path}.`, damaged);
  return new ModelError(`config.json: ${path} is ${issue.received}. ${issue.message}`, damaged);
}

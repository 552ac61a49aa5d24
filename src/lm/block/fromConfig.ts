/** The block of a config.json, as transformers' model of that family computes it. */
import * as v from 'valibot';
import type { Family } from '../types';
import { plainBlock, type BlockForm, type LayerForm } from './form';
import { unsupported } from './refusals';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Fields of config.json that say what a block is made of. */
export const blockFields = {
  hidden_act: v.nullish(v.string()),
  hidden_activation: v.nullish(v.string()),
  attention_bias: v.nullish(v.boolean()),
  mlp_bias: v.nullish(v.boolean()),
  sliding_window: v.nullish(count),
  use_sliding_window: v.nullish(v.boolean()),
  max_window_layers: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
  layer_types: v.nullish(v.array(v.string())),
  sliding_window_pattern: v.nullish(count),
  _sliding_window_pattern: v.nullish(count),
  use_bidirectional_attention: v.nullish(v.boolean()),
  no_rope_layers: v.nullish(v.array(v.number())),
  no_rope_layer_interval: v.nullish(count),
  query_pre_attn_scalar: v.nullish(positive),
  attn_logit_softcapping: v.nullish(positive),
  final_logit_softcapping: v.nullish(positive),
  embedding_multiplier: v.nullish(positive),
  residual_multiplier: v.nullish(positive),
  attention_multiplier: v.nullish(positive),
  logits_scaling: v.nullish(positive),
};
export type BlockFields = {
  readonly [K in keyof typeof blockFields]?: v.InferOutput<(typeof blockFields)[K]>;
} & {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
};

/** Families whose attention has biases when the config says so: of q, k, v and o. The others do not look. */
const attentionBiases: readonly Family[] = [
  'llama',
  'qwen3',
  'smollm3',
  'granite',
  'olmo2',
  'gemma2',
  'gemma3_text',
];
const mlpBiases: readonly Family[] = ['llama', 'smollm3', 'granite'];

const isGemma = (family: Family): boolean => family === 'gemma2' || family === 'gemma3_text';

export const hasAttentionBias = (family: Family, raw: BlockFields): boolean =>
  raw.attention_bias === true && attentionBiases.includes(family);

/** Keys that layers with a window see; null where the family has no window, or none in this config. */
function windowOf(family: Family, raw: BlockFields): number | null {
  // What a config does not name has transformers' default.
  const given = raw.sliding_window === undefined ? 4096 : raw.sliding_window;
  switch (family) {
    case 'mistral':
    case 'ministral':
    case 'gemma2':
    case 'gemma3_text':
      return given;
    case 'qwen2':
    case 'qwen3':
      return raw.use_sliding_window ? given : null;
    case 'smollm3':
      return raw.use_sliding_window ? (raw.sliding_window ?? null) : null;
    case 'phi3':
      return raw.sliding_window ?? null;
    case 'llama':
    case 'granite':
    case 'olmo2':
      return null;
    default:
      return family satisfies never;
  }
}

function isWindowed(family: Family, raw: BlockFields, layer: number, roped: boolean): boolean {
  const type = raw.layer_types?.[layer];
  // These two have one mask for all layers.
  const reads = family !== 'mistral' && family !== 'phi3';
  if (reads && type !== undefined) {
    if (type === 'sliding_attention') return true;
    return type === 'full_attention' ? false : unsupported(`layers of the type ${type}`);
  }
  switch (family) {
    case 'gemma2':
      return layer % 2 === 0;
    case 'gemma3_text':
      return (layer + 1) % (raw.sliding_window_pattern ?? raw._sliding_window_pattern ?? 6) !== 0;
    case 'qwen2':
    case 'qwen3':
      return layer >= (raw.max_window_layers ?? 28);
    case 'smollm3':
      return !roped;
    default:
      return true;
  }
}

function layersOf(family: Family, raw: BlockFields, window: number | null): LayerForm[] {
  const layers = Array.from({ length: raw.num_hidden_layers }, (_, layer): LayerForm => {
    const interval = raw.no_rope_layer_interval ?? 4;
    const roped =
      family !== 'smollm3' ||
      (raw.no_rope_layers ? raw.no_rope_layers[layer] !== 0 : (layer + 1) % interval !== 0);
    // Local positions go with a window, also where that is longer than every context.
    const local = isWindowed(family, raw, layer, roped);
    const windowed = window !== null && local;
    if (family === 'gemma3_text') return { rope: local ? 'local' : 'main', windowed };
    return { rope: roped ? 'main' : 'none', windowed };
  });
  return layers.some(({ rope, windowed }) => rope !== 'main' || windowed) ? layers : [];
}

function activationOf(family: Family, raw: BlockFields): BlockForm['activation'] {
  const name = isGemma(family) ? (raw.hidden_activation ?? 'gelu_pytorch_tanh') : (raw.hidden_act ?? 'silu');
  if (name === 'silu' || name === 'swish') return 'silu';
  if (name === 'gelu_pytorch_tanh' || name === 'gelu_new') return 'gelu';
  return unsupported(`hidden_act ${name}`);
}

/** Throws ModelError for what no kernel has. `longest`: a window of as many keys is none. */
export function blockOf(
  family: Family,
  raw: BlockFields,
  longest: number,
  rope: { readonly rotated: number | null; readonly localTheta: number | null },
): BlockForm {
  if (raw.use_bidirectional_attention) unsupported('attention in both directions (it makes embeddings)');
  const { layer_types: types, num_hidden_layers: count } = raw;
  if (types && types.length < count) unsupported(`${types.length} layer_types for ${count} layers`);
  const given = windowOf(family, raw);
  const window = given !== null && given < longest ? given : null;
  const block: BlockForm = {
    ...plainBlock,
    ...rope,
    activation: activationOf(family, raw),
    oBias: hasAttentionBias(family, raw),
    mlpBias: raw.mlp_bias === true && mlpBiases.includes(family),
    window,
    layers: layersOf(family, raw, window),
  };
  switch (family) {
    case 'granite':
      return {
        ...block,
        embeddingScale: raw.embedding_multiplier ?? 1,
        residualScale: raw.residual_multiplier ?? 1,
        attentionScale: raw.attention_multiplier ?? 1,
        logitDivisor: raw.logits_scaling ?? 1,
      };
    case 'olmo2':
      return { ...block, norms: 'after', qkNormOver: 'width' };
    case 'gemma2':
    case 'gemma3_text': {
      const named = family === 'gemma2';
      const cap = (value: number | null | undefined, usual: number): number | null =>
        value === undefined && named ? usual : (value ?? null);
      if (!named && raw.attn_logit_softcapping) unsupported('attn_logit_softcapping in Gemma 3');
      return {
        ...block,
        norms: 'both',
        onePlus: true,
        embeddingScale: Math.sqrt(raw.hidden_size),
        attentionScale: (raw.query_pre_attn_scalar ?? 256) ** -0.5,
        attentionCap: cap(raw.attn_logit_softcapping, 50),
        logitCap: cap(raw.final_logit_softcapping, 30),
      };
    }
    case 'phi3':
      return { ...block, fused: true };
    default:
      return block;
  }
}

/** Which tensors of a checkpoint make up a layer, under transformers' names, and how they are fused. */
import type { ModelConfig } from './types';

/** Tensor name and its rows (or elements). */
export type Part = readonly [name: string, rows: number];

export interface LayerPlan {
  readonly matrices: Readonly<
    Record<'qkv' | 'o' | 'gateUp' | 'down', { readonly cols: number; readonly parts: readonly Part[] }>
  >;
  readonly vectors: Readonly<
    Record<'inputNorm' | 'postNorm' | 'qkvBias' | 'qNorm' | 'kNorm', readonly Part[] | null>
  >;
}

/** Which tensors make up a layer, by transformers' names. */
export function layerPlan(config: ModelConfig): LayerPlan {
  const { hidden, heads, kvHeads, headDim, ffn } = config;
  const q = heads * headDim;
  const kv = kvHeads * headDim;
  const attention = (ending: string): readonly Part[] => [
    [`self_attn.q_proj.${ending}`, q],
    [`self_attn.k_proj.${ending}`, kv],
    [`self_attn.v_proj.${ending}`, kv],
  ];
  return {
    matrices: {
      qkv: { cols: hidden, parts: attention('weight') },
      o: { cols: q, parts: [['self_attn.o_proj.weight', hidden]] },
      gateUp: {
        cols: hidden,
        parts: [
          ['mlp.gate_proj.weight', ffn],
          ['mlp.up_proj.weight', ffn],
        ],
      },
      down: { cols: ffn, parts: [['mlp.down_proj.weight', hidden]] },
    },
    vectors: {
      inputNorm: [['input_layernorm.weight', hidden]],
      postNorm: [['post_attention_layernorm.weight', hidden]],
      qkvBias: config.qkvBias ? attention('bias') : null,
      qNorm: config.qkNorm ? [['self_attn.q_norm.weight', headDim]] : null,
      kNorm: config.qkNorm ? [['self_attn.k_norm.weight', headDim]] : null,
    },
  };
}

export function layerName(index: number, name: string): string {
  return `model.layers.${index}.${name}`;
}

export function inLayer(index: number, parts: readonly Part[]): Part[] {
  return parts.map(([name, rows]) => [layerName(index, name), rows]);
}

/** Which tensors of a checkpoint make up a layer, under transformers' names, and how they are fused. */
import type { ModelConfig } from './types';

/** Tensor name and its rows (or elements). */
export type Part = readonly [name: string, rows: number];

export type VectorName =
  | 'inputNorm'
  | 'qkvBias'
  | 'qNorm'
  | 'kNorm'
  | 'oBias'
  | 'attendedNorm'
  | 'postNorm'
  | 'gateUpBias'
  | 'downBias'
  | 'mlpNorm';

export interface LayerPlan {
  readonly matrices: Readonly<
    Record<'qkv' | 'o' | 'gateUp' | 'down', { readonly cols: number; readonly parts: readonly Part[] }>
  >;
  /** null for those that the family has not. */
  readonly vectors: Readonly<Record<VectorName, readonly Part[] | null>>;
}

/** Norms by where they stand: families with norms after alone or both call them by other names. */
const normNames = {
  before: { inputNorm: 'input_layernorm', postNorm: 'post_attention_layernorm' },
  after: { attendedNorm: 'post_attention_layernorm', mlpNorm: 'post_feedforward_layernorm' },
  both: {
    inputNorm: 'input_layernorm',
    attendedNorm: 'post_attention_layernorm',
    postNorm: 'pre_feedforward_layernorm',
    mlpNorm: 'post_feedforward_layernorm',
  },
} as const satisfies Record<string, Partial<Record<VectorName, string>>>;

/** Which tensors make up a layer, by transformers' names. */
export function layerPlan(config: ModelConfig): LayerPlan {
  const { hidden, heads, kvHeads, headDim, ffn, block } = config;
  const q = heads * headDim;
  const kv = kvHeads * headDim;
  const attention = (ending: string): readonly Part[] =>
    block.fused
      ? [[`self_attn.qkv_proj.${ending}`, q + 2 * kv]]
      : [
          [`self_attn.q_proj.${ending}`, q],
          [`self_attn.k_proj.${ending}`, kv],
          [`self_attn.v_proj.${ending}`, kv],
        ];
  const gates = (ending: string): readonly Part[] =>
    block.fused
      ? [[`mlp.gate_up_proj.${ending}`, 2 * ffn]]
      : [
          [`mlp.gate_proj.${ending}`, ffn],
          [`mlp.up_proj.${ending}`, ffn],
        ];
  const names: Partial<Record<VectorName, string>> = normNames[block.norms];
  const norm = (key: VectorName): readonly Part[] | null => {
    const name = names[key];
    return name === undefined ? null : [[`${name}.weight`, hidden]];
  };
  const whole = block.qkNormOver === 'width';
  return {
    matrices: {
      qkv: { cols: hidden, parts: attention('weight') },
      o: { cols: q, parts: [['self_attn.o_proj.weight', hidden]] },
      gateUp: { cols: hidden, parts: gates('weight') },
      down: { cols: ffn, parts: [['mlp.down_proj.weight', hidden]] },
    },
    vectors: {
      inputNorm: norm('inputNorm'),
      qkvBias: config.qkvBias ? attention('bias') : null,
      qNorm: config.qkNorm ? [['self_attn.q_norm.weight', whole ? q : headDim]] : null,
      kNorm: config.qkNorm ? [['self_attn.k_norm.weight', whole ? kv : headDim]] : null,
      oBias: block.oBias ? [['self_attn.o_proj.bias', hidden]] : null,
      attendedNorm: norm('attendedNorm'),
      postNorm: norm('postNorm'),
      gateUpBias: block.mlpBias ? gates('bias') : null,
      downBias: block.mlpBias ? [['mlp.down_proj.bias', hidden]] : null,
      mlpNorm: norm('mlpNorm'),
    },
  };
}

export function layerName(index: number, name: string): string {
  return `model.layers.${index}.${name}`;
}

export function inLayer(index: number, parts: readonly Part[]): Part[] {
  return parts.map(([name, rows]) => [layerName(index, name), rows]);
}

/** The block of a GGUF: what its keys say, and what llama.cpp knows of the architecture without them (its load_hparams). */
import { ModelError } from '../../core/errors';
import { plainBlock, type BlockForm, type LayerForm } from '../block/form';
import type { Family } from '../types';

/** Families by general.architecture. */
export const ggufFamilies: Readonly<Record<string, Family>> = {
  llama: 'llama',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  smollm3: 'smollm3',
  granite: 'granite',
  olmo2: 'olmo2',
  gemma2: 'gemma2',
  gemma3: 'gemma3_text',
  phi3: 'phi3',
};

/** llama.cpp's name of a family; null where it has none that says all of it. */
export function ggufArchitecture(family: Family): string {
  // Mistral's files are called llama.
  if (family === 'mistral' || family === 'ministral') return 'llama';
  return Object.keys(ggufFamilies).find((name) => ggufFamilies[name] === family) ?? family;
}

/** Whether q and k stand with the two halves of each pair side by side (llama.cpp's LLAMA_ROPE_TYPE_NORM). */
export function isInterleaved(family: Family): boolean {
  return ['llama', 'mistral', 'ministral', 'granite', 'smollm3'].includes(family);
}

export interface BlockFacts {
  readonly hidden: number;
  readonly heads: number;
  readonly headDim: number;
  readonly layers: number;
  readonly rotated: number;
  readonly maxPosition: number;
  /** A number of the architecture; undefined where the file lacks it. */
  readonly number: (name: string) => number | undefined;
}

/** Longest context of a file that names a window which llama.cpp does not apply to that architecture: up to it there is none. */
export function longestOf(family: Family, length: number, window: number | undefined): number {
  const ignored = ['llama', 'mistral', 'ministral', 'qwen2', 'qwen3'].includes(family);
  return ignored && window ? Math.min(length, window) : length;
}

const layersBy = (count: number, of: (layer: number) => LayerForm): LayerForm[] =>
  Array.from({ length: count }, (_, layer) => of(layer));

/** Throws ModelError for what no kernel has. */
export function ggufBlock(family: Family, facts: BlockFacts): BlockForm {
  const { number, layers, hidden, heads, headDim, maxPosition } = facts;
  const given = number('attention.sliding_window') ?? 0;
  const window = given > 0 && given < maxPosition ? given : null;
  const block = { ...plainBlock, rotated: facts.rotated === headDim ? null : facts.rotated };
  // The scale of their largest model is that of its width.
  const gemmaScale = (largest: number): number => (layers === largest ? hidden / heads : headDim) ** -0.5;
  const or = (name: string, usual: number): number => number(name) || usual;
  switch (family) {
    case 'llama':
    case 'mistral':
    case 'ministral':
    case 'qwen2':
    case 'qwen3':
      // A window of all layers or of some: contexts end with it (`longestOf`).
      return block;
    case 'smollm3':
      return {
        ...block,
        layers: layersBy(layers, (layer) => ({
          rope: (layer + 1) % 4 === 0 ? 'none' : 'main',
          windowed: false,
        })),
      };
    case 'granite':
      return {
        ...block,
        embeddingScale: or('embedding_scale', 1),
        residualScale: or('residual_scale', 1),
        attentionScale: or('attention.scale', headDim ** -0.5),
        logitDivisor: or('logit_scale', 1),
      };
    case 'olmo2':
      if (given > 0) refuse('the layers of OLMo 3');
      return { ...block, norms: 'after', qkNormOver: 'width' };
    case 'gemma2':
    case 'gemma3_text': {
      const two = family === 'gemma2';
      const pattern = two ? 2 : or('attention.sliding_window_pattern', 6);
      return {
        ...block,
        norms: 'both',
        onePlus: true,
        activation: 'gelu',
        embeddingScale: Math.sqrt(hidden),
        attentionScale: gemmaScale(two ? 46 : 62),
        attentionCap: two ? or('attn_logit_softcapping', 50) : null,
        logitCap: two ? or('final_logit_softcapping', 30) : number('final_logit_softcapping') || null,
        localTheta: two ? null : or('rope.freq_base_swa', 10_000),
        window,
        layers: layersBy(layers, (layer) => {
          const local = (layer + 1) % pattern !== 0;
          return { rope: local && !two ? 'local' : 'main', windowed: local && window !== null };
        }),
      };
    }
    case 'phi3':
      return {
        ...block,
        fused: true,
        window,
        layers: window === null ? [] : layersBy(layers, () => ({ rope: 'main', windowed: true })),
      };
    default:
      return family satisfies never;
  }
}

function refuse(what: string): never {
  throw new ModelError(
    `The GGUF asks for ${what}, which is not supported in files of this kind.`,
    'Use the safetensors form of this model.',
  );
}

/** Norms of a block by where they stand. */
const normEndings: Readonly<Record<BlockForm['norms'], Readonly<Record<string, string>>>> = {
  before: { attn_norm: 'input_layernorm', ffn_norm: 'post_attention_layernorm' },
  after: { post_attention_norm: 'post_attention_layernorm', post_ffw_norm: 'post_feedforward_layernorm' },
  both: {
    attn_norm: 'input_layernorm',
    post_attention_norm: 'post_attention_layernorm',
    ffn_norm: 'pre_feedforward_layernorm',
    post_ffw_norm: 'post_feedforward_layernorm',
  },
};

const modules: Readonly<Record<string, string>> = {
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  attn_output: 'self_attn.o_proj',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const fusedModules = { attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' };

/** transformers' modules of a layer by llama.cpp's names. */
export function layerModules({ norms, fused }: BlockForm): Readonly<Record<string, string>> {
  return { ...modules, ...(fused ? fusedModules : {}), ...normEndings[norms] };
}

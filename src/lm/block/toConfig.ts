/** config.json as transformers reads it, from our form: for models whose files have none (GGUF). */
import { layerForm } from './form';
import type { Family, ModelConfig } from '../types';

const architectures: Readonly<Record<Family, string>> = {
  llama: 'LlamaForCausalLM',
  mistral: 'MistralForCausalLM',
  ministral: 'MinistralForCausalLM',
  qwen2: 'Qwen2ForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  smollm3: 'SmolLM3ForCausalLM',
  granite: 'GraniteForCausalLM',
  olmo2: 'Olmo2ForCausalLM',
  gemma2: 'Gemma2ForCausalLM',
  gemma3_text: 'Gemma3ForCausalLM',
  phi3: 'Phi3ForCausalLM',
};

function ropeScaling({ ropeScaling: scaling }: ModelConfig): Record<string, unknown> | null {
  switch (scaling.type) {
    case 'default':
      return null;
    case 'linear':
    case 'dynamic':
      return { rope_type: scaling.type, factor: scaling.factor };
    case 'llama3':
      return {
        rope_type: 'llama3',
        factor: scaling.factor,
        low_freq_factor: scaling.lowFreqFactor,
        high_freq_factor: scaling.highFreqFactor,
        original_max_position_embeddings: scaling.originalMaxPosition,
      };
    case 'yarn':
      return {
        rope_type: 'yarn',
        factor: scaling.factor,
        attention_factor: scaling.attentionFactor,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        original_max_position_embeddings: scaling.originalMaxPosition,
        truncate: scaling.truncate,
      };
    case 'longrope':
      return {
        rope_type: 'longrope',
        short_factor: scaling.shortFactors,
        long_factor: scaling.longFactors,
        attention_factor: scaling.attentionFactor,
        original_max_position_embeddings: scaling.originalMaxPosition,
      };
    default:
      return scaling satisfies never;
  }
}

/** What only some families have. */
function ownFields(config: ModelConfig): Record<string, unknown> {
  const { block, family, headDim, maxPosition } = config;
  const forms = Array.from({ length: config.layers }, (_, layer) => layerForm(block, layer));
  const types = (windowed: (layer: (typeof forms)[number]) => boolean): string[] =>
    forms.map((form) => (windowed(form) ? 'sliding_attention' : 'full_attention'));
  const usual = types(({ windowed }) => windowed);
  // Shorter windows than a context alone are kept apart from none.
  const window = block.window ?? maxPosition;
  switch (family) {
    case 'llama':
    case 'olmo2':
      return {};
    case 'mistral':
      return { sliding_window: block.window };
    case 'ministral':
      return { sliding_window: block.window, layer_types: usual };
    case 'qwen2':
    case 'qwen3':
      return block.window === null
        ? {}
        : { use_sliding_window: true, sliding_window: block.window, layer_types: usual };
    case 'smollm3':
      return {
        no_rope_layers: forms.map(({ rope }) => (rope === 'none' ? 0 : 1)),
        use_sliding_window: block.window !== null,
        sliding_window: block.window,
        layer_types: usual,
      };
    case 'granite':
      return {
        embedding_multiplier: block.embeddingScale,
        residual_multiplier: block.residualScale,
        attention_multiplier: block.attentionScale ?? headDim ** -0.5,
        logits_scaling: block.logitDivisor,
      };
    case 'gemma2':
    case 'gemma3_text': {
      const scale = block.attentionScale ?? headDim ** -0.5;
      const shared = {
        hidden_activation: 'gelu_pytorch_tanh',
        query_pre_attn_scalar: Math.round(scale ** -2),
        sliding_window: window,
        final_logit_softcapping: block.logitCap,
        attn_logit_softcapping: block.attentionCap,
      };
      if (family === 'gemma2') return { ...shared, layer_types: usual };
      const layerTypes = types(({ rope }) => rope === 'local');
      return { ...shared, rope_local_base_freq: block.localTheta, layer_types: layerTypes };
    }
    case 'phi3':
      return {
        sliding_window: block.window,
        partial_rotary_factor: (block.rotated ?? headDim) / headDim,
        ...(config.ropeScaling.type === 'longrope'
          ? {
              original_max_position_embeddings: config.ropeScaling.originalMaxPosition,
              max_position_embeddings: config.ropeScaling.longMaxPosition,
            }
          : { original_max_position_embeddings: maxPosition }),
      };
    default:
      return family satisfies never;
  }
}

export function transformersConfig(config: ModelConfig): Record<string, unknown> {
  const { block } = config;
  return {
    architectures: [architectures[config.family]],
    model_type: config.family,
    hidden_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    intermediate_size: config.ffn,
    vocab_size: config.vocab,
    rms_norm_eps: config.eps,
    rope_theta: config.ropeTheta,
    rope_scaling: ropeScaling(config),
    hidden_act: block.activation === 'silu' ? 'silu' : 'gelu_pytorch_tanh',
    tie_word_embeddings: config.tied,
    max_position_embeddings: config.maxPosition,
    bos_token_id: config.bosId,
    eos_token_id: config.eosIds.length === 1 ? config.eosIds[0] : config.eosIds,
    ...(block.oBias ? { attention_bias: true } : {}),
    ...(block.mlpBias ? { mlp_bias: true } : {}),
    ...ownFields(config),
  };
}

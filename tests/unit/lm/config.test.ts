import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/lm/config';
import { plainBlock } from '../../../src/lm/block/form';
import { inverseFrequencies, rotaryValues } from '../../../src/lm/rotary';
import { containing, someText } from './fixtures';

const base = {
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 96,
  vocab_size: 100,
};
const llama3 = { factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

describe('config.json', () => {
  it('of older transformers and of newer ones says the same', () => {
    const scaling = { rope_type: 'llama3', ...llama3 };
    const older = parseConfig({ ...base, rope_theta: 500000, rope_scaling: scaling });
    const newer = parseConfig({ ...base, rope_parameters: { ...scaling, rope_theta: 500000 } });
    expect(older).toEqual(newer);
    expect(older.ropeTheta).toBe(500000);
    expect(older.ropeScaling).toMatchObject({ type: 'llama3', factor: 8, originalMaxPosition: 8192 });
    expect(parseConfig({ ...base, rope_scaling: { type: 'linear', factor: 2 } }).ropeScaling).toEqual({ type: 'linear', factor: 2 });
  }); // prettier-ignore

  it('is filled up with the family’s defaults', () => {
    const config = parseConfig(base);
    expect(config).toMatchObject({ kvHeads: 4, headDim: 16, eps: 1e-6, ropeTheta: 10_000, tied: false });
    expect(config).toMatchObject({ qkvBias: false, qkNorm: false, eosIds: [], bosId: null });
    expect(parseConfig({ ...base, model_type: 'qwen2' }).qkvBias).toBe(true);
    expect(parseConfig({ ...base, model_type: 'qwen3', head_dim: 20 })).toMatchObject({
      qkNorm: true,
      headDim: 20,
    });
  });

  it('names the ends of a reply together with generation_config.json', () => {
    expect(parseConfig({ ...base, eos_token_id: 2 }).eosIds).toEqual([2]);
    expect(parseConfig({ ...base, eos_token_id: [2, 3] }, { eos_token_id: [3, 7] }).eosIds).toEqual([
      2, 3, 7,
    ]);
  });

  it('leaves out ids that no token has, as transformers does', () => {
    const config = parseConfig({ ...base, bos_token_id: -1, eos_token_id: [99, 100, -1] });
    expect(config).toMatchObject({ bosId: null, eosIds: [99] });
  });

  it('takes the base of rotary positions wherever it is written', () => {
    const theta = (rope: object): number => parseConfig({ ...base, ...rope }).ropeTheta;
    expect(theta({ rope_scaling: { rope_type: 'default', rope_theta: 20000 } })).toBe(20_000);
    expect(theta({ rope_theta: 30000, rope_scaling: { rope_type: 'default', rope_theta: 20000 } })).toBe(
      20_000,
    );
    expect(theta({ rope_theta: 30000, rope_scaling: { type: 'linear', factor: 2 } })).toBe(30_000);
    expect(theta({ rope_theta: 30000, rope_scaling: {}, rope_parameters: { rope_theta: 40000 } })).toBe(
      40_000,
    );
    expect(theta({ rope_theta: 30000, rope_parameters: null })).toBe(30_000);
  });

  it('counts the positions before Llama 3’s scaling as all of them where it does not say', () => {
    const { original_max_position_embeddings: _, ...rest } = llama3;
    const config = { ...base, max_position_embeddings: 512, rope_scaling: { rope_type: 'llama3', ...rest } };
    expect(parseConfig(config).ropeScaling).toMatchObject({ originalMaxPosition: 512 });
  });

  it.each([
    ['no object', null, 'family'],
    ['an unknown family', { ...base, model_type: 'gpt2' }, 'gpt2'],
    ['no width', { ...base, hidden_size: undefined }, 'hidden_size'],
    ['a negative width', { ...base, hidden_size: -64 }, 'hidden_size'],
    ['a width of 2^40', { ...base, hidden_size: 2 ** 40 }, 'hidden_size'],
    ['a fraction of a layer', { ...base, num_hidden_layers: 1.5 }, 'num_hidden_layers'],
    ['text for a number', { ...base, vocab_size: '100' }, 'vocab_size'],
    ['heads that cannot be grouped', { ...base, num_key_value_heads: 3 }, '4 attention heads'],
    ['an odd head size', { ...base, head_dim: 15 }, '15'],
    ['an unknown rope type', { ...base, rope_scaling: { rope_type: 'su', factor: 4 } }, 'su'],
    [
      'longrope of another head',
      { ...base, rope_scaling: { rope_type: 'longrope', short_factor: [1], long_factor: [1] } },
      '1 short factors for 8 pairs',
    ],
    [
      'attention in both directions',
      { ...base, model_type: 'gemma3_text', use_bidirectional_attention: true },
      'both directions',
    ],
    [
      'layers of another kind',
      { ...base, model_type: 'qwen3', layer_types: ['linear_attention', 'full_attention'] },
      'linear_attention',
    ],
    [
      'too few layer types',
      { ...base, model_type: 'gemma2', layer_types: ['full_attention'] },
      'layer_types',
    ],
    ['llama3 scaling without its factor', { ...base, rope_scaling: { rope_type: 'llama3' } }, 'factor'],
    ['a rope factor of no type', { ...base, rope_scaling: { factor: 4 } }, 'by 4'],
    ['partly rotated heads', { ...base, partial_rotary_factor: 0.5 }, 'partial_rotary_factor 0.5'],
    [
      'partly rotated heads in rope_parameters',
      { ...base, rope_parameters: { partial_rotary_factor: 0.5 } },
      '0.5',
    ],
    [
      'rope by layer',
      { ...base, rope_parameters: { full_attention: { rope_theta: 1e6 } } },
      'full_attention',
    ],
    ['another activation', { ...base, hidden_act: 'gelu' }, 'gelu'],
    ['quantised safetensors', { ...base, quantization_config: {} }, 'quantization_config'],
  ])('with %s is refused', (_name, json, text) => {
    const error = {
      code: 'model',
      message: containing(text),
      hint: someText,
    };
    expect(() => parseConfig(json)).toThrowError(expect.objectContaining(error));
  });
});

describe('the block of a config', () => {
  const block = (change: object) => parseConfig({ ...base, ...change }).block;

  it('is a Llama’s where nothing else is said', () => {
    expect(block({})).toEqual(plainBlock);
    expect(block({ model_type: 'mistral', num_key_value_heads: 2, sliding_window: null })).toEqual(
      plainBlock,
    );
  });

  it('has no window of as many keys as a context has', () => {
    const windowed = { model_type: 'mistral', num_key_value_heads: 2, max_position_embeddings: 512 };
    expect(block({ ...windowed, sliding_window: 512 })).toEqual(plainBlock);
    expect(block({ ...windowed, sliding_window: 511 })).toMatchObject({
      window: 511,
      layers: [
        { rope: 'main', windowed: true },
        { rope: 'main', windowed: true },
      ],
    });
  });

  // transformers' configuration classes: defaults of what a config leaves out.
  it('takes transformers’ defaults for what it leaves out', () => {
    expect(block({ model_type: 'gemma2' })).toMatchObject({
      norms: 'both',
      onePlus: true,
      activation: 'gelu',
      embeddingScale: 8,
      attentionScale: 1 / 16,
      attentionCap: 50,
      logitCap: 30,
      window: 4096,
      layers: [{ windowed: true }, { windowed: false }],
    });
    expect(block({ model_type: 'gemma3_text', attn_logit_softcapping: null })).toMatchObject({
      attentionCap: null,
      logitCap: null,
      localTheta: 10_000,
      layers: [
        { rope: 'local', windowed: true },
        { rope: 'local', windowed: true },
      ],
    });
    expect(parseConfig({ ...base, model_type: 'gemma3_text' })).toMatchObject({
      ropeTheta: 1_000_000,
      tied: true,
      qkNorm: true,
    });
    expect(block({ model_type: 'granite' })).toMatchObject({ attentionScale: 1, logitDivisor: 1 });
    expect(parseConfig({ ...base, model_type: 'smollm3', num_hidden_layers: 4 })).toMatchObject({
      ropeTheta: 2_000_000,
      block: { layers: [{}, {}, {}, { rope: 'none', windowed: false }] },
    });
  });

  it('of longrope ends at the length for which its factors are', () => {
    const rope = { rope_type: 'longrope', short_factor: Array(6).fill(1), long_factor: Array(6).fill(4), partial_rotary_factor: 0.75 }; // prettier-ignore
    const config = parseConfig({ ...base, model_type: 'phi3', max_position_embeddings: 131_072, original_max_position_embeddings: 4096, rope_scaling: rope }); // prettier-ignore
    expect(config).toMatchObject({ maxPosition: 4096, block: { fused: true, rotated: 12 } });
    // transformers: sqrt(1 + ln(131072 / 4096) / ln(4096)).
    expect(config.ropeScaling).toMatchObject({
      attentionFactor: Math.sqrt(1 + Math.log(32) / Math.log(4096)),
    });
  });
});

describe('rotary frequencies', () => {
  it('are theta^(-2i/d), divided by a linear factor', () => {
    const shape = { headDim: 4, ropeTheta: 100 };
    expect([...inverseFrequencies({ ...shape, ropeScaling: { type: 'default' } })]).toEqual([1, 0.1]);
    expect([...inverseFrequencies({ ...shape, ropeScaling: { type: 'linear', factor: 4 } })]).toEqual([
      0.25, 0.025,
    ]);
  });

  it('of Llama 3 keep short wavelengths and divide long ones', () => {
    const scaling = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPosition: 8192 } as const;
    const scaled = inverseFrequencies({ headDim: 128, ropeTheta: 500_000, ropeScaling: scaling });
    const plain = inverseFrequencies({ headDim: 128, ropeTheta: 500_000, ropeScaling: { type: 'default' } });
    expect(scaled[0]).toBe(1);
    expect(scaled[63]).toBeCloseTo(plain[63]! / 8, 12);
    const between = scaled.filter((x, i) => x < plain[i]! * 0.999 && x > plain[i]! / 7.999);
    expect(between.length).toBeGreaterThan(2);
  }); // prettier-ignore

  it('give cosine and sine of position times frequency', () => {
    const { cos, sin } = rotaryValues({ headDim: 4, ropeTheta: 100, ropeScaling: { type: 'default' } }, 3);
    expect(cos[2 * 2 + 1]).toBe(Math.fround(Math.cos(0.2)));
    expect(sin[2 * 2]).toBe(Math.fround(Math.sin(2)));
  });
});

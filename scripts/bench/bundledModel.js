/**
 * One random Llama of the bundled size, the same numbers for every contender: 64 wide, 3 layers, FFN 192, tied.
 */
import { MemorySource } from '../../src/core/fileSource.ts';
import { writeSafetensors } from '../../src/lm/safetensors.ts';
import { numbers } from './measure.js';
import { linearNames, linearShapes, perLinear } from './jaxPeer.js';
/** @import { BenchConfig, BenchWeights, JaxBase, PerLinear } from './types' */
/** @import { makeJaxPeer } from './jaxPeer.js' */
/** @import { TensorToWrite } from '../../src/lm/safetensors' */
/** @typedef {Float32Array<ArrayBuffer>} Data */

/** @type {BenchConfig} */
export const bundledConfig = {
  hidden: 64,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  ffn: 192,
  vocab: 72,
  eps: 1e-5,
  theta: 10000,
};

/** @type {PerLinear<string>} */
const modules = {
  q: 'self_attn.q_proj',
  k: 'self_attn.k_proj',
  v: 'self_attn.v_proj',
  o: 'self_attn.o_proj',
  gate: 'mlp.gate_proj',
  up: 'mlp.up_proj',
  down: 'mlp.down_proj',
};

/**
 * [in, out] of a linear stored [out, in], and the other way round.
 * @param {Data} data @param {number} rows @param {number} cols
 */
export function transposed(data, rows, cols) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j] ?? 0;
  return out;
}

/**
 * {embed [vocab, hidden], layers: [{q: [out, in], ...}]}, and LoRA's A as [{q: [rank, in], ...}].
 * @param {BenchConfig} config @param {number} rank @returns {BenchWeights}
 */
export function randomWeights(config, rank) {
  const { hidden, layers, vocab } = config;
  let seed = 100;
  const block = () => perLinear(config, (_, [i, o]) => numbers(i * o, seed++, 1.5 / Math.sqrt(i)));
  const lora = () => perLinear(config, (_, [i]) => numbers(rank * i, seed++, 1 / Math.sqrt(i)));
  return {
    embed: numbers(vocab * hidden, 99, 1),
    layers: Array.from({ length: layers }, block),
    lora: Array.from({ length: layers }, lora),
  };
}

/**
 * The weights as a Hugging Face folder in memory.
 * @param {BenchConfig} config @param {BenchWeights} weights
 */
export function modelSource(config, weights) {
  const { hidden, layers, heads, kvHeads, headDim, ffn, vocab, eps, theta } = config;
  const ones = new Float32Array(hidden).fill(1);
  /** @param {string} name @param {readonly number[]} shape @param {Data} data @returns {TensorToWrite} */
  const tensor = (name, shape, data) => ({ name, dtype: 'F32', shape, data });
  const tensors = [
    tensor('model.embed_tokens.weight', [vocab, hidden], weights.embed),
    tensor('model.norm.weight', [hidden], ones),
  ];
  weights.layers.forEach((block, layer) => {
    const prefix = `model.layers.${layer}.`;
    tensors.push(tensor(`${prefix}input_layernorm.weight`, [hidden], ones));
    tensors.push(tensor(`${prefix}post_attention_layernorm.weight`, [hidden], ones));
    for (const name of linearNames) {
      const [i, o] = linearShapes(config)[name];
      tensors.push(tensor(`${prefix}${modules[name]}.weight`, [o, i], block[name]));
    }
  });
  const json = {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headDim,
    intermediate_size: ffn,
    vocab_size: vocab,
    rms_norm_eps: eps,
    rope_theta: theta,
    tie_word_embeddings: true,
    max_position_embeddings: 512,
    hidden_act: 'silu',
    bos_token_id: 0,
    eos_token_id: null,
  };
  return new MemorySource([
    ['config.json', new TextEncoder().encode(JSON.stringify(json))],
    ['model.safetensors', writeSafetensors(tensors)],
  ]);
}

/**
 * peft names of LoRA's matrices, A as drawn and B zero.
 * @param {BenchConfig} config @param {BenchWeights} weights @param {number} rank
 */
export function loraMatrices(config, weights, rank) {
  /** @type {Map<string, { rows: number, cols: number, values: Data }>} */
  const named = new Map();
  weights.lora.forEach((block, layer) => {
    for (const name of linearNames) {
      const [i, o] = linearShapes(config)[name];
      const path = `base_model.model.model.layers.${layer}.${modules[name]}`;
      named.set(`${path}.lora_A.weight`, { rows: rank, cols: i, values: block[name] });
      named.set(`${path}.lora_B.weight`, { rows: o, cols: rank, values: new Float32Array(o * rank) });
    }
  });
  return named;
}

/**
 * Rotary tables [time, headDim / 2].
 * @param {BenchConfig} config @param {number} time
 */
export function rotaryTables({ headDim, theta }, time) {
  const half = headDim / 2;
  const cos = new Float32Array(time * half);
  const sin = new Float32Array(time * half);
  for (let t = 0; t < time; t++) {
    for (let i = 0; i < half; i++) {
      const angle = t * theta ** (-i / half);
      cos[t * half + i] = Math.cos(angle);
      sin[t * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

/**
 * The base for jax-js: linears as [in, out].
 * @param {Pick<ReturnType<typeof makeJaxPeer>, 'f32'>} peer @param {BenchConfig} config @param {BenchWeights} weights
 * @returns {JaxBase}
 */
export function jaxBase(peer, config, weights) {
  const { hidden, vocab } = config;
  const ones = () => peer.f32(new Float32Array(hidden).fill(1), [hidden]);
  const layers = weights.layers.map((block) => ({
    inputNorm: ones(),
    postNorm: ones(),
    ...perLinear(config, (name, [i, o]) => peer.f32(transposed(block[name], o, i), [i, o])),
  }));
  return { embed: peer.f32(weights.embed, [vocab, hidden]), finalNorm: ones(), layers };
}

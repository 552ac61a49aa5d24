/** A LoRA adapter as the GGUF file that llama.cpp loads (its convert_lora_to_gguf.py). */
import type { Backend } from '../compute/ops';
import { linearShape, loraScale, readAdapter } from '../lm/adapter';
import { ggufArchitecture, isInterleaved } from '../lm/gguf/ggufBlock';
import { fusedNames, linearNames } from '../lm/types';
import type { LinearName, LoraAdapter, ModelConfig } from '../lm/types';
import { writeGguf } from './ggufWriter';
import type { GgufMeta, GgufTensorToWrite } from './ggufWriter';

/** llama.cpp's names of the linears. */
export const ggufLinear: Readonly<Record<LinearName, string>> = {
  q_proj: 'attn_q',
  k_proj: 'attn_k',
  v_proj: 'attn_v',
  o_proj: 'attn_output',
  gate_proj: 'ffn_gate',
  up_proj: 'ffn_up',
  down_proj: 'ffn_down',
  qkv_proj: 'attn_qkv',
  gate_up_proj: 'ffn_up',
};

/**
 * Rows of q or k [heads * headDim, cols] from (half, pair), as transformers rotates them, to llama.cpp's (pair, half)
 * within each head: what its converter does for the llama architecture.
 */
export function permuteHeads(values: Float32Array, cols: number, headDim: number): Float32Array {
  const rows = values.length / cols;
  const half = headDim / 2;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / headDim);
    const within = row % headDim;
    const to = head * headDim + (within % half) * 2 + Math.floor(within / half);
    out.set(values.subarray(row * cols, (row + 1) * cols), to * cols);
  }
  return out;
}

/** Whether a linear's output rows are permuted in a GGUF of this family. */
export function isPermuted(config: ModelConfig, linear: LinearName): boolean {
  return isInterleaved(config.family) && (linear === 'q_proj' || linear === 'k_proj');
}

/**
 * The adapter as one GGUF file, f32. llama.cpp scales by alpha / rank, so alpha is written as scale * rank, which also
 * carries rank-stabilised scaling.
 */
export async function writeGgufAdapter(
  backend: Backend,
  config: ModelConfig,
  adapter: LoraAdapter,
): Promise<Uint8Array<ArrayBuffer>> {
  const named = await readAdapter(backend, adapter);
  const tensors: GgufTensorToWrite[] = [];
  for (const [name, { rows, cols, values }] of named) {
    const match = /layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])\.weight$/.exec(name);
    const linear = [...linearNames, ...fusedNames].find((known) => known === match?.[2]);
    if (!match || !linear) continue;
    const isB = match[3] === 'B';
    const data = isB && isPermuted(config, linear) ? permuteHeads(values, cols, config.headDim) : values;
    const ending = isB ? 'lora_b' : 'lora_a';
    tensors.push({
      name: `blk.${match[1]}.${ggufLinear[linear]}.weight.${ending}`,
      shape: isB ? [linearShape(config, linear).outputs, cols] : [rows, cols],
      type: 'F32',
      data,
    });
  }
  const meta = new Map<string, GgufMeta>([
    ['general.architecture', { type: 'string', value: ggufArchitecture(config.family) }],
    ['general.type', { type: 'string', value: 'adapter' }],
    ['general.name', { type: 'string', value: 'LoRA adapter' }],
    ['adapter.type', { type: 'string', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'f32', value: loraScale(adapter.config) * adapter.config.rank }],
  ]);
  return writeGguf(meta, tensors);
}

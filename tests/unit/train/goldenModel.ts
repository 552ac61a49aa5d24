/** A golden of tests/golden/train/make.py: the tiny model on any backend, its adapter, gradients and run. */
import type { Backend, Matrix, Tensor } from '../../../src/compute/ops';
import { MemorySource } from '../../../src/core/fileSource';
import { createAdapter, writeAdapter } from '../../../src/lm/adapter';
import type { NamedMatrix } from '../../../src/lm/adapter';
import { parseConfig } from '../../../src/lm/config';
import { rotaryValues } from '../../../src/lm/rotary';
import { readHeader } from '../../../src/lm/safetensors';
import type { LanguageModel, LoraAdapter, LoraConfig } from '../../../src/lm/types';
import type { Example } from '../../../src/train/batch';

export interface GoldenRun {
  readonly lr: number;
  readonly betas: [number, number];
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly warmup: number;
  readonly steps: number;
  readonly batch: number;
  readonly gradAccum: number;
  readonly losses: number[];
  readonly gradNorms: number[];
}

export interface Golden {
  readonly model: LanguageModel;
  readonly lora: LoraConfig;
  readonly documents: Example[];
  readonly loss: number;
  readonly nll: Float32Array;
  readonly run: GoldenRun | null;
  /** Matrices whose name starts with the prefix, under their peft names. */
  named(prefix: 'lora.' | 'grad.' | 'start.' | 'end.'): Map<string, NamedMatrix>;
  /** The adapter of the gradient golden. */
  adapter(prefix?: 'lora.' | 'start.'): LoraAdapter;
}

export type GoldenFamily = 'llama' | 'qwen2' | 'qwen3';

/** From the bytes of the file. The model's weights are f32 and owned by "model". */
export async function goldenFrom(backend: Backend, bytes: Uint8Array<ArrayBuffer>): Promise<Golden> {
  const { tensors, metadata } = await readHeader(new MemorySource([['golden', bytes]]), 'golden');
  const values = (name: string): Float32Array => {
    const entry = tensors.get(name);
    if (!entry) throw new Error(`the golden lacks ${name}`);
    return new Float32Array(bytes.slice(entry.start, entry.end).buffer);
  };
  const config = parseConfig(JSON.parse(metadata['config']!));
  const owner = 'model';
  const vector = (label: string): Tensor => {
    const data = values(label);
    const tensor = backend.tensor([data.length], { owner, label });
    backend.write(tensor, data);
    return tensor;
  };
  const matrix = (cols: number, ...names: string[]): Matrix => {
    const parts = names.map(values);
    const rows = parts.reduce((sum, part) => sum + part.length / cols, 0);
    const made = backend.matrix(rows, cols, 'f32', { owner, label: names.join(' ') });
    let start = 0;
    for (const part of parts) {
      backend.writeRows(made, start, part.length / cols, { format: 'f32', values: part });
      start += part.length / cols;
    }
    return made;
  };
  const { hidden } = config;
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const at = (name: string) => `model.layers.${layer}.${name}.weight`;
    const bias = (name: string) => values(`model.layers.${layer}.self_attn.${name}_proj.bias`);
    let qkvBias: Tensor | null = null;
    if (config.qkvBias) {
      const joined = Float32Array.from(['q', 'k', 'v'].flatMap((name) => [...bias(name)]));
      qkvBias = backend.tensor([joined.length], { owner, label: 'qkv bias' });
      backend.write(qkvBias, joined);
    }
    return {
      inputNorm: vector(at('input_layernorm')),
      qkv: matrix(hidden, at('self_attn.q_proj'), at('self_attn.k_proj'), at('self_attn.v_proj')),
      qkvBias,
      qNorm: config.qkNorm ? vector(at('self_attn.q_norm')) : null,
      kNorm: config.qkNorm ? vector(at('self_attn.k_norm')) : null,
      o: matrix(config.heads * config.headDim, at('self_attn.o_proj')),
      postNorm: vector(at('post_attention_layernorm')),
      gateUp: matrix(hidden, at('mlp.gate_proj'), at('mlp.up_proj')),
      down: matrix(config.ffn, at('mlp.down_proj')),
    };
  });
  const embed = matrix(hidden, 'model.embed_tokens.weight');
  const maxContext = 64;
  const table = (label: 'cos' | 'sin'): Tensor => {
    const tensor = backend.tensor([maxContext, config.headDim / 2], { owner, label });
    backend.write(tensor, rotaryValues(config, maxContext)[label]);
    return tensor;
  };
  const model: LanguageModel = {
    config,
    backend,
    owner,
    embed,
    head: config.tied ? embed : matrix(hidden, 'lm_head.weight'),
    layers,
    finalNorm: vector('model.norm.weight'),
    rotary: { cos: table('cos'), sin: table('sin') },
    maxContext,
  };
  const lora = JSON.parse(metadata['lora']!) as LoraConfig;
  const named: Golden['named'] = (prefix) =>
    new Map(
      [...tensors.values()]
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ name, shape }) => [
          name.slice(prefix.length),
          { rows: shape[0]!, cols: shape[1]!, values: values(name) },
        ]),
    );
  return {
    model,
    lora,
    documents: JSON.parse(metadata['documents']!) as Example[],
    loss: Number(metadata['loss']),
    nll: values('nll'),
    run: metadata['run'] === undefined ? null : (JSON.parse(metadata['run']) as GoldenRun),
    named,
    adapter(prefix = 'lora.') {
      const adapter = createAdapter(model, lora, { seed: 0, owner: 'adapter' });
      writeAdapter(backend, adapter, named(prefix));
      return adapter;
    },
  };
}

/** Cosine of the angle between two vectors, and max |a - b| / max |b|. */
export function compare(a: ArrayLike<number>, b: ArrayLike<number>): { cosine: number; relative: number } {
  let [dot, aa, bb, worst, largest] = [0, 0, 0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return { cosine: dot / Math.sqrt(aa * bb), relative: worst / largest };
}

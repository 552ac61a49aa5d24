/** A golden of tests/golden/train/make.py: the tiny model on any backend, its adapter, gradients and run. */
import type { Backend, Matrix, Tensor } from '../../../src/compute/ops';
import { MemorySource } from '../../../src/core/fileSource';
import { createAdapter, writeAdapter } from '../../../src/lm/adapter';
import type { NamedMatrix } from '../../../src/lm/adapter';
import { parseConfig } from '../../../src/lm/config';
import { layerForm, ropeKinds } from '../../../src/lm/block/form';
import { inLayer, layerPlan, type VectorName } from '../../../src/lm/layerPlan';
import { createRotary, writeRotary } from '../../../src/lm/rotary';
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

export type GoldenFamily = 'llama' | 'qwen2' | 'qwen3' | FamilyGolden;

/** Families whose golden holds logits and a greedy reply beside (tests/golden/families). */
export const familyGoldens = [
  'mistral',
  'ministral',
  'qwen2-window',
  'granite',
  'smollm3',
  'olmo2',
  'gemma2',
  'gemma3',
  'phi3',
  'phi3-short',
  'llama-biases',
  'yarn',
  'dynamic',
] as const;
export type FamilyGolden = (typeof familyGoldens)[number];

/** From the bytes of the file; with a `change` of its config it is another model of the same weights. The model's weights are f32 and owned by "model". */
export async function goldenFrom(
  backend: Backend,
  bytes: Uint8Array<ArrayBuffer>,
  change: object = {},
): Promise<Golden> {
  const { tensors, metadata } = await readHeader(new MemorySource([['golden', bytes]]), 'golden');
  const values = (name: string): Float32Array => {
    const entry = tensors.get(name);
    if (!entry) throw new Error(`the golden lacks ${name}`);
    return new Float32Array(bytes.slice(entry.start, entry.end).buffer);
  };
  const config = parseConfig({ ...(JSON.parse(metadata['config']!) as object), ...change });
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
  const maxContext = 64;
  const rotaries = new Map(
    ropeKinds(config.block).map((kind) => {
      const tables = createRotary(config, kind, (label, cols) =>
        backend.tensor([maxContext, cols], { owner, label }),
      );
      writeRotary(backend, config, kind, tables, maxContext);
      return [kind, tables];
    }),
  );
  const { matrices, vectors } = layerPlan(config);
  const layers = Array.from({ length: config.layers }, (_, layer) => {
    const joined = (key: VectorName): Tensor | null => {
      const parts = vectors[key];
      if (!parts) return null;
      const plus = config.block.onePlus && key.endsWith('Norm') ? 1 : 0;
      const data = Float32Array.from(
        inLayer(layer, parts).flatMap(([name]) => [...values(name)]),
        (value) => value + plus,
      );
      const tensor = backend.tensor([data.length], { owner, label: key });
      backend.write(tensor, data);
      return tensor;
    };
    const fused = (key: keyof typeof matrices): Matrix =>
      matrix(matrices[key].cols, ...inLayer(layer, matrices[key].parts).map(([name]) => name));
    return {
      inputNorm: joined('inputNorm'),
      qkv: fused('qkv'),
      qkvBias: joined('qkvBias'),
      qNorm: joined('qNorm'),
      kNorm: joined('kNorm'),
      o: fused('o'),
      oBias: joined('oBias'),
      attendedNorm: joined('attendedNorm'),
      postNorm: joined('postNorm'),
      gateUp: fused('gateUp'),
      gateUpBias: joined('gateUpBias'),
      down: fused('down'),
      downBias: joined('downBias'),
      mlpNorm: joined('mlpNorm'),
      rotary: rotaries.get(layerForm(config.block, layer).rope)!,
    };
  });
  const embed = matrix(hidden, 'model.embed_tokens.weight');
  const finalNorm = vector('model.norm.weight');
  if (config.block.onePlus)
    backend.write(
      finalNorm,
      values('model.norm.weight').map((value) => value + 1),
    );
  const model: LanguageModel = {
    config,
    backend,
    owner,
    embed,
    head: config.tied ? embed : matrix(hidden, 'lm_head.weight'),
    layers,
    finalNorm,
    rotaries: [...rotaries.values()],
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

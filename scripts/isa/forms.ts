/** The kernel forms that models of the eight shapes run: what decoding, prefill and training record on a device. */
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { Maker } from '../../src/compute/opCase';
import type { Backend, HeadShape, WeightFormat } from '../../src/compute/ops';
import { kernelKey, type KernelSpec } from '../../src/gpu/kernels';
import { variantChoices, type Variants } from '../../src/gpu/variants';
import { createAdapter, releaseAdapter } from '../../src/lm/adapter';
import { canHalve } from '../../src/lm/cache';
import { Generator } from '../../src/lm/generate';
import type { LanguageModel } from '../../src/lm/types';
import { defaultLora, defaultTrainOptions } from '../../src/train/options';
import { trainExamples } from '../../src/train/trainer';
import { CountingGpu } from '../../tests/support/countingGpu/countingGpu';
import { shapedModel, shapeNames } from './shapes';

export interface Form {
  readonly key: string;
  readonly spec: KernelSpec;
  /** In use on a real GPU that nothing was tuned on; the others the tuner may take, or a resumed run replays. */
  readonly hot: boolean;
}

/** Weights of real downloads: half floats, and 8 and 4 bits. The bundled models are trained in f32. */
const formats: readonly WeightFormat[] = ['f16', 'q8', 'q4'];

/** Where the choices that are not usual are looked at too: with a bias, in f32, and with the longest head. */
const alternativesAt = ['bundled', 'Qwen2.5-0.5B'];

/** Nothing is computed: every read gives zeros. WebGPU's constants (GPUBufferUsage) must stand. */
export async function formsOf(): Promise<readonly Form[]> {
  const backend = await createGpuBackend(new CountingGpu().gpu);
  const forms = new Map<string, Form>();
  let hot = true;
  backend.recorder.dispatch = ({ kernel: spec }) => {
    const key = kernelKey(spec);
    if (hot || !forms.has(key)) forms.set(key, { key, spec, hot });
  };
  const usual = backend.variants();
  for (const name of shapeNames) {
    for (const format of name === 'bundled' ? (['f32'] as const) : formats) {
      const model = shapedModel(backend, name, format);
      hot = true;
      backend.useVariants(usual);
      // As many rows as a prefill takes at once.
      for (const sequences of [1, 3, 8]) await generate(model, 256, sequences);
      if (canHalve(model.config)) await generate({ ...model, halfCache: true }, 256, 1);
      await train(model);
      attend(backend, model.config);
      hot = false;
      for (const other of alternativesAt.includes(name) ? alternatives(usual) : []) {
        backend.useVariants(other);
        await generate(model, 1);
        await train(model);
      }
      backend.releaseMatrix(model.embed, ...model.layers.flatMap((l) => [l.qkv, l.o, l.gateUp, l.down]));
      backend.pool.trim();
    }
  }
  return [...forms.values()];
}

/** Each choice that is not the usual one, in turn. */
function alternatives(usual: Variants): Variants[] {
  return (Object.keys(variantChoices) as (keyof typeof variantChoices)[])
    .filter((family) => family !== 'workgroup')
    .flatMap((family) =>
      variantChoices[family]
        .filter((choice) => choice !== usual[family])
        .map((choice) => ({ ...usual, [family]: choice })),
    );
}

/** Prompts and two steps each, without and with an adapter. */
async function generate(model: LanguageModel, prompt: number, sequences = 1): Promise<void> {
  const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'forms' });
  // A nucleus has a form of its own.
  const sampling = { temperature: 1, topP: sequences > 1 ? 0.9 : 1, seed: 1, maxTokens: 2 };
  const promptIds = Array.from({ length: prompt }, (_, i) => 1 + (i % 64));
  for (const lora of [null, adapter]) {
    const generator = new Generator(model, null, { maxSequences: 8 });
    await generator.generate(
      Array.from({ length: sequences }, () => ({ promptIds, sampling })),
      { adapter: lora },
    );
    await generator.dispose();
  }
  releaseAdapter(model.backend, adapter);
}

/** Attention over many keys, and as Gemma's layers want it, with and without a window. */
function attend(backend: Backend, { heads, kvHeads, headDim }: HeadShape): void {
  const rows = 2048;
  const make = new Maker(backend, 'forms');
  const u32 = (label: string, size: number) => make.u32(label, [size], new Uint32Array(size));
  const widths = [heads * headDim, (heads + 2 * kvHeads) * headDim] as const;
  const [out, dout] = ['out', 'dout'].map((label) => make.empty(label, [rows, widths[0]]));
  const [qkv, dqkv] = ['qkv', 'dqkv'].map((label) => make.empty(label, [rows, widths[1]]));
  const [lse, delta] = ['lse', 'delta'].map((label) => make.empty(label, [rows, heads]));
  const shape = [rows, kvHeads * headDim];
  const caches = [['k', 'v'].map((label) => make.empty(label, shape))];
  if (canHalve({ headDim })) caches.push(['k', 'v'].map((label) => u32(label, (shape[0]! * shape[1]!) / 2)));
  const documents = u32('documents', 2 * rows);
  const [sequences, positions, blockTable] = ['sequences', 'positions', 'blocks'].map((name) =>
    u32(name, rows),
  );
  for (const form of [{}, { softCap: 50 }, { softCap: 50, window: 640 }, { window: 640 }]) {
    const op = { heads, kvHeads, headDim, ...form, qkv: qkv!, out: out!, rows };
    const packed = { ...op, documents, lse: lse! };
    backend.attention(packed);
    backend.attentionBackward({ ...packed, dout: dout!, delta: delta!, dqkv: dqkv! });
    const where = { sequences: sequences!, positions: positions!, blockTable: blockTable! };
    for (const [kCache, vCache] of caches)
      for (const count of [1, rows])
        for (const maxBlocks of [16, 64]) {
          const pages = { kCache: kCache!, vCache: vCache!, maxBlocks, blockSize: 16 };
          backend.attentionPaged({ ...op, ...pages, ...where, rows: count });
        }
  }
  make.free();
}

/** A step of two packed documents with held-out loss, without and with dropout, and one with recomputation: products of few and of many tiles. */
async function train(model: LanguageModel): Promise<void> {
  const examples = [1, 2].map((first) => ({
    ids: Array.from({ length: 256 }, (_, i) => first + (i % 64)),
    responseStart: 12,
  }));
  for (const [dropout, recompute] of [
    [0, 'off'],
    [0.05, 'full'],
  ] as const) {
    const lora = { ...defaultLora, dropout };
    const options = {
      ...defaultTrainOptions,
      steps: 1,
      batch: 2,
      evalEvery: 1,
      order: 'file',
      lora,
    } as const;
    const { adapter } = await trainExamples({
      ...{ model, examples, evalExamples: examples, options },
      recompute: () => recompute,
    });
    releaseAdapter(model.backend, adapter);
  }
}

/** The proof of a device runs the very kernel forms that a loaded model will run. */
import { expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { rowAlone } from '../../../src/compute/modelCases';
import type { Backend, WeightFormat } from '../../../src/compute/ops';
import { largestError } from '../../../src/compute/opCase';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { validateKernels } from '../../../src/compute/validateKernels';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { createAdapter } from '../../../src/lm/adapter';
import { Generator } from '../../../src/lm/generate';
import { defaultLora, defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { parseConfig } from '../../../src/lm/config';
import { emptyModel, modelShapes, type Shape } from '../../../src/lm/shaped/emptyModel';

/** What this model compiles in a reply without and with LoRA and in a training step. */
async function used(shape: Shape, format: WeightFormat) {
  const gpu = new CountingGpu();
  const backend = await createGpuBackend(gpu.gpu);
  const layers = Math.min(shape.layers, shape.block?.layers.length ?? 1) || 1;
  const model = emptyModel(backend, { ...shape, layers }, format, 512);
  const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'adapter' });
  const generator = new Generator(model, null);
  const request = { promptIds: [1, 2, 3], sampling: { temperature: 0, topP: 1, seed: 1, maxTokens: 3 } };
  await generator.generate([request, request]);
  const promptIds = Array.from({ length: 80 }, (_, i) => i + 1);
  await generator.generate([
    { ...request, promptIds },
    { ...request, promptIds: promptIds.slice(0, 11) },
  ]);
  await generator.generate([request], { adapter });
  const example = { ids: Array.from({ length: 40 }, (_, i) => i + 1), responseStart: 20 };
  const options = { ...defaultTrainOptions, steps: 1, batch: 2 };
  await trainExamples({ model, adapter, examples: [example, example], options });
  return gpu.pipelines;
}

it.each([
  ['SmolLM2-135M', 'f16'],
  ['Qwen2.5-0.5B', 'q8'],
  ['Qwen3-0.6B', 'f16'],
  ['Llama-3.2-3B', 'q4'],
] as const)('all forms of %s in %s are among the cases', async (name, format) => {
  const shape = modelShapes[name];
  const wanted = await used(shape, format);
  const gpu = new CountingGpu();
  const backend = await createGpuBackend(gpu.gpu);
  const forms = { qkvBias: false, qkNorm: false, ...shape, formats: [format] };
  // This device computes nothing right: what is asked of it is all that counts.
  await validateKernels(backend, { models: [forms], budgetMs: Infinity });
  const proven = new Set(gpu.pipelines);
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((key) => !proven.has(key))).toEqual([]);
});

/** Heads, widths and block of models of these families; what else their sizes are makes no form. */
const sizes = {
  num_hidden_layers: 2,
  vocab_size: 1024,
  intermediate_size: 768,
  max_position_embeddings: 512,
};
const small = { hidden_size: 256, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 64 };
const ones = Array<number>(24).fill(1);
it.each([
  ['gemma2', { ...small, head_dim: 128, sliding_window: 64 }],
  [
    'gemma3_text',
    { ...small, head_dim: 256, num_key_value_heads: 1, sliding_window: 64, sliding_window_pattern: 2 },
  ],
  ['olmo2', small],
  ['granite', { ...small, residual_multiplier: 0.22, embedding_multiplier: 12, logits_scaling: 8 }],
  ['smollm3', { ...small, no_rope_layers: [1, 0] }],
  ['mistral', { ...small, sliding_window: 64 }],
  [
    'phi3',
    {
      ...small,
      rope_scaling: { type: 'longrope', short_factor: ones, long_factor: ones, partial_rotary_factor: 0.75 },
    },
  ],
])('all forms of a %s are among the cases', async (family, change) => {
  const shape = parseConfig({ model_type: family, ...sizes, ...change });
  const wanted = await used(shape, 'f16');
  const gpu = new CountingGpu();
  const backend = await createGpuBackend(gpu.gpu);
  await validateKernels(backend, { models: [{ ...shape, formats: ['f16'] }], budgetMs: Infinity });
  const proven = new Set(gpu.pipelines);
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((key) => !proven.has(key))).toEqual([]);
});

it('a row has the same bits alone and in a batch on the CPU path, and a difference is an error', async () => {
  const wasm = await createWasmBackend();
  const reference = createReferenceBackend();
  for (const format of ['f32', 'f16', 'q8', 'q4'] as const) {
    const test = rowAlone(format, { inputs: 256, outputs: 68, bias: true, residual: true, rank: 8 });
    expect(largestError(await test.run(wasm), await test.run(reference), test)).toBeLessThanOrEqual(1);
  }
  // A backend whose results depend on the number of rows.
  const uneven: Backend = {
    ...wasm,
    linear: (op) => {
      wasm.linear(op);
      if (op.rows === 1) wasm.copy({ x: op.y, y: op.y, size: 1, accumulate: true });
    },
  };
  const test = rowAlone('f32', { inputs: 256, outputs: 68 });
  expect(largestError(await test.run(uneven), await test.run(reference), test)).toBeGreaterThan(1);
});

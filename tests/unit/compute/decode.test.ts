/** What a token asks of a GPU: a dispatch less for each norm and activation that its linear takes in. */
import { expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { createAdapter } from '../../../src/lm/adapter';
import { Generator } from '../../../src/lm/generate';
import { defaultLora } from '../../../src/train/options';
import type { Variants } from '../../../src/gpu/variants';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { emptyModel, modelShapes, type ModelName } from '../../../src/lm/shaped/emptyModel';

/** Dispatches of the last of some steps of so many sequences. */
async function dispatchesOfStep(
  name: ModelName,
  options: { sequences?: number; lora?: boolean; variants?: Partial<Variants> } = {},
): Promise<number> {
  const { sequences = 1, lora = false, variants = {} } = options;
  const gpu = new CountingGpu();
  const backend = await createGpuBackend(gpu.gpu, { variants });
  const model = emptyModel(backend, name, 'f16', 512);
  const adapter = lora ? createAdapter(model, defaultLora, { seed: 0, owner: 'adapter' }) : null;
  const after = async (maxTokens: number): Promise<number> => {
    const generator = new Generator(model, null);
    const sampling = { temperature: 0, topP: 1, seed: 1, maxTokens };
    const before = gpu.counts.dispatches;
    const requests = Array.from({ length: sequences }, (_, i) => ({ promptIds: [1, 2, 3 + i], sampling }));
    await generator.generate(requests, { adapter });
    await generator.dispose();
    return gpu.counts.dispatches - before;
  };
  const short = await after(4);
  const dispatches = (await after(5)) - short;
  backend.dispose();
  return dispatches;
}

// Of a layer: q|k|v with its norm, rotation, attention, o, gate|up with norm and activation, down; Qwen3 has its QK norm.
it.each([
  ['Qwen2.5-0.5B', 6],
  ['SmolLM2-135M', 6],
  ['Qwen3-0.6B', 7],
] as const)(
  'a token of %s takes %i dispatches a layer, and five for embedding, last norm, head and the choice of the token',
  async (name, each) => {
    expect(await dispatchesOfStep(name)).toBe(each * modelShapes[name].layers + 5);
  },
);

it('up to eight sequences are decoded so, with an adapter as well', async () => {
  const { layers } = modelShapes['Qwen2.5-0.5B'];
  expect(await dispatchesOfStep('Qwen2.5-0.5B', { sequences: 8 })).toBe(6 * layers + 5);
  expect(await dispatchesOfStep('Qwen2.5-0.5B', { lora: true })).toBe(10 * layers + 5);
});

it('a software adapter, and more rows than eight, take norm and activation by themselves', async () => {
  const { layers } = modelShapes['Qwen2.5-0.5B'];
  const software = { decode: 'tile', norm: 'thread' } as const;
  expect(await dispatchesOfStep('Qwen2.5-0.5B', { variants: software })).toBe(9 * layers + 5);
  expect(await dispatchesOfStep('Qwen2.5-0.5B', { sequences: 9 })).toBe(9 * layers + 5);
});

/**
 * How many tokens a training of well-known models holds in 4 and 8 GB, by the engine's own ledger on the counting GPU: weights, an
 * adapter of rank 16 on all linears, its optimiser, and the activations of one document, the second half of it targets.
 */
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import type { WeightFormat } from '../../../src/compute/ops';
import { createAdapter } from '../../../src/lm/adapter';
import { recomputations, type Recomputation } from '../../../src/lm/recompute';
import { gpuSizer, trainingMemory } from '../../../src/models/engineMemory';
import { Backprop } from '../../../src/train/backprop';
import { LoraOptimizer } from '../../../src/train/loraOptimizer';
import { defaultLora } from '../../../src/train/options';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { emptyModel, type ModelName } from '../../../src/lm/shaped/emptyModel';

const GB = 2 ** 30;
const rank = 16;
const sizeOf = (tokens: number) => ({ rows: tokens - 1, targets: Math.ceil(tokens / 2) });

/**
 * At least so many tokens in 4 and 8 GB with everything kept (off) and with whole layers computed again (full): as a review of the
 * engine counted them on this ledger before recomputation could be chosen.
 */
const models: readonly {
  readonly name: ModelName;
  readonly format: WeightFormat;
  readonly off: readonly [number, number];
  readonly full: readonly [number, number];
}[] = [
  { name: 'SmolLM2-135M', format: 'f16', off: [3570, 7510], full: [24000, 50500] },
  { name: 'Qwen2.5-0.5B', format: 'f16', off: [1515, 3620], full: [12400, 29700] },
  { name: 'Qwen3-0.6B', format: 'f16', off: [1040, 2600], full: [9400, 23500] },
  { name: 'Llama-3.2-1B', format: 'q4', off: [1240, 2900], full: [7400, 17300] },
  { name: 'Qwen2.5-1.5B', format: 'q4', off: [680, 1690], full: [6260, 15500] },
  { name: 'Llama-3.2-3B', format: 'q4', off: [330, 1150], full: [2450, 8540] },
  { name: 'Qwen3-4B', format: 'q4', off: [130, 650], full: [1320, 6580] },
];

async function opened(name: ModelName, format: WeightFormat) {
  const gpu = new CountingGpu();
  const backend = await createGpuBackend(gpu.gpu, { keepBytes: 0 });
  const model = emptyModel(backend, name, format, 8192);
  const adapter = createAdapter(model, { ...defaultLora, rank }, { seed: 0, owner: 'adapter' });
  const optimizer = new LoraOptimizer(backend, adapter, 'optimiser');
  /** Bytes held by the ledger with the activations of so many tokens. */
  const held = (tokens: number, recompute: Recomputation): number => {
    const capacity = sizeOf(tokens);
    const backprop = new Backprop(model, adapter, { owner: 'activations', recompute, capacity });
    const { total } = backend.ledger;
    backprop.dispose();
    return total;
  };
  return { backend, model, optimizer, held };
}

/** The most tokens whose bytes are within the budget. */
function mostTokens(held: (tokens: number) => number, budget: number): number {
  let [fits, not] = [2, 65_536];
  while (not - fits > 1) {
    const tokens = Math.floor((fits + not) / 2);
    if (held(tokens) <= budget) fits = tokens;
    else not = tokens;
  }
  return fits;
}

describe.each(models)('$name ($format)', ({ name, format, off, full }) => {
  it('holds more tokens with cheap parts computed again, and many more with whole layers', async () => {
    const { backend, held } = await opened(name, format);
    const found = recomputations.map((recompute) =>
      [4, 8].map((gigabytes) => mostTokens((tokens) => held(tokens, recompute), gigabytes * GB)),
    );
    const [kept, selective, whole] = found as [number[], number[], number[]];
    for (const i of [0, 1]) {
      expect(kept[i]).toBeGreaterThanOrEqual(off[i]!);
      expect(whole[i]).toBeGreaterThanOrEqual(full[i]!);
      expect(selective[i]! / kept[i]!).toBeGreaterThan(1.35);
    }
    backend.dispose();
  });

  it.each(recomputations)('is planned to the byte, with recomputation %s', async (recompute) => {
    const { backend, model, held } = await opened(name, format);
    const without = backend.ledger.total;
    const tokens = 777;
    const { activations } = trainingMemory(model.config, gpuSizer, { rank, ...sizeOf(tokens) }, recompute);
    const { targets } = sizeOf(tokens);
    // The plan counts the losses of a pass, which the training holds beside its activations.
    const losses = gpuSizer.tensor(64 + Math.ceil(targets / 64) * 64);
    expect(held(tokens, recompute) - without).toBe(activations - losses);
    backend.dispose();
  });
});

import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { machineBudget, recomputationOf } from '../../../src/engine/recomputation';
import { gpuSizer, trainingMemory } from '../../../src/models/engineMemory';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { emptyModel } from '../../../src/lm/shaped/emptyModel';

const size = { rows: 2000, targets: 1000 };
const rank = 16;

describe('what a training in the engine computes again', () => {
  it('is what the memory plan has: the least that fits beside what is held', async () => {
    const gpu = new CountingGpu();
    const model = emptyModel(await createGpuBackend(gpu.gpu), 'Qwen2.5-0.5B', 'f16');
    const { total } = model.backend.ledger;
    const engine = { model, halvings: 0 };
    const needed = (recompute: 'off' | 'selective'): number => {
      const { optimiser, activations } = trainingMemory(model.config, gpuSizer, { rank, ...size }, recompute);
      return total + optimiser + activations;
    };
    const chosen = (budget: number) => recomputationOf(engine, 'auto', rank, budget)(size);
    expect(chosen(needed('off'))).toBe('off');
    expect(chosen(needed('off') - 1)).toBe('selective');
    expect(chosen(needed('selective') - 1)).toBe('full');
    expect(chosen(0)).toBe('full');
    expect(recomputationOf(engine, 'off', rank, 0)(size)).toBe('off');
    expect(recomputationOf(engine, 'selective', rank)(size)).toBe('selective');
    expect(recomputationOf({ ...engine, halvings: 1 }, 'off', rank)(size)).toBe('full');
  });

  it('goes by the memory that the browser tells, as the plan does', () => {
    expect(machineBudget('webgpu', { deviceMemory: 8 })).toBe(4 * 2 ** 30);
    expect(machineBudget('webgpu', {})).toBe(4 * 2 ** 30);
    expect(machineBudget('webgpu', { deviceMemory: 4, userAgentData: { mobile: true } })).toBe(2 ** 30);
    expect(machineBudget('cpu', { deviceMemory: 32 })).toBe(3.5 * 2 ** 30);
  });
});

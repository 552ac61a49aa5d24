import { beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import type { MachineFacts } from '../../../src/models/memoryPlan';
import type { ModelShape } from '../../../src/models/modelShape';
import { memoryBudget, planMemory } from '../../../src/models/planner';
import type { PlanInput } from '../../../src/models/studentMemory';
import { readModelShape } from '../../../src/models/readModelShape';
import { presets, type RunConfig } from '../../../src/settings/config';
import { modelShapes } from '../../../src/lm/shaped/emptyModel';

const GiB = 2 ** 30;
const laptop: MachineFacts = {
  backend: 'webgpu',
  deviceMemory: 8,
  maxBufferBytes: 2 * GiB,
  features: [],
  mobile: false,
  budget: null,
  held: null,
};
let shapes: { agent: ModelShape; student: ModelShape };

beforeAll(async () => {
  shapes = {
    agent: await readModelShape(await NodeSource.open('public/models/agent-a')),
    student: await readModelShape(await NodeSource.open('public/models/student')),
  };
});

function input(change: Partial<PlanInput> = {}): PlanInput {
  return {
    config: presets.quick,
    machine: laptop,
    agents: ['a', 'b', 'c'].map((model) => ({ type: 'engine', model, shape: shapes.agent, compact: true })),
    student: { model: 'student', shape: shapes.student, compact: true },
    unknown: [],
    threads: 1,
    ...change,
  };
}

describe('the memory plan of a run', () => {
  it('of preset quick fits a laptop, and its peak is the sum shown', () => {
    const plan = planMemory(input());
    expect(plan.verdict).toBe('fits');
    expect(plan.proposals).toEqual([]);
    expect(plan.phases.map(({ phase }) => phase)).toEqual(['debate', 'distil', 'evaluate']);
    for (const { items, bytes } of plan.phases) {
      expect(items.reduce((sum, item) => sum + item.bytes, 0)).toBe(bytes);
    }
    expect(plan.peak).toBe(Math.max(...plan.phases.map(({ bytes }) => bytes)));
    expect(plan.peakPhase).toBe('distil');
  });

  it('that is too large proposes what lowers the peak, the mildest first, each with its own figure', () => {
    // Recomputation would make it fit.
    const config = { ...presets.quick, recompute: 'off' } as const;
    const whole = planMemory(input({ config }));
    const plan = planMemory(input({ config, machine: { ...laptop, budget: 0.8 * whole.peak } }));
    expect(plan.verdict).toBe('too large');
    expect(plan.proposals.map(({ id }) => id)).toEqual([
      ...['agents-out', 'one-model', 'smaller-batch', 'half-cache'],
    ]);
    for (const proposal of plan.proposals) {
      expect(proposal.peak).toBeLessThan(plan.peak);
      const again = planMemory(input({ config: { ...config, ...proposal.change } }));
      if (proposal.id !== 'one-model') expect(again.peak).toBe(proposal.peak);
    }
  });

  it('of agents that are large beside the student proposes one at a time, counted as the largest alone', () => {
    const large = (bytes: number, i: number) =>
      ({ type: 'library', model: `webllm:${i}`, bytes, features: [] }) as const;
    const agents = [2e9, 3e9, 1e9].map(large);
    const machine = { ...laptop, budget: 4e9 };
    const plan = planMemory(input({ agents, machine }));
    expect(plan).toMatchObject({ verdict: 'too large', peakPhase: 'debate' });
    const [first] = plan.proposals;
    expect(first).toMatchObject({ id: 'one-at-a-time', change: { schedule: 'one-at-a-time' } });
    const alone = planMemory(input({ agents, machine, config: { ...presets.quick, ...first?.change } }));
    expect(alone.peak).toBe(first?.peak);
    const debate = alone.phases[0]?.items.filter(({ kind }) => kind === 'library');
    expect(debate).toEqual([{ kind: 'library', model: 'webllm:1', bytes: 3e9 }]);
    expect(alone.verdict).toBe('tight');
    expect(alone.proposals.map(({ id }) => id)).not.toContain('one-at-a-time');
  });

  it('counts a WebLLM model by its own figure, and names the feature that the GPU lacks', () => {
    const plan = planMemory(
      input({
        agents: [{ type: 'library', model: 'webllm:X-q4f16_1-MLC', bytes: 3e9, features: ['shader-f16'] }],
      }),
    );
    expect(plan.peak).toBeGreaterThan(3e9);
    expect(plan.missingFeatures).toEqual(['shader-f16']);
    const away = planMemory(
      input({
        config: { ...presets.quick, schedule: 'agents-out' },
        agents: [{ type: 'library', model: 'webllm:X-q4f32_1-MLC', bytes: 3e9, features: [] }],
      }),
    );
    expect(away.phases.find(({ phase }) => phase === 'distil')?.bytes).toBeLessThan(1e8);
  });

  it('computes parts of the training again where it does not fit, cheap ones first, and as it is set where it is set', () => {
    const { hidden, ffn, vocab, layers } = modelShapes['Qwen2.5-0.5B'];
    const matrices = [
      { rows: vocab, cols: hidden, format: 'f16' as const },
      ...Array.from({ length: layers }, () => ({
        rows: 3 * ffn + 3 * hidden,
        cols: hidden,
        format: 'f16' as const,
      })),
    ];
    const shape = { ...modelShapes['Qwen2.5-0.5B'], qkNorm: false, maxPosition: 4096, matrices, vectors: [] };
    const planned = (budget: number | null, recompute: RunConfig['recompute'] = 'auto') => {
      const plan = planMemory(
        input({
          student: { model: 'student', shape, compact: false },
          machine: { ...laptop, budget },
          config: { ...presets.quick, batch: 16, schedule: 'agents-out', recompute },
        }),
      );
      const learning = plan.phases.find(({ phase }) => phase === 'distil');
      return { recompute: plan.recompute, bytes: learning?.bytes ?? 0 };
    };
    const kept = planned(1e12);
    expect(kept.recompute).toBe('off');
    const selective = planned(kept.bytes - 1);
    expect(selective.recompute).toBe('selective');
    expect(selective.bytes).toBeLessThan(kept.bytes);
    const full = planned(selective.bytes - 1);
    expect(full.recompute).toBe('full');
    expect(full.bytes).toBeLessThan(selective.bytes);
    expect(planned(1e9).recompute).toBe('full');
    expect(planned(1e9, 'off')).toEqual(kept);
    expect(planned(1e12, 'full')).toEqual(full);
  });

  it('takes half of what a laptop tells, a quarter of a phone’s, and never less than was held before', () => {
    expect(memoryBudget(laptop)).toEqual({ budget: 4 * GiB, budgetFrom: 'device memory' });
    const phone = { ...laptop, mobile: true, deviceMemory: null };
    expect(memoryBudget(phone)).toEqual({ budget: GiB, budgetFrom: 'guess' });
    expect(memoryBudget({ ...phone, held: 3 * GiB }).budget).toBe(3 * GiB);
    expect(memoryBudget({ ...laptop, backend: 'cpu', deviceMemory: 32 }).budget).toBe(3.5 * GiB);
    expect(memoryBudget({ ...laptop, budget: 1e9 })).toEqual({ budget: 1e9, budgetFrom: 'user' });
  });
});

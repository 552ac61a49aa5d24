/** How long a submit gets on slow GPUs, and what a wait costs where the browser looks late, on a clock of its own. */
import { afterEach, describe, expect, it } from 'vitest';
import { longestSubmit } from '../../../scripts/counts';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { measureBackend } from '../../../src/engine/chooseBackend';
import { Pace, submitMs } from '../../../src/gpu/pace';
import { VirtualClock } from '../../support/countingGpu/clock';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

function clocked(options: { gflops: number; pollMs?: number }) {
  const clock = new VirtualClock();
  cleanups.push(clock.install());
  const gpu = new CountingGpu({ clock, ...options });
  return { clock, gpu };
}

describe('a GPU of 40 GFLOP/s', () => {
  it.each(['prefill 2048', 'train 4x512', 'decode 64'] as const)(
    'never gets a submit over 100 ms, from the first on: %s of Qwen2.5-0.5B',
    async (work) => {
      expect(await longestSubmit('Qwen2.5-0.5B', 'f16', work, 40)).toBeLessThan(100);
    },
  );

  it('decodes eight rows of a large vocabulary in as many dispatches as it needs', async () => {
    expect(await longestSubmit('Llama-3.2-1B', 'q4', 'decode 64', 40)).toBeLessThan(100);
  });

  it('is known by its calibration before anything runs', async () => {
    const { gpu } = clocked({ gflops: 40 });
    const backend = await createGpuBackend(gpu.gpu);
    const gflops = backend.recorder.submitFlops / submitMs / 1e6;
    expect(gflops).toBeGreaterThan(30);
    expect(gflops).toBeLessThan(50);
  });
});

describe('the pace', () => {
  it('learns from submits that wait in a queue: each began when the one before it ended', async () => {
    const { clock } = clocked({ gflops: 1 });
    const pace = new Pace(false);
    // Four submits of 10 GFLOP at once on a device of 40 GFLOP/s: 250 ms each.
    const told = Array.from({ length: 4 }, () => pace.submitted(1e10, 1));
    for (const [i, tell] of told.entries()) {
      await clock.until(250 * (i + 1));
      tell(false);
    }
    const gflops = pace.submitFlops / submitMs / 1e6;
    expect(gflops).toBeGreaterThan(35);
    expect(gflops).toBeLessThan(45);
  });

  it('does not learn from ends that were heard of late', async () => {
    const { clock } = clocked({ gflops: 1 });
    const pace = new Pace(false);
    const before = pace.submitFlops;
    const tell = pace.submitted(2e10, 1);
    await clock.until(100);
    tell(true);
    expect(pace.submitFlops).toBe(before);
  });
});

describe('a browser that looks for what is done every 100 ms', () => {
  it('is nudged: a read takes under 10 ms', async () => {
    const gpu = new CountingGpu({ pollMs: 100 });
    const backend = await createGpuBackend(gpu.gpu);
    const x = backend.tensor([64], { owner: 'test', label: 'x' });
    await backend.read(x);
    const times: number[] = [];
    for (let i = 0; i < 15; i++) {
      const began = performance.now();
      await backend.read(x);
      times.push(performance.now() - began);
    }
    expect(times.sort((a, b) => a - b)[2]).toBeLessThan(10);
  });

  it('keeps its pace: submits are as many as elsewhere', async () => {
    const { gpu } = clocked({ gflops: 1000, pollMs: 100 });
    const backend = await createGpuBackend(gpu.gpu);
    const gflops = backend.recorder.submitFlops / submitMs / 1e6;
    expect(gflops).toBeGreaterThan(200);
  });

  it('still lets auto see that a GPU of 1 TFLOP/s takes milliseconds for a step', async () => {
    const size = { hidden: 576, ffn: 1536, layers: 30, format: 'f16' } as const;
    // 32 rows through three matrices of 576 x 1536 in 30 layers: 5.1 GFLOP.
    const seconds = (2 * 32 * 3 * 576 * 1536 * 30) / 1e12;
    for (const pollMs of [undefined, 100]) {
      const { gpu } = clocked({ gflops: 1000, ...(pollMs === undefined ? {} : { pollMs }) });
      const backend = await createGpuBackend(gpu.gpu);
      const measured = await measureBackend(backend, size);
      expect(measured).toBeGreaterThan(seconds);
      expect(measured).toBeLessThan(0.03);
      for (const clean of cleanups.splice(0)) clean();
    }
  });
});

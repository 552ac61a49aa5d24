/** What replies ask of a GPU that chooses their tokens, on a GPU object that counts. */
import { expect, it } from 'vitest';
import { createGpuBackend } from '../../../../src/compute/gpuBackend';
import { Generator } from '../../../../src/lm/generate';
import { mostSteps } from '../../../../src/lm/sampling/chain';
import { emptyModel } from '../../../../src/lm/shaped/emptyModel';
import type { Sampling } from '../../../../src/records/records';
import { VirtualClock } from '../../../support/countingGpu/clock';
import { CountingGpu } from '../../../support/countingGpu/countingGpu';

const vocab = 151_936;
const heads = { heads: 4, kvHeads: 2, headDim: 16 };
const shape = { family: 'qwen2', hidden: 64, layers: 1, ffn: 128, vocab, ...heads } as const;

/** Reads and bytes read for each token of replies whose first tokens are there, in a generator that has warmed up. */
async function perToken(count: number, sampling: Partial<Sampling>, sampledBy: 'host' | 'device' = 'device') {
  const clock = new VirtualClock();
  const uninstall = clock.install();
  const gpu = new CountingGpu({ clock, gflops: 1000 });
  const backend = await createGpuBackend(gpu.gpu);
  if (sampledBy === 'host') backend.useVariants({ sampling: 'host' });
  const generator = new Generator(emptyModel(backend, shape, 'f16'), null);
  const run = (maxTokens: number) =>
    generator.generate(
      Array.from({ length: count }, (_, i) => ({
        promptIds: [1, 2, 3 + i],
        sampling: { temperature: 0, topP: 1, seed: i, ...sampling, maxTokens },
      })),
    );
  await run(16);
  const [before, steps] = [{ ...gpu.counts }, generator.stats.steps];
  await run(40);
  const taken = generator.stats.steps - steps;
  await generator.dispose();
  uninstall();
  return {
    steps: taken,
    reads: (gpu.counts.reads - before.reads) / 40,
    bytes: (gpu.counts.readBytes - before.readBytes) / (40 * count),
  };
}

it.each([
  [1, { temperature: 0 }],
  [64, { temperature: 0 }],
  [8, { temperature: 0.7, topP: 0.9 }],
  [8, { temperature: 1 }],
] as const)('%i replies by %o read an eighth as often, and under a kilobyte a token', async (count, sampling) => {
  const { reads, bytes, steps } = await perToken(count, sampling);
  expect(steps).toBe(40);
  expect(reads).toBeLessThanOrEqual(1 / mostSteps);
  expect(bytes).toBeLessThan(1024);
}); // prettier-ignore

it('by top-k are chosen by the host, who reads every row', async () => {
  const { reads, bytes } = await perToken(2, { temperature: 1, topK: 8 });
  expect(reads).toBeGreaterThan(1);
  expect(bytes).toBeGreaterThan(4 * vocab);
});

it('read every row where the host samples', async () => {
  expect(await perToken(2, { temperature: 1 }, 'host')).toMatchObject({ reads: 1, bytes: 4 * vocab });
});

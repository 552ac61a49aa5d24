/** Generation and training on a device that has less memory than was asked of it. */
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { OutOfMemoryError } from '../../../src/core/errors';
import { createAdapter } from '../../../src/lm/adapter';
import { KvCache } from '../../../src/lm/cache';
import { Generator } from '../../../src/lm/generate';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { emptyModel } from '../../../src/lm/shaped/emptyModel';

const shape = {
  family: 'llama',
  hidden: 256,
  layers: 4,
  heads: 4,
  kvHeads: 4,
  headDim: 64,
  ffn: 512,
  vocab: 4096,
} as const;

async function opened(spare: number) {
  // The model alone takes its memory first; `spare` bytes are left.
  const probe = new CountingGpu();
  emptyModel(await createGpuBackend(probe.gpu), shape, 'f16');
  const gpu = new CountingGpu({ memory: probe.counts.bytes + spare });
  const backend = await createGpuBackend(gpu.gpu);
  const model = emptyModel(backend, shape, 'f16');
  await backend.settle();
  return { gpu, backend, model };
}

const ask = (generator: Generator, count: number, tokens: number) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, i) =>
      generator.submit({
        promptIds: [1, 2, i + 1],
        sampling: { temperature: 0, topP: 1, seed: 1, maxTokens: tokens },
      }),
    ),
  );

const reasons = (results: readonly PromiseSettledResult<unknown>[]): readonly unknown[] =>
  results.flatMap((one): readonly unknown[] => (one.status === 'rejected' ? [one.reason] : []));

describe('generation that grows beyond the memory', () => {
  it('waits its turn where sequences run, and the next request is served', async () => {
    const { backend, model, gpu } = await opened(16 * 2 ** 20);
    const generator = new Generator(model, null, { cacheTokens: 100_000, maxSequences: 8, prefillRows: 32 });
    expect(reasons(await ask(generator, 1, 8))).toEqual([]);
    // 8 KiB a token: 20 sequences of 300 tokens are 48 MiB.
    expect(reasons(await ask(generator, 20, 300))).toEqual([]);
    expect(gpu.counts.refused).toBeGreaterThan(0);
    expect(reasons(await ask(generator, 1, 8))).toEqual([]);
    await generator.dispose();
    expect(backend.ledger.byOwner()['generation']).toBeUndefined();
  });

  it('fails a request that can never fit with an OutOfMemoryError, and that one alone', async () => {
    const { model } = await opened(8 * 2 ** 20);
    const generator = new Generator(model, null, { cacheTokens: 100_000, maxSequences: 8, prefillRows: 32 });
    const [refused] = reasons(await ask(generator, 1, 3000));
    expect(refused).toBeInstanceOf(OutOfMemoryError);
    expect(reasons(await ask(generator, 3, 8))).toEqual([]);
  });

  it('runs fewer sequences at once where their activations do not fit', async () => {
    const { model, gpu } = await opened(4 * 2 ** 20);
    // 64 sequences and 256 prompt rows take 3.4 MiB; a quarter of them leaves room for the cache.
    const generator = new Generator(model, null, { maxSequences: 256, prefillRows: 1024 });
    expect(reasons(await ask(generator, 12, 8))).toEqual([]);
    expect(gpu.counts.refused).toBeGreaterThan(0);
  });
});

describe('a cache that grows', () => {
  it('waits once for the GPU, however many layers it has', async () => {
    const { gpu, model } = await opened(64 * 2 ** 20);
    const cache = new KvCache(model, 'cache');
    await cache.grow(64);
    // Every submit is waited for by the pace; the rest are the cache's own.
    const own = (): number => gpu.counts.waits - gpu.counts.submits;
    const before = own();
    await cache.grow(128);
    expect(own() - before).toBe(1);
    cache.dispose();
  });
});

describe('a read of logits', () => {
  it('that is refused its memory leaves an adapter and a model that work', async () => {
    const { backend, model } = await opened(8 * 2 ** 20);
    const adapter = createAdapter(
      model,
      { rank: 4, alpha: 8, rslora: false, dropout: 0, targets: ['q_proj'] },
      { seed: 0, owner: 'adapter' },
    );
    const huge = backend.tensor([4 * 2 ** 20], { owner: 'test', label: 'huge' });
    backend.fill({ x: huge, value: 1 });
    await expect(backend.read(huge)).rejects.toBeInstanceOf(OutOfMemoryError);
    backend.release(huge);
    await expect(backend.read(adapter.params)).resolves.toHaveLength(adapter.params.size);
  });
});

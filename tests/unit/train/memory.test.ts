/** Training on a device that has less memory than was asked of it. */
import { expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { OutOfMemoryError } from '../../../src/core/errors';
import { createAdapter } from '../../../src/lm/adapter';
import { defaultLora, defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { emptyModel } from '../../../src/lm/shaped/emptyModel';

const shape = {
  family: 'llama',
  hidden: 256,
  layers: 8,
  heads: 4,
  kvHeads: 4,
  headDim: 64,
  ffn: 512,
  vocab: 4096,
} as const;

const documents = (tokens: number) =>
  Array.from({ length: 8 }, () => ({
    ids: Array.from({ length: tokens }, (_, i) => i + 1),
    responseStart: 4,
  }));

async function opened(memory: number) {
  const gpu = new CountingGpu({ memory });
  const backend = await createGpuBackend(gpu.gpu, { keepBytes: 0 });
  const model = emptyModel(backend, shape, 'f16', 1024);
  const adapter = createAdapter(model, defaultLora, { seed: 0, owner: 'adapter' });
  await backend.settle();
  const train = (batch: number, tokens: number) =>
    trainExamples({
      ...{ model, adapter, examples: documents(tokens) },
      options: { ...defaultTrainOptions, steps: 1, batch },
    });
  return { gpu, backend, train };
}

it('a training whose activations do not fit computes its layers again and runs', async () => {
  // 8 x 63 rows keep 8 layers of 12 KiB a row: 50 MB; computed again they take a layer's.
  const whole = await opened(Infinity);
  await whole.train(8, 64);
  const peak = whole.gpu.counts.peakBytes;
  const { gpu, train } = await opened(Math.round(peak * 0.75));
  const { logs } = await train(8, 64);
  expect(logs).toHaveLength(1);
  expect(gpu.counts.refused).toBeGreaterThan(0);
});

it('one that never fits is an OutOfMemoryError with nothing left allocated, and one that fits runs after it', async () => {
  const { backend, train } = await opened(48 * 2 ** 20);
  const before = backend.ledger.total;
  const failed: unknown = await train(8, 1000).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(OutOfMemoryError);
  expect((failed as OutOfMemoryError).hint).toMatch(/smaller/);
  expect(backend.ledger.total).toBe(before);
  await expect(train(1, 16)).resolves.toMatchObject({ stoppedEarly: false });
});

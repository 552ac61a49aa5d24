import { expect, it } from 'vitest';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { useVariants } from '../../../src/train/resume';
import { CountingGpu } from '../../support/countingGpu/countingGpu';

it('a checkpoint of version 0.1 goes on in the forms that there were then, a later one in its own', async () => {
  const backend = await createGpuBackend(new CountingGpu().gpu);
  const usual = backend.variants();
  expect(usual).toMatchObject({ decode: 'lanes', norm: 'row', attention: 'split', crossEntropy: 'row' });
  expect(usual.lora).toBe('split');
  // As 0.1 wrote it, on a GPU.
  const then = {
    ...{ linear: '4x8', linearGenerate: '4x4', linearBackward: '8x8', loraGradU: '4x8' },
    ...{ loraGradAB: 'split', workgroup: '64' },
  };
  useVariants(backend, JSON.stringify(then));
  expect(backend.variants()).toEqual({
    ...then,
    decode: 'tile',
    sampling: 'host',
    norm: 'thread',
    lora: 'thread',
    attention: 'thread',
    crossEntropy: 'thread',
    shapes: {},
  });
  useVariants(backend, JSON.stringify(usual));
  expect(backend.variants()).toEqual(usual);
  useVariants(backend, null);
  expect(backend.variants()).toEqual(usual);
  // What was tuned goes with the run, and not into one that was not tuned.
  const tuned = { ...usual, shapes: { 'linear f16 512x1024x4096': '64x64' } };
  useVariants(backend, JSON.stringify(tuned));
  expect(backend.variants()).toEqual(tuned);
  useVariants(backend, JSON.stringify(then));
  expect(backend.variants()).toMatchObject({ shapes: {}, linear: '4x8' });
  backend.dispose();
});

/** Weights of rows: the loss is the weighted mean over all target tokens, as PyTorch computes it. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import type { Backend } from '../../../src/compute/ops';
import { ImportError } from '../../../src/core/errors';
import { namedMatrices } from '../../../src/lm/adapter';
import { Backprop } from '../../../src/train/backprop';
import {
  packExamples,
  parseRows,
  targetWeights,
  totalWeight,
  weightedSum,
  type Example,
} from '../../../src/train/batch';
import { writeCheckpoint } from '../../../src/train/checkpoint';
import { defaultTrainOptions, type TrainOptions } from '../../../src/train/options';
import { fingerprint } from '../../../src/train/resume';
import { trainExamples } from '../../../src/train/trainer';
import torch from '../../golden/train/weighted.json';
import { compare, loadGolden } from './golden';

describe('the loss of weighted rows', () => {
  it.each<[string, () => Backend | Promise<Backend>, number]>([
    ['f64', createReferenceBackend, 2e-5],
    ['WASM SIMD', createWasmBackend, 1e-3],
  ])('and its gradients are those of PyTorch, in %s', async (_, create, bound) => {
    const backend = await create();
    const golden = await loadGolden(backend, 'qwen3');
    const adapter = golden.adapter();
    const documents = golden.documents.map((one, i) => ({ ...one, weight: torch.weights[i]! }));
    const total = totalWeight(documents);
    const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    backend.fill({ x: gradient, value: 0 });
    const backprop = new Backprop(golden.model, adapter, { owner: 'activations' });
    let sum = 0;
    // Two passes, as a batch that is accumulated.
    for (const part of [documents.slice(0, 2), documents.slice(2)]) {
      const batch = packExamples(part);
      const nll = backend.tensor([batch.targets.length], { owner: 'test', label: 'nll' });
      backprop.forward(batch);
      backprop.backward({ nll, weights: targetWeights(part, total), gradient });
      sum = weightedSum(sum, part, await backend.read(nll));
    }
    expect(Math.abs(sum / total - torch.families.qwen3.loss)).toBeLessThan(1e-5);
    const ours = namedMatrices(adapter, await backend.read(gradient));
    const theirs = Object.entries(torch.families.qwen3.gradients);
    expect(theirs.length).toBe(ours.size);
    for (const [name, values] of theirs)
      expect(compare(ours.get(name)!.values, Float32Array.from(values)).relative, name).toBeLessThan(bound);
  });
});

const options: TrainOptions = {
  ...defaultTrainOptions,
  steps: 3,
  batch: 3,
  gradAccum: 2,
  lr: 0.01,
  order: 'file',
  lora: { ...defaultTrainOptions.lora, rank: 2, alpha: 4 },
};

async function trained(
  weigh: (documents: readonly Example[]) => readonly Example[],
  change: Partial<TrainOptions> = {},
) {
  const backend = await createWasmBackend();
  const { model, documents } = await loadGolden(backend, 'qwen3');
  const examples = weigh(documents);
  const result = await trainExamples({
    model,
    examples,
    evalExamples: examples.slice(0, 2),
    options: { ...options, ...change },
  });
  return { logs: result.logs, bytes: writeCheckpoint(result.checkpoint), data: fingerprint(examples) };
}

describe('a training', () => {
  it('of rows that weigh 1 gives the bytes of rows without a weight', async () => {
    const plain = await trained((documents) => documents);
    const ones = await trained((documents) => documents.map((one) => ({ ...one, weight: 1 })));
    expect(ones).toEqual(plain);
  });

  it('learns from two rows of a half what it learns from one, and is told apart from one that weighs them in full', async () => {
    const change = { batch: 3, gradAccum: 1, steps: 1 };
    const [once, twice, full] = await Promise.all([
      trained(([a, b]) => [a!, b!], { ...change, batch: 2 }),
      trained(([a, b]) => [a!, { ...b!, weight: 0.5 }, { ...b!, weight: 0.5 }], change),
      trained(([a, b]) => [a!, b!, b!], change),
    ]);
    expect(twice.logs[0]!.loss).toBeCloseTo(once.logs[0]!.loss, 6);
    expect(twice.logs[0]!.grad_norm).toBeCloseTo(once.logs[0]!.grad_norm, 5);
    expect(Math.abs(full.logs[0]!.loss - once.logs[0]!.loss)).toBeGreaterThan(1e-3);
    expect(twice.data).not.toBe(full.data);
  });
});

describe('rows of a file', () => {
  it('may have a weight above 0', () => {
    const row = { prompt: 'a', completion: 'b' };
    expect(parseRows(JSON.stringify({ ...row, weight: 0.25 }))).toEqual([{ ...row, weight: 0.25 }]);
    for (const weight of [0, -1, 'half'])
      expect(() => parseRows(JSON.stringify({ ...row, weight }))).toThrow(ImportError);
  });
});

/** The reward head's losses and gradients, and the LoRA's through the whole model, against PyTorch. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../../src/compute/wasmBackend';
import { packRows } from '../../../../src/train/batch';
import {
  classWeights,
  contrastiveLoss,
  headCrossEntropy,
  scoreRows,
} from '../../../../src/distil/pad/rewardHead';
import { namedMatrices } from '../../../../src/lm/adapter';
import { Backprop } from '../../../../src/train/backprop';
import { compare, loadGolden } from '../../train/golden';
import { padGoldenFrom, type PadGolden, type RewardGolden } from './padGolden';

const load = (): Promise<PadGolden<RewardGolden>> =>
  padGoldenFrom(new Uint8Array(readFileSync('tests/golden/pad/reward.safetensors')));

const hidden = 30;

describe('the reward head', () => {
  it.each([
    ['hard labels and class weights', 'hard'],
    ['soft labels', 'soft'],
  ] as const)('has the cross-entropy and the head gradient of PyTorch with %s', async (_, kind) => {
    const { golden, values } = await load();
    const batch = { final: values('final'), hidden, labels: golden[kind], agents: golden.agents };
    const weights = kind === 'hard' ? golden.weights : ([1, 1] as const);
    const { loss, gradHead } = headCrossEntropy(batch, values('head'), weights);
    expect(loss).toBeCloseTo(golden.losses[kind], 5);
    expect(compare(gradHead, values(`${kind}.head`)).relative).toBeLessThan(1e-5);
  });

  it('weighs classes as n / (2 n_class), and not at all where one is missing', async () => {
    const { golden } = await load();
    classWeights(golden.hard).forEach((weight, i) => expect(weight).toBeCloseTo(golden.weights[i]!, 6));
    expect(classWeights([1, 1, 1])).toEqual([1, 1]);
    // Three good of four: bad weighs 4 / 2, good 4 / 6.
    expect(classWeights([1, 0, 1, 1])).toEqual([2, 4 / 6]);
  });

  it('gives p(good) as the softmax of its two logits', () => {
    // Rows (1, 0) and (0, 2), head rows bad (0, 1) and good (1, 0): differences 1 and -2.
    const scores = scoreRows([1, 0, 0, 2], [0, 1, 1, 0], 2);
    expect(scores[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
    expect(scores[1]).toBeCloseTo(1 / (1 + Math.exp(2)), 12);
  });

  it('adds a contrastive term of 0 where a good step has no bad one of another agent', () => {
    const batch = { final: [1, 0, 0, 1, 1, 1], hidden: 2, labels: [1, 1, 0], agents: ['a', 'a', 'a'] };
    const { loss, anchors, gradFinal } = contrastiveLoss(batch, 0.1);
    expect([loss, anchors]).toEqual([0, 0]);
    expect([...gradFinal].every((value) => value === 0)).toBe(true);
  });

  it('has the contrastive loss worked by hand', () => {
    // Two good steps along (1, 0) and a bad one of another agent along (0, 1), temperature 1: each anchor has
    // -log(e / (e + 1)).
    const batch = { final: [2, 0, 3, 0, 0, 5], hidden: 2, labels: [1, 1, 0], agents: ['a', 'a', 'b'] };
    const { loss, anchors } = contrastiveLoss(batch, 1);
    expect(anchors).toBe(2);
    expect(loss).toBeCloseTo(Math.log(1 + Math.exp(-1)), 12);
  });

  it.each([
    ['f64', createReferenceBackend],
    ['WASM SIMD', createWasmBackend],
  ])('trains the LoRA with the gradients of PyTorch in %s, contrastive term included', async (_, create) => {
    const backend = await create();
    const model = await loadGolden(backend, 'llama');
    const adapter = model.adapter();
    const { golden, values, named } = await load();
    const backprop = new Backprop(model.model, adapter, { owner: 'test' });
    const batch = packRows(golden.documents);
    const count = batch.targets.length;
    const gradient = backend.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    const extraFinal = backend.tensor([count * hidden], { owner: 'test', label: 'd final' });
    backprop.forward(batch);
    const final = await backend.read(backprop.final, 0, count * hidden);
    expect(compare(final, values('final')).relative).toBeLessThan(1e-5);
    const head = values('head');
    const rows = { final, hidden, labels: golden.hard, agents: golden.agents };
    const main = headCrossEntropy(rows, head, golden.weights);
    const term = contrastiveLoss(rows, 0.1);
    expect(main.loss + 0.5 * term.loss).toBeCloseTo(golden.losses.both, 4);
    const slopes = { hard: main.gradFinal, both: main.gradFinal.map((x, i) => x + 0.5 * term.gradFinal[i]!) };
    for (const [kind, slope] of Object.entries(slopes)) {
      backend.write(extraFinal, Float32Array.from(slope));
      backend.fill({ x: gradient, value: 0 });
      backprop.forward(batch);
      backprop.backwardFinal({ extraFinal, gradient });
      const ours = namedMatrices(adapter, await backend.read(gradient));
      for (const [name, wanted] of named(`${kind}.lora.`)) {
        const { cosine, relative } = compare(ours.get(name)!.values, wanted.values);
        expect(cosine, `${kind} ${name}`).toBeGreaterThan(0.99999);
        expect(relative, `${kind} ${name}`).toBeLessThan(1e-3);
      }
    }
    backend.dispose();
  });
});

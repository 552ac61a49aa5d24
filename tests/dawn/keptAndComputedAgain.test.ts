/** What is kept, what is computed again, and keys and values as f16, on WebGPU: the same bits but where f16 rounds. */
import { describe, expect, test } from 'vitest';
import { attentionCases } from '../../src/compute/opCasesAttention';
import { createAdapter } from '../../src/lm/adapter';
import { Generator, type GeneratorOptions } from '../../src/lm/generate';
import { recomputations } from '../../src/lm/recompute';
import type { GenerateRequest, LanguageModel } from '../../src/lm/types';
import { Backprop } from '../../src/train/backprop';
import { packExamples } from '../../src/train/batch';
import { bitsOf, holdAgainstReference } from '../support/backendSuite';
import { dawnDevice } from '../support/dawnDevice';
import { endlessModel } from '../support/endlessModel';
import { golden, maxError } from '../unit/lm/fixtures';
import { loadGolden } from '../unit/train/golden';

const opened = dawnDevice();
const timeout = 300_000;

const generator = (model: LanguageModel, options: GeneratorOptions = {}): Generator =>
  new Generator(model, null, { blockSize: 4, maxSequences: 8, prefillRows: 32, ...options });

const question = (at: number): number[] => [3, 1, 4, 1, 5, 9, 2, 6].map((id) => (id + 7 * at) % 50);
const sampled = (promptIds: readonly number[], seed: number, maxTokens = 8): GenerateRequest => ({
  promptIds,
  sampling: { temperature: 0.9, topP: 1, seed, maxTokens },
});

describe.each(['thread', 'tiled'] as const)('attention by %s', (attention) => {
  test.for([
    [16, 2, 1],
    [64, 2, 2],
    [64, 6, 2],
    [20, 4, 2],
  ] as const)('reads keys and values as f16, head size %i, %i heads over %i', { timeout }, async ([headDim, heads, kvHeads], context) => {
    const on = opened(context);
    const before = on.variants();
    on.useVariants({ attention });
    await holdAgainstReference(on, attentionCases.attentionPaged(37, { heads, kvHeads, headDim }, 4, true));
    on.useVariants(before);
  }); // prettier-ignore

  test.for([false, true])('gives the same bits with what earlier turns left, a full cache and alone; f16 %s', { timeout }, async (half, context) => {
    const on = opened(context);
    const before = on.variants();
    on.useVariants({ attention });
    const model = await endlessModel(on, 'llama-odd', half);
    const kept = generator(model);
    const first = await kept.generate([0, 1, 2].map((at) => sampled(question(at), at)));
    const second = first.map(({ ids }, at) => sampled([...question(at), ...ids, 11, 12, 13], 10 + at, 16));
    const replies = await kept.generate(second);
    expect(kept.stats.reused).toBe(3 * 12);
    const fresh = generator(model);
    const alone = [];
    for (const request of second) alone.push((await fresh.generate([request]))[0]);
    expect(replies).toEqual(alone);
    const narrow = generator(model, { cacheTokens: 56 });
    expect(await narrow.generate(second)).toEqual(alone);
    expect(narrow.stats.preempted).toBeGreaterThan(0);
    for (const one of [kept, fresh, narrow]) await one.dispose();
    on.useVariants(before);
  }); // prettier-ignore
});

test(
  'another form of attention takes up nothing that the last one computed',
  { timeout },
  async (context) => {
    const on = opened(context);
    const before = on.variants();
    const model = await endlessModel(on, 'qwen3');
    const kept = generator(model);
    await kept.generate([sampled(question(0), 0)]);
    on.useVariants({ attention: before.attention === 'tiled' ? 'thread' : 'tiled' });
    await kept.generate([sampled(question(0), 0)]);
    expect(kept.stats.reused).toBe(0);
    await kept.generate([sampled(question(0), 0)]);
    expect(kept.stats.reused).toBe(4);
    on.useVariants(before);
    await kept.dispose();
  },
);

test('replies with keys and values as f16 are close to those with f32, in half the memory', { timeout }, async (context) => {
  const on = opened(context);
  const ask = async (half: boolean) => {
    const made = generator(await endlessModel(on, 'llama-odd', half));
    const { ids } = await golden('llama-odd');
    const [result] = await made.generate([
      { promptIds: ids, sampling: { temperature: 0, topP: 1, seed: 0, maxTokens: 6 } },
    ]);
    const held = on.ledger.byOwner()['generation'] ?? 0;
    await made.dispose();
    return { result: result!, held };
  };
  const [whole, half] = [await ask(false), await ask(true)];
  expect(maxError(half.result.logprobs, whole.result.logprobs, 2e-2)).toBeLessThanOrEqual(1);
  expect(half.result.logprobs).not.toEqual(whole.result.logprobs);
  expect(half.held).toBeLessThan(whole.held);
}); // prettier-ignore

test.for(['llama', 'qwen3'] as const)('gradients of %s have the same bits with any recomputation', { timeout }, async (family, context) => {
  const on = opened(context);
  const { model, lora, documents } = await loadGolden(on, family);
  const adapter = createAdapter(model, { ...lora, dropout: 0.2 }, { seed: 1, owner: 'adapter' });
  on.write(adapter.params, Float32Array.from({ length: adapter.params.size }, (__, i) => Math.sin(i) / 5));
  const batch = packExamples(documents);
  const targets = batch.targets.length;
  const gradient = on.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
  const nll = on.tensor([targets], { owner: 'test', label: 'nll' });
  const found: Uint32Array[] = [];
  for (const recompute of recomputations) {
    const backprop = new Backprop(model, adapter, { owner: 'activations', recompute });
    on.fill({ x: gradient, value: 0 });
    backprop.forward(batch, { dropoutKey: 5 });
    backprop.backward({ nll, weights: new Float32Array(targets).fill(1 / targets), gradient });
    found.push(bitsOf(await on.read(gradient)));
    backprop.dispose();
  }
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
}); // prettier-ignore

test('an update by a gradient that is not finite changes nothing', { timeout }, async (context) => {
  const on = opened(context);
  const make = (label: string, value: number) => {
    const tensor = on.tensor([68], { owner: 'test', label });
    on.fill({ x: tensor, value });
    return tensor;
  };
  const [param, grad, m, v, sumSquares] = [
    make('param', 1),
    make('gradient', 2),
    make('m', 3),
    make('v', 4),
    make('squares', 0),
  ];
  const settings = { step: 1, lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1 };
  const update = async (squares: number): Promise<number[]> => {
    on.write(sumSquares, Float32Array.of(squares));
    on.adamw({ param, grad, m, v, ...settings, clip: { sumSquares, maxNorm: 3e38 } });
    const [p, first, second] = [await on.read(param), await on.read(m), await on.read(v)];
    return [p[67]!, first[67]!, second[67]!];
  };
  for (const squares of [Number.NaN, Infinity, -Infinity]) expect(await update(squares)).toEqual([1, 3, 4]);
  const [p, first] = await update(68 * 4);
  expect(p).toBeLessThan(1);
  expect(first).toBeCloseTo(2.9, 5);
  on.release(param, grad, m, v, sumSquares);
});

/** Families whose blocks are no Llama's, on WebGPU by Dawn: the logits and greedy replies of transformers, the gradients of peft. */
import { describe, expect, test } from 'vitest';
import { namedMatrices } from '../../src/lm/adapter';
import { canHalve } from '../../src/lm/cache';
import { forwardLogits } from '../../src/lm/forward';
import { Generator } from '../../src/lm/generate';
import { loadModel, unloadModel } from '../../src/lm/load';
import { Backprop } from '../../src/train/backprop';
import { packExamples } from '../../src/train/batch';
import { dawnDevice } from '../support/dawnDevice';
import { maxError } from '../unit/lm/fixtures';
import { compare, familyFolder, loadGolden } from '../unit/train/golden';

const families = ['granite', 'smollm3', 'olmo2', 'gemma2', 'gemma3', 'phi3'] as const;
const opened = dawnDevice();
const timeout = 300_000;

describe.each(families)('a tiny %s', (family) => {
  test(
    'gives the logits and the greedy reply of transformers, and replies with caches of f16',
    { timeout },
    async (context) => {
      const on = opened(context);
      const { source, ids, logits, greedy } = await familyFolder(family);
      const model = await loadModel(source, on);
      expect(maxError(await forwardLogits(model, ids), logits, 3e-4)).toBeLessThanOrEqual(1);
      const endless = { ...model, config: { ...model.config, eosIds: [] } };
      const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 6 };
      const generator = new Generator(endless, null, { blockSize: 4, maxSequences: 2 });
      const [reply] = await generator.generate([{ promptIds: ids, sampling }]);
      expect(reply!.ids).toEqual(greedy.ids.slice(0, 6));
      await generator.dispose();
      if (canHalve(model.config)) {
        const halved = new Generator({ ...endless, halfCache: true }, null, {
          blockSize: 4,
          maxSequences: 2,
        });
        const [near] = await halved.generate([{ promptIds: ids, sampling: { ...sampling, maxTokens: 1 } }]);
        expect(Math.abs(near!.logprobs[0]! - greedy.logprobs[0]!)).toBeLessThan(0.02);
        await halved.dispose();
      }
      unloadModel(model);
    },
  );

  test('has the loss and gradients of PyTorch + peft', { timeout }, async (context) => {
    const on = opened(context);
    const golden = await loadGolden(on, family);
    const adapter = golden.adapter();
    const batch = packExamples(golden.documents);
    const targets = batch.targets.length;
    const gradient = on.tensor([adapter.params.size], { owner: 'test', label: 'gradient' });
    const nll = on.tensor([targets], { owner: 'test', label: 'nll' });
    on.fill({ x: gradient, value: 0 });
    const backprop = new Backprop(golden.model, adapter, { owner: 'activations', recompute: 'selective' });
    backprop.forward(batch);
    backprop.backward({ nll, weights: new Float32Array(targets).fill(1 / targets), gradient });
    expect(compare(await on.read(nll), golden.nll).relative).toBeLessThan(1e-4);
    const ours = namedMatrices(adapter, await on.read(gradient));
    for (const [name, { values }] of golden.named('grad.')) {
      const { cosine, relative } = compare(ours.get(name)!.values, values);
      expect(cosine, name).toBeGreaterThan(0.99999);
      expect(relative, name).toBeLessThan(2e-3);
    }
    backprop.dispose();
    on.release(gradient, nll);
  });
});

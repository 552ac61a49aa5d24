/** Families beside Llama, Qwen2 and Qwen3, each tiny, random and of odd sizes, against transformers. */
import { describe, expect, it } from 'vitest';
import { forwardLogits } from '../../../src/lm/forward';
import { Generator } from '../../../src/lm/generate';
import { loadModel, unloadModel } from '../../../src/lm/load';
import { familyFolder } from '../train/golden';
import { familyGoldens } from '../train/goldenModel';
import { createBackend, maxError } from './fixtures';

describe.each(['reference', 'wasm'] as const)('on the %s backend', (kind) => {
  it.each(familyGoldens)('%s gives the logits and the greedy reply of transformers', async (family) => {
    const { source, ids, logits, greedy } = await familyFolder(family);
    const backend = await createBackend(kind);
    const model = await loadModel(source, backend);
    expect(maxError(await forwardLogits(model, ids), logits, 1e-4)).toBeLessThanOrEqual(1);
    // An eos would end the reply early: the weights are random.
    const endless = { ...model, config: { ...model.config, eosIds: [] } };
    const generator = new Generator(endless, null, { blockSize: 4 });
    const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: greedy.ids.length };
    const [reply] = await generator.generate([{ promptIds: ids, sampling }]);
    expect(reply!.ids).toEqual(greedy.ids);
    expect(maxError(reply!.logprobs, greedy.logprobs, 2e-4)).toBeLessThanOrEqual(1);
    await generator.dispose();
    unloadModel(model);
    expect(backend.ledger.byOwner()).not.toHaveProperty('model');
    backend.dispose();
  });
});

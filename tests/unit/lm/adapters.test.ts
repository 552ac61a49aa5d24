import { describe, expect, it } from 'vitest';
import { createAdapter, namedMatrices, writeAdapter } from '../../../src/lm/adapter';
import { forwardLogits } from '../../../src/lm/forward';
import { Generator } from '../../../src/lm/generate';
import { loadModel } from '../../../src/lm/load';
import type { GenerateResult, LanguageModel, LoraAdapter } from '../../../src/lm/types';
import { linearNames } from '../../../src/lm/types';
import { createBackend, golden, maxError } from './fixtures';

/** An adapter whose B is not zero, so that it changes something. */
function strong(model: LanguageModel, seed: number, targets = [...linearNames]): LoraAdapter {
  const config = { rank: 3, alpha: 6, rslora: false, dropout: 0, targets };
  const adapter = createAdapter(model, config, { seed, owner: 'adapter' });
  const named = namedMatrices(adapter, new Float32Array(adapter.params.size));
  for (const [name, { values }] of named) {
    for (let i = 0; i < values.length; i++) values[i] = 0.2 * Math.sin(seed + i * 1.7 + name.length);
  }
  writeAdapter(model.backend, adapter, named);
  return adapter;
}

describe.each(['reference', 'wasm'] as const)('adapters on the %s backend', (kind) => {
  it('change the reply, and replies of several adapters at once are those of each alone', async () => {
    const backend = await createBackend(kind);
    const { source, ids } = await golden('qwen3');
    const loaded = await loadModel(source, backend);
    const model = { ...loaded, config: { ...loaded.config, eosIds: [] } };
    const adapters = [null, strong(model, 1), strong(model, 2, ['q_proj', 'down_proj'])];
    const generator = new Generator(model, null);
    const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 8 };
    const request = { promptIds: ids, sampling };
    const alone: GenerateResult[] = [];
    for (const adapter of adapters) alone.push(await generator.submit(request, { adapter }));
    const order = [0, 1, 2, 0, 2, 1, 1, 0];
    const mixed = await Promise.all(order.map((i) => generator.submit(request, { adapter: adapters[i]! })));
    expect(mixed).toEqual(order.map((i) => alone[i]));
    const texts = alone.map((result) => result.ids.join());
    expect(new Set(texts).size).toBe(3);

    // The cached reply follows from the logits without a cache.
    for (const [i, adapter] of adapters.entries()) {
      const logits = await forwardLogits(model, [...ids, ...alone[i]!.ids], adapter ?? undefined);
      const { vocab } = model.config;
      const expected = alone[i]!.ids.map((id, k) => {
        const row = logits.subarray((ids.length - 1 + k) * vocab, (ids.length + k) * vocab);
        return row[id]! - Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
      });
      expect(maxError(alone[i]!.logprobs, expected, 1e-4)).toBeLessThanOrEqual(1);
    }
    await generator.dispose();
    expect(backend.ledger.byOwner()).not.toHaveProperty('generation');
    backend.dispose();
  });
});

import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../src/core/ledger';
import { forwardLogits } from '../../../src/lm/forward';
import { loadModel, unloadModel } from '../../../src/lm/load';
import { createReferenceBackend, families, golden, maxError } from './fixtures';

describe('a tiny model of each family', () => {
  it.each(families)('%s gives transformers’ logits on the reference backend', async (name) => {
    const { ids, logits, source } = await golden(name);
    const backend = createReferenceBackend();
    const ledger = new Ledger();
    const model = await loadModel(source, backend, { ledger });
    expect(ledger.total).toBe(0);
    const got = await forwardLogits(model, ids);
    expect(maxError(got, logits, 1e-4)).toBeLessThanOrEqual(1);
    unloadModel(model);
    expect(backend.ledger.total).toBe(0);
  });
});

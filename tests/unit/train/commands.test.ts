/** The verbs of the lm command on a tiny model. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { MemorySource } from '../../../src/core/fileSource';
import type { Backend } from '../../../src/compute/ops';
import type { Tokenizer } from '../../../src/lm/types';
import { gradCommand, trainCommand } from '../../../src/train/commands';
import { defaultTrainOptions } from '../../../src/train/options';
import { trainExamples } from '../../../src/train/trainer';
import { loadGolden } from './golden';

/** "3 1 4" is [3, 1, 4]; 0 ends a text. */
const numbers: Tokenizer = {
  vocab: 47,
  eosIds: [0],
  encode: (text) => text.split(' ').filter(Boolean).map(Number),
  decode: (ids) => ids.join(' '),
  chatText: () => '',
  chatIds: () => [],
  unknownWords: () => [],
  chats: true,
};
const data = ['1 2 3', '5 6', '9 8 7 4']
  .map((prompt) => JSON.stringify({ prompt, completion: ` ${prompt}` }))
  .join('\n');
const options = { steps: 6, batch: 2, lr: 0.02, lora: { ...defaultTrainOptions.lora, rank: 2, alpha: 4 } };

describe('grad', () => {
  it('gives the mean loss and gradients whatever the batch, and frees what it took', async () => {
    const backend = createReferenceBackend();
    const { model } = await loadGolden(backend, 'qwen3');
    const one = await gradCommand({ model, tokenizer: numbers, data, batch: 1 });
    const all = await gradCommand({ model, tokenizer: numbers, data, batch: 3 });
    expect(one.tokens).toBe(12);
    expect(one.loss).toBeCloseTo(all.loss, 6);
    expect(one.gradients.length).toBe(all.gradients.length);
    expect(Object.keys(backend.ledger.byOwner())).toEqual(['model']);
  });
});

describe('train', () => {
  it('resumes from the bytes of a checkpoint, continues from an adapter folder, and frees its memory', async () => {
    const backend = createReferenceBackend();
    const { model } = await loadGolden(backend, 'qwen3');
    const shared = { model, tokenizer: numbers, data, options, baseModel: 'tiny' };
    let bytes: Uint8Array<ArrayBuffer> | null = null;
    const whole = await trainCommand({
      ...shared,
      options: { ...options, saveEvery: 4 },
      onCheckpoint: (saved, step) => {
        if (step === 4) bytes = saved;
      },
    });
    expect(whole.logs.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(whole.logs[5]!.loss).toBeLessThan(whole.logs[0]!.loss);
    const rest = await trainCommand({ ...shared, checkpoint: bytes! });
    expect(rest.logs.map(({ step }) => step)).toEqual([5, 6]);
    expect(rest.loss).toBeCloseTo(whole.loss!, 5);
    const further = await trainCommand({ ...shared, initAdapter: new MemorySource(whole.files) });
    expect(further.logs[0]!.loss).toBeLessThan(whole.logs[2]!.loss);
    expect(Object.keys(backend.ledger.byOwner())).toEqual(['model']);
  });
});

describe('one optimiser step of three layers with all linears adapted', () => {
  it('is at most 105 ops', async () => {
    const memory = [
      'tensor',
      'view',
      'write',
      'read',
      'readU32',
      'release',
      'matrix',
      'writeRows',
      'readRows',
    ];
    const counts = new Map<string, number>();
    const inner = createReferenceBackend();
    const backend: Backend = new Proxy(inner, {
      get(target, name: keyof typeof inner) {
        const value: unknown = target[name];
        if (typeof value !== 'function' || memory.includes(name)) return value;
        return (...args: unknown[]): unknown => {
          counts.set(name, (counts.get(name) ?? 0) + 1);
          return (value as (...given: unknown[]) => unknown)(...args);
        };
      },
    });
    const { model, documents, lora } = await loadGolden(backend, 'llama');
    counts.clear();
    await trainExamples({ model, examples: documents, options: { ...defaultTrainOptions, lora, steps: 1 } });
    // Clearing the two moments happens once in a training.
    const ops = [...counts.values()].reduce((sum, count) => sum + count, 0) - 2;
    expect(ops).toBeLessThanOrEqual(105);
    expect(counts.get('linearBackward')).toBe(3 * 4);
  });
});

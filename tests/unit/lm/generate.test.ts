import { afterEach, describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { AssertionError } from '../../../src/core/assert';
import { OutOfMemoryError } from '../../../src/core/errors';
import type { Sampling } from '../../../src/records/records';
import { Generator, type GeneratorOptions } from '../../../src/lm/generate';
import { loadModel } from '../../../src/lm/load';
import type { GenerateRequest, Tokenizer } from '../../../src/lm/types';
import { createBackend, families, golden, maxError } from './fixtures';

const greedy: Sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: 12 };
const backends: Backend[] = [];
afterEach(() => {
  for (const backend of backends.splice(0)) backend.dispose();
});

/** Token i reads as the letter code 'a' + i % 26. */
const letters: Tokenizer = {
  vocab: 1000,
  eosIds: [],
  encode: (text) => [...text].map((char) => char.charCodeAt(0) - 97),
  decode: (ids) => ids.map((id) => String.fromCharCode(97 + (id % 26))).join(''),
  chatText: () => '',
  chatIds: () => [],
  unknownWords: () => [],
  chats: true,
};

async function setup(kind: 'reference' | 'wasm', name: string, options: GeneratorOptions = {}) {
  const backend = await createBackend(kind);
  backends.push(backend);
  const { source, ...rest } = await golden(name);
  const model = await loadModel(source, backend);
  const weights = backend.ledger.total;
  // An eos would end replies early: these models have random weights.
  const endless = { ...model, config: { ...model.config, eosIds: [] } };
  return {
    ...rest,
    backend,
    weights,
    generator: new Generator(endless, letters, { blockSize: 4, ...options }),
  };
}

/** `count` requests with different prompts, lengths and seeds; prompts share beginnings. */
function requests(count: number, vocab: number): GenerateRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    promptIds: [...[3, 1, 4, 1, 5, 9, 2, 6].map((id) => id % vocab), ...Array.from({ length: i % 7 }, (_, k) => (i * 5 + k) % vocab)],
    sampling: { temperature: i % 3 === 0 ? 0 : 0.9, topP: i % 2 ? 0.9 : 1, seed: 100 + i, maxTokens: 5 + (i % 9) },
  })); // prettier-ignore
}

describe.each(['reference', 'wasm'] as const)('generation on the %s backend', (kind) => {
  it.each(families)('continues a prompt of %s as transformers does', async (name) => {
    const { generator, ids, greedy: expected, logprobs } = await setup(kind, name);
    const [result] = await generator.generate([{ promptIds: ids, sampling: greedy }]);
    expect(result!.ids).toEqual(expected);
    expect(maxError(result!.logprobs, logprobs, 2e-4)).toBeLessThanOrEqual(1);
    expect(result!.finishReason).toBe('length');
  });

  it.each(['llama-odd', 'qwen3'])('gives a sequence of %s the same bits alone and in batches of 8 and 64', async (name) => {
    const { generator } = await setup(kind, name, { prefillRows: 24 });
    const all = requests(64, 50);
    const many = await generator.generate(all);
    const eight = await generator.generate(all.slice(8, 16));
    expect(eight).toEqual(many.slice(8, 16));
    for (const i of [0, 9, 15, 63]) expect(await generator.generate([all[i]!])).toEqual([many[i]]);
  }); // prettier-ignore

  it('is the same with small blocks, small chunks, few rows and a small cache', async () => {
    const wide = await setup(kind, 'llama-tied');
    const all = requests(12, 50);
    const expected = await wide.generator.generate(all);
    const options = { blockSize: 3, prefillRows: 5, maxSequences: 3, cacheTokens: 64 };
    const narrow = await setup(kind, 'llama-tied', options);
    expect(await narrow.generator.generate(all)).toEqual(expected);
  });
});

describe('a generator', () => {
  it('computes a common prompt once', async () => {
    const { generator, ids } = await setup('reference', 'qwen2');
    const same = [1, 2, 3, 4].map((seed) => ({
      promptIds: ids,
      sampling: { ...greedy, temperature: 1, seed },
    }));
    await generator.generate(same);
    // 17 prompt tokens in blocks of 4: 16 are shared by the three later sequences.
    expect(generator.stats.shared).toBe(3 * 16);
    expect(generator.stats.rows).toBe(17 + 3 + 4 * 11);
  });

  it('continues with a shared prompt when the sequence that was computing it is aborted', async () => {
    const { generator, ids } = await setup('reference', 'qwen2', { prefillRows: 1, maxSequences: 3 });
    const stop = new AbortController();
    const first = generator.submit({ promptIds: ids, sampling: greedy }, { signal: stop.signal });
    const second = generator.submit({ promptIds: ids, sampling: greedy });
    while (generator.stats.steps < 2) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await first).toMatchObject({ ids: [], finishReason: 'aborted' });
    const [alone] = await generator.generate([{ promptIds: ids, sampling: greedy }]);
    expect(await second).toEqual(alone);
  });

  it('stops within one token of an abort and keeps what there is', async () => {
    const { generator, ids } = await setup('reference', 'qwen2');
    const [whole] = await generator.generate([{ promptIds: ids, sampling: greedy }]);
    const stop = new AbortController();
    const onToken = (index: number) => {
      if (index === 0 && ++tokens === 5) stop.abort();
    };
    let tokens = 0;
    const request = { promptIds: ids, sampling: greedy };
    const [cut] = await generator.generate([request], { signal: stop.signal, onToken });
    expect(cut).toMatchObject({ ids: whole!.ids.slice(0, 5), finishReason: 'aborted' });
    expect(await generator.submit(request, { signal: stop.signal })).toMatchObject({
      ids: [],
      finishReason: 'aborted',
    });
  });

  it('ends at a stop string that spans tokens, and never streams a part of it', async () => {
    const { generator, ids } = await setup('reference', 'qwen2');
    const [whole] = await generator.generate([{ promptIds: ids, sampling: greedy }]);
    const stop = whole!.text.slice(4, 7);
    const at = whole!.text.indexOf(stop);
    let told = '';
    const [cut] = await generator.generate(
      [{ promptIds: ids, sampling: { ...greedy, stop: ['zzzz', stop] } }],
      { onToken: (_index, _id, text) => (told += text) },
    );
    expect(cut!.text).toBe(whole!.text.slice(0, at));
    expect(told).toBe(cut!.text);
    expect(cut!.finishReason).toBe('stop');
    expect(cut!.ids).toEqual(whole!.ids.slice(0, at + 3));
  });

  it('ends at a stop id and counts it', async () => {
    const { generator, ids } = await setup('reference', 'qwen2');
    const [whole] = await generator.generate([{ promptIds: ids, sampling: greedy }]);
    const end = whole!.ids[3]!;
    const [cut] = await generator.generate([{ promptIds: ids, sampling: greedy, stopIds: [end] }]);
    expect(cut!.ids).toEqual(whole!.ids.slice(0, whole!.ids.indexOf(end) + 1));
    expect(cut!.finishReason).toBe('stop');
  });

  it('ends with "length" when the context is full', async () => {
    const { generator } = await setup('reference', 'llama-tied');
    const promptIds = Array.from({ length: 60 }, (_, i) => i % 50);
    const [result] = await generator.generate([{ promptIds, sampling: { ...greedy, maxTokens: 100 } }]);
    expect(result).toMatchObject({ finishReason: 'length' });
    expect(result!.ids).toHaveLength(4);
  });

  it('refuses bad tokens, empty and too long prompts, and absurd sampling', async () => {
    const { generator } = await setup('reference', 'llama-tied');
    const call = (promptIds: number[], change: Partial<Sampling> = {}) =>
      generator.submit({ promptIds, sampling: { ...greedy, ...change } });
    const token: unknown = expect.objectContaining({ code: 'token' });
    const config: unknown = expect.objectContaining({ code: 'config' });
    await expect(call([])).rejects.toEqual(token);
    await expect(call([70])).rejects.toEqual(token);
    await expect(call([-1])).rejects.toEqual(token);
    await expect(call([1.5])).rejects.toEqual(token);
    await expect(call(new Array<number>(65).fill(1))).rejects.toEqual(token);
    await expect(call([1], { temperature: -1 })).rejects.toEqual(config);
    await expect(call([1], { topP: 0 })).rejects.toEqual(config);
    await expect(call([1], { maxTokens: -1 })).rejects.toEqual(config);
  });

  it('serves several callers at once and gives all its memory back', async () => {
    const { generator, backend, weights } = await setup('reference', 'llama-tied', { maxSequences: 4 });
    const all = requests(10, 50);
    const late = new Promise((resolve) => setTimeout(resolve, 3)).then(() =>
      generator.generate(all.slice(0, 3)),
    );
    const results = await Promise.all(all.map((request) => generator.submit(request)));
    expect(await late).toEqual(results.slice(0, 3));
    await generator.dispose();
    expect(backend.ledger.total).toBe(weights);
    await expect(generator.submit(all[0]!)).rejects.toThrow(AssertionError);
  });

  it('waits when the cache cannot grow, refuses what never fits, and continues', async () => {
    const { source } = await golden('llama-tied');
    const backend = await createBackend('reference');
    backends.push(backend);
    const model = await loadModel(source, backend);
    const tight = Object.create(backend, {
      tensor: {
        value: (shape: number[], options: { owner: string; label: string }) => {
          if (options.label.includes('cache') && shape[0]! > 24) throw new OutOfMemoryError('full', 'less');
          return backend.tensor(shape, options);
        },
      },
    }) as Backend;
    const generator = new Generator({ ...model, backend: tight }, null, { blockSize: 4 });
    const ask = (length: number, maxTokens: number) =>
      generator.submit({ promptIds: new Array<number>(length).fill(3), sampling: { ...greedy, maxTokens } });
    const alone = await ask(6, 14);
    const results = await Promise.allSettled([ask(6, 14), ask(9, 9), ask(30, 10), ask(6, 14)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toMatchObject({ reason: { code: 'out-of-memory' } });
    expect(results[3]).toMatchObject({ value: alone });
    await generator.dispose();
    expect(backend.ledger.byOwner()).not.toHaveProperty('generation');
  });
});

/** What a generator keeps and takes back: what it gives does not depend on it, to the bit. */
import { afterEach, describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../../../src/compute/gpuBackend';
import type { Backend } from '../../../../src/compute/ops';
import { DeviceLostError } from '../../../../src/core/errors';
import { createAdapter, namedMatrices, writeAdapter } from '../../../../src/lm/adapter';
import { Generator, type GeneratorOptions } from '../../../../src/lm/generate';
import { loadModel } from '../../../../src/lm/load';
import { linearNames } from '../../../../src/lm/types';
import type { GenerateRequest, LanguageModel, LoraAdapter } from '../../../../src/lm/types';
import { CountingGpu } from '../../../support/countingGpu/countingGpu';
import { emptyModel } from '../../../../src/lm/shaped/emptyModel';
import { createBackend, golden } from '../fixtures';

const backends: Backend[] = [];
afterEach(() => {
  for (const backend of backends.splice(0)) backend.dispose();
});

async function loaded(kind: 'reference' | 'wasm', name: string): Promise<LanguageModel> {
  const backend = await createBackend(kind);
  backends.push(backend);
  const model = await loadModel((await golden(name)).source, backend);
  // An eos would end replies early: these models have random weights.
  return { ...model, config: { ...model.config, eosIds: [] } };
}

const generator = (model: LanguageModel, options: GeneratorOptions = {}): Generator =>
  new Generator(model, null, { blockSize: 4, ...options });

const sampled = (promptIds: readonly number[], seed: number, maxTokens = 8): GenerateRequest => ({
  promptIds,
  sampling: { temperature: 0.9, topP: 1, seed, maxTokens },
});

const question = (at: number): number[] => [3, 1, 4, 1, 5, 9, 2, 6].map((id) => (id + 7 * at) % 50);

function fill(adapter: LoraAdapter, backend: Backend, seed: number): void {
  const named = namedMatrices(adapter, new Float32Array(adapter.params.size));
  for (const { values } of named.values()) values.forEach((_, i) => (values[i] = 0.2 * Math.sin(seed + i)));
  writeAdapter(backend, adapter, named);
}

function adapterOf(model: LanguageModel): LoraAdapter {
  const config = { rank: 2, alpha: 4, rslora: false, dropout: 0, targets: linearNames };
  const adapter = createAdapter(model, config, { seed: 0, owner: 'adapter' });
  fill(adapter, model.backend, 1);
  return adapter;
}

describe.each(['reference', 'wasm'] as const)('a debate’s next round on the %s backend', (kind) => {
  it.each(['llama-odd', 'qwen3'])('of %s takes up prompts and replies of the last one with the same bits', async (name) => {
    const model = await loaded(kind, name);
    const kept = generator(model);
    const first = await kept.generate([0, 1, 2].map((at) => sampled(question(at), at)));
    // Each reads its own reply and goes on.
    const second = first.map(({ ids }, at) => sampled([...question(at), ...ids, 11, 12, 13], 10 + at));
    const before = kept.stats.prompted;
    const replies = await kept.generate(second);
    // 8 and 8 tokens: 3 whole blocks, of which the last token was never fed.
    expect(kept.stats.reused).toBe(3 * 12);
    expect(kept.stats.prompted - before).toBe(3 * (19 - 12));
    expect(replies).toEqual(await generator(model).generate(second));
  }); // prettier-ignore
});

describe('prompts that were computed', () => {
  it('serve the rest of a group that does not run at once', async () => {
    const model = await loaded('wasm', 'qwen2');
    const group = [1, 2, 3, 4, 5, 6].map((seed) => sampled(question(0), seed));
    const adapter = adapterOf(model);
    const two = generator(model, { maxSequences: 2 });
    const results = await two.generate(group, { adapter });
    // One block of the prompt holds no wanted token; the first one computes it.
    expect(two.stats.shared + two.stats.reused).toBe(5 * 4);
    expect(two.stats.reused).toBeGreaterThan(0);
    expect(results).toEqual(await generator(model).generate(group, { adapter }));
  });

  it('by an adapter in training are not taken up after its step, those by one that is frozen are', async () => {
    const model = await loaded('wasm', 'llama-odd');
    const adapter = adapterOf(model);
    const kept = generator(model);
    const request = [sampled(question(0), 1)];
    await kept.generate(request, { adapter });
    fill(adapter, model.backend, 2);
    expect(await kept.generate(request, { adapter })).toEqual(
      await generator(model).generate(request, { adapter }),
    );
    expect(kept.stats.reused).toBe(0);
    const frozen = { ...adapter, frozen: true };
    const [result] = await kept.generate(request, { adapter: frozen });
    expect(await kept.generate(request, { adapter: frozen })).toEqual([result]);
    expect(kept.stats.reused).toBe(4);
  });

  it('are not taken up after a step that failed', async () => {
    const model = await loaded('reference', 'llama-odd');
    const { backend } = model;
    let broken = false;
    const breaking = Object.create(backend, {
      read: {
        value: (...args: Parameters<Backend['read']>) => {
          if (broken) throw new DeviceLostError('gone', 'again');
          return backend.read(...args);
        },
      },
    }) as Backend;
    const kept = generator({ ...model, backend: breaking });
    await kept.generate([sampled(question(1), 1)]);
    broken = true;
    await expect(kept.generate([sampled(question(0), 1)])).rejects.toBeInstanceOf(DeviceLostError);
    broken = false;
    expect(await kept.generate([sampled(question(0), 1)])).toEqual(
      await generator(model).generate([sampled(question(0), 1)]),
    );
    expect(kept.stats.reused).toBe(0);
  });

  it('make room where it is needed', async () => {
    const model = await loaded('wasm', 'llama-odd');
    const small = generator(model, { cacheTokens: 24 });
    const all = [0, 1, 2, 3, 4, 0, 1].map((at) => sampled(question(at), at));
    for (const request of all)
      expect(await small.generate([request])).toEqual(await generator(model).generate([request]));
    expect(small.stats.preempted).toBe(0);
  });
});

describe('a cache that is full', () => {
  it.each(['reference', 'wasm'] as const)('puts the youngest back and computes it again with the same bits on %s', async (kind) => {
    const model = await loaded(kind, 'llama-odd');
    const all = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => sampled(question(at % 3), at, 5 + 3 * at));
    const narrow = generator(model, { cacheTokens: 60, maxSequences: 6, prefillRows: 5 });
    const results = await narrow.generate(all);
    expect(narrow.stats.preempted).toBeGreaterThan(0);
    expect(results).toEqual(await generator(model).generate(all));
    // And streams every token once.
    const told: number[] = [];
    const again = await generator(model, { cacheTokens: 60, maxSequences: 6 }).generate(all, {
      onToken: (index, id) => index === 7 && told.push(id),
    });
    expect(told).toEqual(again[7]!.ids);
  }); // prettier-ignore

  it('ends a sequence that was put back when it is aborted, with what it has', async () => {
    const model = await loaded('wasm', 'llama-odd');
    const narrow = generator(model, { cacheTokens: 32, maxSequences: 4 });
    const stop = new AbortController();
    const running = narrow.generate([sampled(question(0), 0, 20)]);
    const put = narrow.submit(sampled(question(1), 1, 20), {
      signal: stop.signal,
      onToken: () => narrow.stats.preempted > 0 && stop.abort(),
    });
    while (narrow.stats.preempted === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    const { ids, finishReason } = await put;
    expect(finishReason).toBe('aborted');
    const whole = await generator(model).submit(sampled(question(1), 1, 20));
    expect(ids).toEqual(whole.ids.slice(0, ids.length));
    expect(ids.length).toBeGreaterThan(0);
    expect((await running)[0]!.ids).toHaveLength(20);
  });

  it('runs as many replies as their own length fits, not as the longest allowed would', async () => {
    const gpu = new CountingGpu();
    const model = emptyModel(await createGpuBackend(gpu.gpu), 'Llama-3.2-3B', 'q4');
    // 2,340 tokens of f32 keys and values are 512 MiB: 3 replies of 512 with their prompts of 120 when all of it is set apart.
    const made = new Generator(model, null, { maxSequences: 16 });
    const prompts = Array.from({ length: 12 }, (_, i) => Array.from({ length: 120 }, (__, t) => i * 120 + t));
    const stop = new AbortController();
    let most = 0;
    const results = made.generate(
      prompts.map((promptIds) => sampled(promptIds, 0, 512)),
      {
        signal: stop.signal,
        onToken: () => {
          most = Math.max(most, made.stats.active);
          if (made.stats.generated >= 12 * 4) stop.abort();
        },
      },
    );
    await results;
    expect(most).toBe(12);
    await made.dispose();
  });
});

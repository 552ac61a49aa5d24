/** The engine on WebGPU: tiny models of every family against transformers, and the same bits in every batch. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../src/compute/gpuBackend';
import type { Backend } from '../../src/compute/ops';
import { readText } from '../../src/core/fileSource';
import { forwardLogits } from '../../src/lm/forward';
import { Generator } from '../../src/lm/generate';
import { loadModel, unloadModel } from '../../src/lm/load';
import { readHeader, readTensor } from '../../src/lm/safetensors';
import { UrlSource } from '../../src/lm/sources';
import type { GenerateRequest } from '../../src/lm/types';

const families = ['llama-odd', 'llama-tied', 'qwen2', 'qwen3', 'gguf'] as const;
let backend: Backend;
beforeAll(async () => {
  backend = await createGpuBackend(navigator.gpu);
});
afterAll(() => backend.dispose());

async function golden(name: string) {
  const folder = `${location.origin}/tests/golden/lm/${name}`;
  const files = new UrlSource(folder);
  const header = await readHeader(files, 'golden.safetensors');
  const logits = await readTensor(files, header.tensors.get('logits')!);
  const rest = JSON.parse(await readText(files, 'golden.json')) as {
    ids: number[];
    greedy: number[];
    logprobs: number[];
  };
  const source = name === 'gguf' ? new UrlSource(folder, ['model.gguf']) : files;
  const model = await loadModel(source, backend, { owner: name });
  // An eos would end replies early: these models have random weights.
  return { ...rest, logits, model: { ...model, config: { ...model.config, eosIds: [] } } };
}

describe.each(families)('a tiny %s on WebGPU', (name) => {
  it('gives transformers’ logits and continues greedily as transformers does', async () => {
    const { ids, logits, greedy, logprobs, model } = await golden(name);
    const got = await forwardLogits(model, ids);
    let worst = 0;
    for (let i = 0; i < logits.length; i++) {
      worst = Math.max(worst, Math.abs(got[i]! - logits[i]!) / (1e-3 + 1e-3 * Math.abs(logits[i]!)));
    }
    expect(got.length).toBe(logits.length);
    expect(worst).toBeLessThanOrEqual(1);

    const generator = new Generator(model, null, { blockSize: 4 });
    const sampling = { temperature: 0, topP: 1, seed: 0, maxTokens: greedy.length };
    const result = await generator.submit({ promptIds: ids, sampling });
    expect(result.ids).toEqual(greedy);
    result.logprobs.forEach((logprob, i) => expect(logprob).toBeCloseTo(logprobs[i]!, 2));
    await generator.dispose();
    unloadModel(model);
    expect(backend.ledger.byOwner()).not.toHaveProperty(name);
    expect(backend.ledger.byOwner()).not.toHaveProperty('generation');
  });
});

it('a sequence has the same bits alone and in batches of 8 and 64', async () => {
  const { model } = await golden('llama-odd');
  const generator = new Generator(model, null, { blockSize: 4, prefillRows: 48 });
  const requests: GenerateRequest[] = Array.from({ length: 64 }, (_, i) => ({
    promptIds: [3, 1, 4, 1, 5, 9, 2, 6, ...Array.from({ length: i % 7 }, (_, k) => (i * 5 + k) % 50)],
    sampling: {
      temperature: i % 3 === 0 ? 0 : 0.9,
      topP: i % 2 ? 0.9 : 1,
      seed: 100 + i,
      maxTokens: 4 + (i % 5),
    },
  }));
  const many = await generator.generate(requests);
  expect(await generator.generate(requests.slice(8, 16))).toEqual(many.slice(8, 16));
  for (const i of [0, 15, 63]) expect(await generator.generate([requests[i]!])).toEqual([many[i]]);
  await generator.dispose();
  unloadModel(model);
});

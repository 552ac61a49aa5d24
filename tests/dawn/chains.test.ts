/** Replies whose tokens the device chooses, several between two reads: those of the host, to the token. */
import { expect, test } from 'vitest';
import { createAdapter } from '../../src/lm/adapter';
import { Generator, type GeneratorOptions } from '../../src/lm/generate';
import type { GenerateRequest, GenerateResult, LanguageModel, LoraAdapter } from '../../src/lm/types';
import type { Sampling } from '../../src/records/records';
import { dawnDevice } from '../support/dawnDevice';
import { endlessModel } from '../support/endlessModel';

const opened = dawnDevice();
const timeout = 300_000;

/** What of a reply is exact, and its log-probabilities. */
const told = (results: readonly GenerateResult[]) =>
  results.map(({ ids, finishReason }) => ({ ids, finishReason }));

async function ask(
  model: LanguageModel,
  requests: readonly GenerateRequest[],
  { adapter = null, ...options }: GeneratorOptions & { readonly adapter?: LoraAdapter | null } = {},
) {
  const generator = new Generator(model, null, { blockSize: 4, prefillRows: 48, ...options });
  const results = await generator.generate(requests, { adapter });
  const { stats } = generator;
  await generator.dispose();
  return { results, stats };
}

const samplings: readonly Omit<Sampling, 'seed' | 'maxTokens'>[] = [
  { temperature: 0, topP: 1 },
  { temperature: 1, topP: 1 },
  { temperature: 0.7, topP: 0.9 },
  // So near the whole that the device leaves every one to the host.
  { temperature: 1, topP: 1 - 1e-8 },
  // What the device does not know.
  { temperature: 1, topP: 1, topK: 5 },
  { temperature: 1, topP: 0.95, minP: 0.02 },
];
const requests = (count: number): GenerateRequest[] =>
  Array.from({ length: count }, (_, i) => ({
    promptIds: [3, 1, 4, 1, 5, 9, 2, 6].slice(0, 3 + (i % 6)).map((id) => (id + i) % 50),
    sampling: { ...samplings[i % samplings.length]!, seed: 40 + i, maxTokens: 5 + ((7 * i) % 23) },
    ...(i % 5 === 4 ? { stopIds: [i % 50, 7, 11] } : {}),
  }));

test.for([['llama-odd', 64], ['qwen3', 20]] as const)('replies of %s are the host’s, whatever else runs; %i at once', { timeout }, async ([name, count], context) => {
  const on = opened(context);
  const model = await endlessModel(on, name);
  const all = requests(count);
  on.useVariants({ sampling: 'host' });
  const { results: wanted } = await ask(model, all);
  on.useVariants({ sampling: 'device' });
  const { results: many, stats } = await ask(model, all);
  expect(told(many)).toEqual(told(wanted));
  const differences = many.flatMap(({ logprobs }, i) => logprobs.map((one, t) => Math.abs(one - wanted[i]!.logprobs[t]!)));
  expect(Math.max(...differences)).toBeLessThan(1e-6);
  expect(stats.generated).toBe(many.reduce((sum, { ids }) => sum + ids.length, 0));
  // A few rows, one alone, and a cache that has no room for a chain of all: the same, log-probabilities too.
  const eight = all.slice(6, 14);
  expect((await ask(model, eight)).results).toEqual(many.slice(6, 14));
  for (const i of [1, 2, 9]) expect((await ask(model, [all[i]!])).results).toEqual([many[i]]);
  const narrow = await ask(model, eight, { cacheTokens: 64, maxSequences: 6 });
  expect(narrow.results).toEqual(many.slice(6, 14));
  expect(narrow.stats.preempted).toBeGreaterThan(0);
  on.useVariants({ sampling: 'host' });
}); // prettier-ignore

test('an adapter and kept prompts are the same in chains', { timeout }, async (context) => {
  const on = opened(context);
  const model = await endlessModel(on, 'llama-tied');
  const made = createAdapter(model, { rank: 4, alpha: 8, rslora: false, dropout: 0, targets: ['q_proj', 'down_proj'] }, { seed: 1, owner: 'adapter' });
  const adapter = { ...made, frozen: true };
  on.write(adapter.params, Float32Array.from({ length: adapter.params.size }, (__, i) => Math.sin(i) / 5));
  on.useVariants({ sampling: 'host' });
  const { results: wanted } = await ask(model, requests(8), { adapter });
  on.useVariants({ sampling: 'device' });
  const generator = new Generator(model, null, { blockSize: 4 });
  const first = await generator.generate(requests(8), { adapter });
  expect(told(first)).toEqual(told(wanted));
  expect(await generator.generate(requests(8), { adapter })).toEqual(first);
  const longer = first.slice(0, 3).map(({ ids }, i) => ({ ...requests(8)[i]!, promptIds: [...requests(8)[i]!.promptIds, ...ids] }));
  const reused = generator.stats.reused;
  const further = await generator.generate(longer, { adapter });
  expect(generator.stats.reused).toBeGreaterThan(reused);
  await generator.dispose();
  expect(further).toEqual((await ask(model, longer, { adapter })).results);
  on.useVariants({ sampling: 'host' });
}); // prettier-ignore

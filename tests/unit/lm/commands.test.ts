import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemorySource, readAll } from '../../../src/core/fileSource';
import { createAdapter } from '../../../src/lm/adapter';
import { generateCommand, logitsCommand, tokenizeCommand } from '../../../src/lm/commands';
import { createReferenceBackend, golden, maxError } from './fixtures';

/** The tiny llama-odd model with a word-level tokenizer of 31 of its 67 tokens. */
async function folder(): Promise<MemorySource> {
  const { source } = await golden('llama-odd');
  const file = join(import.meta.dirname, '../../golden/lm/tokens.json');
  const { wordLevel } = JSON.parse(readFileSync(file, 'utf8')) as {
    wordLevel: { json: object; config: object };
  };
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return new MemorySource([
    ['config.json', await readAll(source, 'config.json')],
    ['model.safetensors', await readAll(source, 'model.safetensors')],
    ['tokenizer.json', text(wordLevel.json)],
    [
      'tokenizer_config.json',
      text({ ...wordLevel.config, chat_template: '<q>{{ messages[0].content }} <a>' }),
    ],
  ]);
}

describe('the lm command', () => {
  it('tokenizes as transformers does', async () => {
    expect(await tokenizeCommand(await folder(), 'Ann has 12')).toEqual([1, 23, 24, 14, 15]);
  });

  it('writes logits as .npy, without any tokenizer', async () => {
    const { source, ids, logits } = await golden('llama-odd');
    const backend = createReferenceBackend();
    const bytes = await logitsCommand({ source, backend, ids });
    const start = 10 + bytes[8]! + 256 * bytes[9]!;
    expect(new TextDecoder().decode(bytes.subarray(10, start))).toContain(`'shape': (${ids.length}, 67)`);
    expect(maxError(new Float32Array(bytes.slice(start).buffer), logits, 1e-4)).toBeLessThanOrEqual(1);
    expect(backend.ledger.total).toBe(0);
  });

  it('generates completions, the i-th with seed + i, and gives all memory back', async () => {
    const source = await folder();
    const backend = createReferenceBackend();
    const common = { source, backend, prompt: 'Ann has 12', temperature: 1, maxTokens: 6 };
    const { completions, usage } = await generateCommand({ ...common, n: 3, seed: 5 });
    expect(completions.map(({ seed }) => seed)).toEqual([5, 6, 7]);
    expect(usage.prompt).toBe(5);
    expect(usage.completion).toBe(completions.reduce((sum, { ids }) => sum + ids.length, 0));
    for (const { ids, logprobs } of completions) expect(logprobs).toHaveLength(ids.length);
    const { completions: again } = await generateCommand({ ...common, n: 1, seed: 6 });
    expect(again).toEqual([completions[1]]);
    expect(backend.ledger.total).toBe(0);
  });

  it('puts a chat prompt into the template, and an adapter on the model', async () => {
    const source = await folder();
    const backend = createReferenceBackend();
    const config = { rank: 2, alpha: 2, rslora: false, dropout: 0, targets: ['q_proj' as const] };
    const output = await generateCommand({
      source,
      backend,
      prompt: 'Ann has 12',
      chat: true,
      maxTokens: 2,
      adapter: async (model) => createAdapter(model, config, { seed: 1, owner: 'adapter' }),
    });
    // <q> Ann has 1 2 <a>, without the <bos> that a plain prompt gets.
    expect(output.usage.prompt).toBe(6);
    expect(backend.ledger.total).toBe(0);
  });
});

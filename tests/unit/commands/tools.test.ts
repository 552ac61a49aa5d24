/** What the `lm` command says beside its document. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { MemorySource } from '../../../src/core/fileSource';
import { runTool, type ToolRequest } from '../../../src/commands/tools';
import { writeGguf, type GgufMeta } from '../../../src/train/ggufWriter';

const none = { adapter: null, initAdapter: null, data: null, checkpoint: null, log: null } as const;

/** The lines that tokenising "ab" by a GGUF with these further keys puts on stderr. */
async function linesOf(more: readonly (readonly [string, GgufMeta])[]): Promise<string[]> {
  const meta = new Map<string, GgufMeta>([
    ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: ['a', 'b', 'ab'] }],
    ['tokenizer.ggml.merges', { type: 'strings', value: ['a b'] }],
    ...more,
  ]);
  const file = new MemorySource([['m.gguf', writeGguf(meta, [])]]);
  const request: ToolRequest = { ...none, verb: 'tokenize', model: 'm.gguf', flags: { text: 'ab' } };
  const lines: string[] = [];
  const { document } = await runTool(
    request,
    {
      backend: () => Promise.reject(new Error('tokenize needs no backend')),
      source: async () => file,
    },
    { onProgress: (progress) => progress.type === 'line' && lines.push(progress.line) },
  );
  expect(document).toEqual([2]);
  return lines;
}

describe('a GGUF that does not say how its tokenizer splits text', () => {
  it('is said to be read by a general rule, once', async () => {
    const lines = await linesOf([]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/tokenizer\.ggml\.pre.*general rule/);
  });

  it('and nothing is said of one that names its split', async () => {
    expect(await linesOf([['tokenizer.ggml.pre', { type: 'string', value: 'gpt-2' }]])).toEqual([]);
  });
});

describe('a GGUF whose types are kept in another way', () => {
  it('is said to have been quantised again, with the change', async () => {
    const path = join(import.meta.dirname, '../../cases/gguf-q4_0-with-q6k/m.gguf');
    const lines: string[] = [];
    await runTool(
      { ...none, verb: 'logits', model: path, flags: { ids: '1,2' } },
      { backend: async () => createReferenceBackend(), source: (place) => NodeSource.open(place) },
      { onProgress: (progress) => progress.type === 'line' && lines.push(progress.line) },
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^1 of \d+ weight matrices .*\(Q6_K\).* 8 bits.* %/);
  });
});

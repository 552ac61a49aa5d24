/** GGUF files of families beside Llama and Qwen, written by us, against real llama.cpp: tiny random models, their logits with an adapter merged in. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../src/compute/referenceBackend';
import { MemorySource } from '../../src/core/fileSource';
import { forwardLogits } from '../../src/lm/forward';
import { writeGgufAdapter } from '../../src/train/ggufAdapter';
import { mergedGguf } from '../../src/train/mergedGguf';
import { compare, loadGolden } from '../unit/train/golden';
import type { GoldenFamily } from '../unit/train/goldenModel';
import { llamaLogits } from './llama';

const folder = join(import.meta.dirname, '../../.cache/oracle-families');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Fewer tokens than the models have: the others are unused. */
const letters = Array.from({ length: 43 }, (_, i) => String.fromCharCode(0x41 + i));
const tokenizer = {
  pre_tokenizer: { type: 'ByteLevel' },
  added_tokens: [{ id: 45, content: '<end>', special: true }],
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(['Ġ', '!', ...letters].map((text, i) => [text, i])),
    merges: ['A B'],
  },
};
const source = new MemorySource([['tokenizer.json', new TextEncoder().encode(JSON.stringify(tokenizer))]]);

/** llama.cpp takes heads of even widths that its kernels know, and windows and positions at its own layers. */
const cases: readonly (readonly [GoldenFamily, object])[] = [
  ['granite', {}],
  ['olmo2', {}],
  ['smollm3', { no_rope_layers: [1, 1, 1, 0], no_rope_layer_interval: 4 }],
  ['gemma2', { query_pre_attn_scalar: 14 }],
  [
    'gemma3',
    {
      query_pre_attn_scalar: 14,
      layer_types: Array(3).fill('sliding_attention'),
      rope_parameters: {
        sliding_attention: { rope_theta: 10_000 },
        full_attention: { rope_theta: 1_000_000 },
      },
    },
  ],
  ['phi3-short', {}],
  // llama.cpp's contexts have 256 positions at least, and from more than the original length on it takes the long factors.
  ['phi3', { sliding_window: null, original_max_position_embeddings: 256, max_position_embeddings: 512 }],
  ['yarn', {}],
];

describe.each(cases)('a tiny %s with %j', (family, change) => {
  it('has the logits of llama.cpp with its adapter merged in or beside it', async () => {
    const backend = createReferenceBackend();
    const golden = await loadGolden(backend, family, change);
    const adapter = golden.adapter();
    const { ids } = golden.documents[0]!;
    const ours = await forwardLogits(golden.model, ids, adapter);
    mkdirSync(folder, { recursive: true });
    const file = (name: string): string => join(folder, `${family}-${name}.gguf`);
    // Permuted rows, and linears that are fused.
    const asTwo = family === 'granite' || family === 'phi3-short';
    const base = asTwo ? null : adapter;
    writeFileSync(file('base'), await mergedGguf(golden.model, base, { format: 'f32', source }));
    if (asTwo) writeFileSync(file('lora'), await writeGgufAdapter(backend, golden.model.config, adapter));
    const theirs = await llamaLogits(file('base'), ids, asTwo ? file('lora') : null);
    const { cosine, relative } = compare(theirs, ours);
    console.log(`${family}: ${JSON.stringify({ cosine, relative })}`);
    // f16 keys and values there.
    expect(cosine).toBeGreaterThan(0.9999);
    expect(relative).toBeLessThan(0.02);
  });
});

/** Adapter files, merging and GGUF. What peft and llama.cpp make of them is shown in tests/oracle/train.test.ts. */
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import type { ReferenceBackend } from '../../../src/compute/referenceBackend';
import { FileFormatError, ModelError } from '../../../src/core/errors';
import { MemorySource } from '../../../src/core/fileSource';
import { readAdapter } from '../../../src/lm/adapter';
import { openGguf } from '../../../src/lm/gguf/gguf';
import { loadModel } from '../../../src/lm/load';
import type { LanguageModel, LoraAdapter } from '../../../src/lm/types';
import { loadAdapter, readPeft, writePeft } from '../../../src/train/adapterFiles';
import { Backprop } from '../../../src/train/backprop';
import { packExamples } from '../../../src/train/batch';
import type { Example } from '../../../src/train/batch';
import { permuteHeads, writeGgufAdapter } from '../../../src/train/ggufAdapter';
import { exportMerged, mergeAdapter } from '../../../src/train/merge';
import { mergedGguf } from '../../../src/train/mergedGguf';
import { compare, loadGolden } from './golden';
import { familyGoldens, type GoldenFamily } from './goldenModel';

const families = ['llama', 'qwen2', 'qwen3'] as const;

async function losses(
  model: LanguageModel,
  adapter: LoraAdapter | null,
  documents: Example[],
): Promise<number[]> {
  const { backend } = model;
  const batch = packExamples(documents);
  const nll = backend.tensor([batch.targets.length], { owner: 'test', label: 'nll' });
  const backprop = new Backprop(model, adapter, { owner: 'test', forwardOnly: true });
  backprop.forward(batch);
  backprop.losses({ nll });
  return [...(await backend.read(nll))];
}

/** Weights as the backend holds them, every linear. */
function weights(model: LanguageModel, backend: ReferenceBackend): Promise<Float32Array[]> {
  const matrices = model.layers.flatMap(({ qkv, o, gateUp, down }) => [qkv, o, gateUp, down]);
  return Promise.all(matrices.map((matrix) => backend.readRows(matrix, 0, matrix.rows)));
}

/** Families as llama.cpp's files can say them: windows and positions at the layers that it knows, attention's usual scale. */
const sayable: readonly (readonly [GoldenFamily, object])[] = [
  ...families.map((family) => [family, {}] as const),
  ['granite', {}],
  ['olmo2', {}],
  ['phi3', {}],
  ['phi3-short', {}],
  ['yarn', {}],
  ['dynamic', {}],
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
];

describe.each([...families, ...familyGoldens])('an adapter of a tiny %s', (family) => {
  it('comes back from a PEFT folder as it was', async () => {
    const backend = createReferenceBackend();
    const golden = await loadGolden(backend, family);
    const adapter = golden.adapter();
    const files = await writePeft(backend, adapter, 'some/base');
    const again = await loadAdapter(golden.model, new MemorySource(files), { owner: 'again' });
    expect(again.config).toEqual(golden.lora);
    expect(await readAdapter(backend, again)).toEqual(await readAdapter(backend, adapter));
    const config = JSON.parse(new TextDecoder().decode(files.get('adapter_config.json'))) as object;
    expect(config).toMatchObject({
      peft_type: 'LORA',
      r: golden.lora.rank,
      base_model_name_or_path: 'some/base',
    });
  });

  it('merged in place gives the same losses, and taken out leaves the base bit for bit', async () => {
    const backend = createReferenceBackend();
    const { model, adapter: make, documents } = await loadGolden(backend, family);
    const adapter = make();
    const before = await weights(model, backend);
    const expected = await losses(model, adapter, documents);
    expect(compare(await losses(model, null, documents), expected).relative).toBeGreaterThan(0.01);
    const merged = await mergeAdapter(model, adapter);
    expect(compare(await losses(model, null, documents), expected).relative).toBeLessThan(1e-6);
    merged.restore();
    expect(await weights(model, backend)).toEqual(before);
  });

  it('merged into safetensors is a model of the same losses', async () => {
    const backend = createReferenceBackend();
    const { model, adapter: make, documents } = await loadGolden(backend, family);
    const adapter = make();
    const files = await exportMerged(model, adapter, { format: 'f32', source: null });
    const loaded = await loadModel(new MemorySource(files), backend, { maxContext: 64 });
    expect(loaded.config).toEqual(model.config);
    const expected = await losses(model, adapter, documents);
    expect(compare(await losses(loaded, null, documents), expected).relative).toBeLessThan(1e-6);
  });
});

describe.each(sayable)('a tiny %s with %j', (family, change) => {
  it('merged into GGUF is a model of the same losses', async () => {
    const backend = createReferenceBackend();
    const { model, adapter: make, documents } = await loadGolden(backend, family, change);
    const adapter = make();
    const tokenizer = {
      pre_tokenizer: { type: 'ByteLevel' },
      added_tokens: [{ id: 2, content: '<end>', special: true }],
      model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: ['a b'] },
    };
    const source = new MemorySource([
      ['tokenizer.json', new TextEncoder().encode(JSON.stringify(tokenizer))],
    ]);
    const bytes = await mergedGguf(model, adapter, { format: 'f32', source });
    const loaded = await loadModel(new MemorySource([['model.gguf', bytes]]), backend, { maxContext: 64 });
    const expected = await losses(model, adapter, documents);
    expect(compare(await losses(loaded, null, documents), expected).relative).toBeLessThan(1e-6);
  });
});

it.each<[GoldenFamily, object, string]>([
  ['mistral', {}, 'windows'],
  ['ministral', {}, 'windows'],
  ['qwen2-window', {}, 'windows'],
  ['smollm3', {}, 'positions'],
  ['gemma2', {}, 'scales'],
  ['gemma3', { query_pre_attn_scalar: 14 }, 'positions'],
  ['llama-biases', {}, 'biases'],
])(
  '%s with %j is refused as GGUF, for what llama.cpp would compute is another model',
  async (family, change, part) => {
    const { model } = await loadGolden(createReferenceBackend(), family, change);
    const written = mergedGguf(model, null, { format: 'f32', source: new MemorySource([]) });
    await expect(written).rejects.toThrow(ModelError);
    await expect(written).rejects.toThrow(new RegExp(part));
  },
);

describe('a GGUF adapter', () => {
  it('has the names, shapes and scale that llama.cpp reads', async () => {
    const backend = createReferenceBackend();
    const golden = await loadGolden(backend, 'llama');
    const bytes = await writeGgufAdapter(backend, golden.model.config, golden.adapter());
    const { metadata, tensors } = await openGguf(new MemorySource([['a.gguf', bytes]]), 'a.gguf');
    expect(metadata.get('general.type')).toBe('adapter');
    expect(metadata.get('adapter.type')).toBe('lora');
    expect(metadata.get('adapter.lora.alpha')).toBe(7);
    expect(tensors.size).toBe(3 * 7 * 2);
    expect(tensors.get('blk.2.attn_q.weight.lora_a')?.shape).toEqual([3, 30]);
    expect(tensors.get('blk.2.attn_k.weight.lora_b')?.shape).toEqual([10, 3]);
    expect(tensors.get('blk.0.ffn_down.weight.lora_a')?.shape).toEqual([3, 37]);
  });

  it('has the rows of q and k interleaved within each head, as reshape(heads, 2, half).swapaxes does', () => {
    // Two heads of size 6, one column: rows 0 1 2 | 3 4 5 become 0 3 1 4 2 5.
    const rows = Float32Array.from({ length: 12 }, (_, i) => i);
    expect([...permuteHeads(rows, 1, 6)]).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
  });
});

describe('reading a PEFT folder', () => {
  async function folder(change: object): Promise<MemorySource> {
    const backend = createReferenceBackend();
    const golden = await loadGolden(backend, 'qwen3');
    const files = await writePeft(backend, golden.adapter(), 'base');
    const config = JSON.parse(new TextDecoder().decode(files.get('adapter_config.json'))) as object;
    files.set('adapter_config.json', new TextEncoder().encode(JSON.stringify({ ...config, ...change })));
    return new MemorySource(files);
  }

  it.each([
    ['DoRA', { use_dora: true }, ModelError],
    ['a trained bias', { bias: 'all' }, ModelError],
    ['ranks by module', { rank_pattern: { q_proj: 4 } }, ModelError],
    ['another method', { peft_type: 'IA3' }, FileFormatError],
    ['no rank', { r: 'x' }, FileFormatError],
  ])('refuses %s', async (_, change, error) => {
    await expect(readPeft(await folder(change))).rejects.toBeInstanceOf(error);
  });

  it('refuses an adapter of another model and leaves nothing allocated', async () => {
    const backend = createReferenceBackend();
    const { model } = await loadGolden(backend, 'llama');
    await expect(loadAdapter(model, await folder({}), { owner: 'wrong' })).rejects.toBeInstanceOf(ModelError);
    expect(backend.ledger.byOwner()).not.toHaveProperty('wrong');
  });
});

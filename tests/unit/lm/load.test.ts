import { describe, expect, it } from 'vitest';
import { MemorySource, readAll, type FileSource } from '../../../src/core/fileSource';
import { Ledger } from '../../../src/core/ledger';
import type { WeightFormat } from '../../../src/compute/ops';
import { forwardLogits } from '../../../src/lm/forward';
import { loadModel, unloadModel } from '../../../src/lm/load';
import { writeSafetensors } from '../../../src/lm/safetensors';
import { openWeights } from '../../../src/lm/weightFiles';
import {
  createBackend,
  createReferenceBackend,
  families,
  golden,
  maxError,
  containing,
  someText,
} from './fixtures';

describe.each(['reference', 'wasm'] as const)('a tiny model on the %s backend', (kind) => {
  it.each(families)('%s gives transformers’ logits', async (name) => {
    const { ids, logits, source } = await golden(name);
    const backend = await createBackend(kind);
    const ledger = new Ledger();
    const model = await loadModel(source, backend, { ledger });
    expect(ledger.total).toBe(0);
    const got = await forwardLogits(model, ids);
    expect(maxError(got, logits, 1e-4)).toBeLessThanOrEqual(1);
    unloadModel(model);
    // The wasm backend keeps scratch memory of its own.
    expect(backend.ledger.byOwner()).not.toHaveProperty('model');
    expect(backend.ledger.byOwner()).not.toHaveProperty('logits');
    backend.dispose();
  });
});

describe('weights stored on demand', () => {
  it.each<[WeightFormat, number]>([
    ['f32', 1e-5],
    ['f16', 1e-5],
    ['bf16', 0.03],
    ['q8', 0.05],
    ['q4', 0.6],
  ])('as %s stay within %d of the logits, and both backends agree', async (weights, bound) => {
    const { ids, logits, source } = await golden('llama-odd');
    const results: Float32Array[] = [];
    for (const kind of ['reference', 'wasm'] as const) {
      const backend = await createBackend(kind);
      const model = await loadModel(source, backend, { weights });
      expect(model.layers[0]!.qkv.format).toBe(weights);
      results.push(await forwardLogits(model, ids));
      backend.dispose();
    }
    const [reference, wasm] = results as [Float32Array, Float32Array];
    const power = (values: Float32Array) => values.reduce((sum, x) => sum + x * x, 0);
    const error = power(reference.map((x, i) => x - logits[i]!)) / power(logits);
    expect(Math.sqrt(error)).toBeLessThan(bound);
    expect(maxError(wasm, reference, 1e-4)).toBeLessThanOrEqual(1);
  });
});

describe('loading', () => {
  it('keeps the file’s own precision by default, and meets in f32 where the parts of a matrix differ', async () => {
    const { source } = await golden('gguf');
    const model = await loadModel(source, createReferenceBackend());
    const [layer] = model.layers;
    const formats = [model.embed, model.head, layer!.qkv, layer!.o, layer!.gateUp, layer!.down].map(
      (m) => m.format,
    );
    expect(formats).toEqual(['q8', 'f16', 'q4', 'bf16', 'f32', 'f32']);
  });

  it('holds less than three times the largest tensor and 8 MB', async () => {
    // One layer of 700 wide rows in bf16: the largest tensor is decoded to 44.8 MB.
    const hidden = 700;
    const vocab = 16_000;
    const shapes: [string, number[]][] = [
      ['model.embed_tokens.weight', [vocab, hidden]],
      ['model.norm.weight', [hidden]],
    ];
    const layer: [string, number[]][] = [
      ['input_layernorm.weight', [hidden]],
      ['post_attention_layernorm.weight', [hidden]],
      ...['q', 'k', 'v', 'o'].map((p): [string, number[]] => [
        `self_attn.${p}_proj.weight`,
        [hidden, hidden],
      ]),
      ['mlp.gate_proj.weight', [8, hidden]],
      ['mlp.up_proj.weight', [8, hidden]],
      ['mlp.down_proj.weight', [hidden, 8]],
    ];
    shapes.push(...layer.map(([name, shape]): [string, number[]] => [`model.layers.0.${name}`, shape]));
    const tensors = shapes.map(([name, shape]) => ({
      name,
      dtype: 'BF16' as const,
      shape,
      data: new Uint16Array(shape.reduce((a, b) => a * b, 1)),
    }));
    const config = {
      model_type: 'llama', hidden_size: hidden, num_hidden_layers: 1, num_attention_heads: 7, intermediate_size: 8,
      vocab_size: vocab, tie_word_embeddings: true, max_position_embeddings: 64,
    }; // prettier-ignore
    const files: [string, Uint8Array<ArrayBuffer>][] = [
      ['config.json', new TextEncoder().encode(JSON.stringify(config))],
      ['model.safetensors', writeSafetensors(tensors)],
    ];
    for (const weights of ['f32', 'q8'] as const) {
      const ledger = new Ledger();
      const backend = await createBackend('wasm');
      let progress = 0;
      await loadModel(new MemorySource(files), backend, {
        ledger,
        weights,
        onProgress: ({ loaded, total }) => (progress = loaded / total),
      });
      expect(progress).toBe(1);
      expect(ledger.peak).toBeGreaterThan(0);
      expect(ledger.peak).toBeLessThan(3 * vocab * hidden * 4 + 8e6);
      backend.dispose();
    }
  });
});

/** The files of a golden folder, with some replaced or (null) left out. */
async function changed(name: string, changes: Record<string, string | null>): Promise<FileSource> {
  const { source } = await golden(name);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const file of await source.list()) files.set(file, await readAll(source, file));
  for (const [file, text] of Object.entries(changes)) {
    if (text === null) files.delete(file);
    else files.set(file, new TextEncoder().encode(text));
  }
  return new MemorySource(files);
}

async function configWith(name: string, changes: object): Promise<FileSource> {
  const { source } = await golden(name);
  const config = JSON.parse(new TextDecoder().decode(await readAll(source, 'config.json'))) as object;
  return changed(name, { 'config.json': JSON.stringify({ ...config, ...changes }) });
}

describe('a model that does not fit together is refused, and nothing stays allocated', () => {
  async function refuse(source: FileSource, code: string, text: string) {
    const backend = createReferenceBackend();
    await expect(loadModel(source, backend)).rejects.toMatchObject({
      code,
      message: containing(text),
    });
    await expect(loadModel(source, backend)).rejects.toMatchObject({ hint: someText });
    expect(backend.ledger.total).toBe(0);
  }

  it('of an unknown family', async () => {
    await refuse(await configWith('qwen2', { model_type: 'mamba' }), 'model', 'mamba');
  });
  it('with a width that the weights do not have', async () => {
    await refuse(await configWith('qwen2', { intermediate_size: 42 }), 'model', '[42, 30]');
  });
  it('with more layers than the weights have', async () => {
    await refuse(
      await configWith('qwen2', { num_hidden_layers: 3, layer_types: null }),
      'model',
      'model.layers.1.',
    );
  });
  it('untied without a head', async () => {
    await refuse(await configWith('qwen2', { tie_word_embeddings: false }), 'model', 'lm_head.weight');
  });
  it('without weights', async () => {
    await refuse(await changed('qwen2', { 'model.safetensors': null }), 'file-format', 'neither');
  });
  it('without a config', async () => {
    await refuse(await changed('qwen2', { 'config.json': null }), 'file-format', 'config.json');
  });
  it('with a missing shard', async () => {
    await refuse(
      await changed('qwen3', { 'model-00002-of-00002.safetensors': null }),
      'file-format',
      '00002',
    );
  });
  it('with a shard index that leads out of the folder', async () => {
    const index = JSON.stringify({ weight_map: { 'model.norm.weight': '../secret.safetensors' } });
    await refuse(
      await changed('qwen3', { 'model.safetensors.index.json': index }),
      'file-format',
      '../secret',
    );
  });

  it('or when reading fails in the middle', async () => {
    const { source } = await golden('llama-odd');
    const backend = createReferenceBackend();
    let reads = 0;
    const failing: FileSource = {
      name: 'failing',
      has: (path) => source.has(path),
      size: (path) => source.size(path),
      list: () => source.list(),
      read: (path, start, end) =>
        ++reads > 12 ? Promise.reject(new Error('gone')) : source.read(path, start, end),
    };
    await expect(loadModel(failing, backend)).rejects.toThrow('gone');
    expect(reads).toBe(13);
    expect(backend.ledger.peak).toBeGreaterThan(0);
    expect(backend.ledger.total).toBe(0);
  });

  it('or when it is aborted in the middle', async () => {
    const { source } = await golden('llama-odd');
    const backend = createReferenceBackend();
    const stop = new AbortController();
    const loading = loadModel(source, backend, {
      signal: stop.signal,
      onProgress: ({ loaded, total }) => loaded > total / 2 && stop.abort(),
    });
    await expect(loading).rejects.toMatchObject({ code: 'interrupted' });
    expect(backend.ledger.total).toBe(0);
  });
});

describe('openWeights', () => {
  it('names the files when a folder holds several GGUFs', async () => {
    const source = new MemorySource([['a.gguf', new Uint8Array(8)], ['b.gguf', new Uint8Array(8)]]); // prettier-ignore
    await expect(openWeights(source)).rejects.toMatchObject({ code: 'file-format', message: containing('a.gguf, b.gguf') }); // prettier-ignore
  });
});

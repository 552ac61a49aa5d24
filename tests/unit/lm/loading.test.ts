/** What stands in a file is loaded right, or refused by its true reason. Goldens: tests/golden/loading/make.py, tests/cases. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import { MemorySource } from '../../../src/core/fileSource';
import { hashKey, uniform } from '../../../src/core/rng';
import { decodeRows, numberToBf16, numberToF16 } from '../../../src/compute/encode';
import { forwardLogits } from '../../../src/lm/forward';
import { nativeRows } from '../../../src/lm/rowCodec';
import type { TensorToWrite } from '../../../src/lm/safetensors';
import { plainName } from '../../../src/lm/tensorNames';
import { openWeights } from '../../../src/lm/weightFiles';
import { readModelFormats, readModelShape } from '../../../src/models/readModelShape';
import { exportMerged } from '../../../src/train/merge';
import { containing, maxError, someText } from './fixtures';
import {
  casePath,
  cases,
  ggufSource,
  loadTiny,
  safetensorsFolder,
  sharedCase,
  tinyConfig,
  tinyGguf,
  tinyLogits,
  tinyTensors,
  wantedLogits,
} from './loadingGolden';

const near = 2e-4;
const f32 = (name: string, shape: number[]): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape,
  data: new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(0.5),
});
const number = (value: number) => ({ type: 'f32', value }) as const;
const text = (value: string) => ({ type: 'string', value }) as const;
const logitsOf = async (path: string, ids: number[]): Promise<Float32Array> =>
  forwardLogits(await loadTiny(await NodeSource.open(path)), ids);

describe('a config whose rotary positions are spelled', () => {
  it.each(Object.keys(cases.spellings))('as %s gives transformers’ logits', async (name) => {
    const got = await tinyLogits(safetensorsFolder((await tinyTensors()).values(), cases.spellings[name]));
    expect(maxError(got, await wantedLogits(`spelling.${name}`), near)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['the older key', { 'llama.rope.scale_linear': number(4) }],
    ['a factor without a type', { 'llama.rope.scaling.factor': number(4) }],
    [
      'type and factor',
      { 'llama.rope.scaling.type': text('linear'), 'llama.rope.scaling.factor': number(4) },
    ],
  ])('in a GGUF by %s gives the logits of linear scaling', async (_name, meta) => {
    const got = await tinyLogits(ggufSource(await tinyGguf(meta)));
    expect(maxError(got, await wantedLogits('spelling.linear by its older name'), near)).toBeLessThanOrEqual(
      1,
    );
  });

  it('in a GGUF as none scales nothing, whatever the factor', async () => {
    const meta = { 'llama.rope.scaling.type': text('none'), 'llama.rope.scaling.factor': number(4) };
    const got = await tinyLogits(ggufSource(await tinyGguf(meta)));
    expect(maxError(got, await wantedLogits('plain'), near)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['an unknown scaling', { 'llama.rope.scaling.type': text('su') }, 'su'],
    [
      'a part of each head',
      { 'llama.rope.dimension_count': { type: 'u32', value: 4 } as const },
      '4 are rotated',
    ],
    [
      'values of another width',
      { 'llama.attention.value_length': { type: 'u32', value: 16 } as const },
      'of 16',
    ],
    ['experts', { 'llama.expert_count': { type: 'u32', value: 8 } as const }, '8 experts'],
    ['both directions', { 'llama.attention.causal': { type: 'bool', value: false } as const }, 'both ways'],
  ])('in a GGUF with %s is refused', async (_name, meta, part) => {
    const error = { code: 'model', message: containing(part), hint: someText };
    await expect(loadTiny(ggufSource(await tinyGguf(meta)))).rejects.toMatchObject(error);
  });

  it('in a GGUF with a window that llama.cpp does not apply contexts end with the window', async () => {
    const window = { 'llama.attention.sliding_window': { type: 'u32', value: 8 } as const };
    const { config, maxContext } = await loadTiny(ggufSource(await tinyGguf(window)));
    expect({ maxPosition: config.maxPosition, maxContext, window: config.block.window }).toEqual({
      maxPosition: 8,
      maxContext: 8,
      window: null,
    });
  });

  it('in a GGUF by the older key is that of the shared case', async () => {
    const { ids, want } = sharedCase('gguf-llama-scale-linear');
    const got = await logitsOf(casePath('gguf-llama-scale-linear', 'm.gguf'), ids);
    expect(maxError(got, want(), near)).toBeLessThanOrEqual(1);
  });
});

describe('tensors under other names', () => {
  it.each([
    ['no model in front', (name: string) => name.replace(/^model\./, '')],
    ['_orig_mod in front', (name: string) => `_orig_mod.${name}`],
    ['module in front', (name: string) => `module.${name}`],
    ['language_model inside', (name: string) => name.replace('model.', 'model.language_model.')],
    ['language_model in front', (name: string) => `language_model.${name}`],
    ['model twice', (name: string) => `model.${name}`],
    [
      'modules inside',
      (name: string) => name.replace(/^model\.layers\.(\d+)\./, 'model.layers.$1._orig_mod.'),
    ],
    ['FSDP’s wrapper', (name: string) => name.replace('model.', '_fsdp_wrapped_module.model.')],
  ])('with %s are the same model', async (_name, rename) => {
    const tensors = [...(await tinyTensors()).values()].map((one) => ({ ...one, name: rename(one.name) }));
    const got = await tinyLogits(safetensorsFolder(tensors));
    expect(maxError(got, await wantedLogits('plain'), near)).toBeLessThanOrEqual(1);
  });

  it('that come to one name are refused by both', async () => {
    const tensors = await tinyTensors();
    const twice = { ...tensors.get('lm_head.weight')!, name: 'module.lm_head.weight' };
    const error = { code: 'model', message: containing('module.lm_head.weight') };
    await expect(loadTiny(safetensorsFolder([...tensors.values(), twice]))).rejects.toMatchObject(error);
  });

  it('of other things stay as they are', () => {
    expect(plainName('visual.blocks.0.weight')).toBe('visual.blocks.0.weight');
    expect(plainName('model.visual.norm.weight')).toBe('model.visual.norm.weight');
  });
});

describe('a tensor that the model would be run without', () => {
  /** A name as checkpoints have them, drawn by a seed. */
  function drawn(seed: number): { name: string; shape: number[] } {
    const key = hashKey('extra tensor', seed);
    const pick = <T>(i: number, list: readonly T[]): T => list[Math.floor(uniform(key, i) * list.length)]!;
    const modules = ['self_attn.q_proj.bias', 'self_attn.o_proj.bias', 'mlp.up_proj.bias', 'self_attn.q_norm.weight',
      'mlp.experts.0.w1.weight', 'input_layernorm.bias', 'self_attn.sinks', 'mlp.gate.weight', 'self_attn.q_proj.lora_A.weight']; // prettier-ignore
    const heads = [
      'lm_head.bias',
      'model.norm.bias',
      'score.weight',
      'model.embed_positions.weight',
      'visual.proj.weight',
    ];
    const layer = pick(0, [0, 1, 2, 3, 17]);
    const name = uniform(key, 1) < 0.7 ? `model.layers.${layer}.${pick(2, modules)}` : pick(2, heads);
    return { name, shape: pick(3, [[8], [16, 2], [1], [3, 2, 2]]) };
  }

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'is named, in safetensors and in GGUF (draw %i)',
    async (seed) => {
      const { name, shape } = drawn(seed);
      const tensors = [...(await tinyTensors()).values()];
      const refusal = { code: 'model', message: containing(`${name} [${shape.join(', ')}]`), hint: someText };
      await expect(loadTiny(safetensorsFolder([...tensors, f32(name, shape)]))).rejects.toMatchObject(
        refusal,
      );
      const called = name.replace(/^model\.layers\./, 'blk.');
      const data = new Float32Array(shape.reduce((product, n) => product * n, 1));
      const gguf = await tinyGguf({}, [{ name: called, shape, type: 'F32', data }]);
      await expect(loadTiny(ggufSource(gguf))).rejects.toMatchObject({
        code: 'model',
        message: containing(called),
      });
    },
  );

  it.each([
    ['biases', 'model.layers.0.self_attn.q_proj.bias', 'Biases'],
    ['a layer too many', 'model.layers.3.input_layernorm.weight', 'counts 3 layers'],
    ['experts', 'model.layers.0.mlp.experts.1.w2.weight', 'mixture of experts'],
    ['an adapter', 'model.layers.0.self_attn.q_proj.lora_A.weight', 'not merged'],
  ])('is refused by its reason: %s', async (_name, name, reason) => {
    const source = safetensorsFolder([...(await tinyTensors()).values(), f32(name, [8])]);
    await expect(loadTiny(source)).rejects.toMatchObject({ code: 'model', message: containing(reason) });
  });

  it('is one of the shared case’s eight biases', async () => {
    const loading = loadTiny(await NodeSource.open(casePath('gguf-llama-bias', 'm.gguf')));
    await expect(loading).rejects.toMatchObject({
      code: 'model',
      message: containing('blk.0.attn_q.bias [64] and 7 more'),
    });
  });

  it.each([
    ['a counter', 'I64', [1]],
    ['a mask', 'BOOL', [4]],
    ['a scalar', 'F32', []],
    ['an empty one', 'F32', [0, 4]],
  ])('is left out where it can be no weight: %s', async (_name, dtype, shape) => {
    const width = { I64: 8, BOOL: 1, F32: 4 }[dtype]!;
    const bytes = shape.reduce((product, n) => product * n, width);
    const all = safetensorsFolder((await tinyTensors()).values());
    const file = await all.read('model.safetensors', 0, await all.size('model.safetensors'));
    const source = new MemorySource([
      ['config.json', await all.read('config.json', 0, await all.size('config.json'))],
      ['model.safetensors', withTensor(file, 'model.layers.0.count.weight', dtype, shape, bytes)],
    ]);
    expect(maxError(await tinyLogits(source), await wantedLogits('plain'), near)).toBeLessThanOrEqual(1);
  });

  /** The file with one more tensor at its end, and metadata null as some writers have it. */
  function withTensor(
    file: Uint8Array,
    name: string,
    dtype: string,
    shape: number[],
    bytes: number,
  ): Uint8Array<ArrayBuffer> {
    const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
      string,
      unknown
    >;
    const data = file.subarray(8 + length);
    header['__metadata__'] = null;
    header[name] = { dtype, shape, data_offsets: [data.length, data.length + bytes] };
    const head = new TextEncoder().encode(JSON.stringify(header));
    const out = new Uint8Array(8 + head.length + data.length + bytes);
    new DataView(out.buffer).setBigUint64(0, BigInt(head.length), true);
    out.set(head, 8);
    out.set(data, 8 + head.length);
    return out;
  }

  it('is always one that is not needed: each needed one is missed by its name', async () => {
    const tensors = await tinyTensors();
    for (const name of tensors.keys()) {
      const others = [...tensors.values()].filter((one) => one.name !== name);
      await expect(loadTiny(safetensorsFolder(others))).rejects.toMatchObject({
        code: 'model',
        message: containing(name),
      });
    }
  });
});

describe('a Q4_0 file as llama.cpp makes it', () => {
  it('has a Q6_K head, whose blocks are decoded as gguf-py does', async () => {
    const bytes = Uint8Array.from(cases.q6_k.match(/../g)!, (pair) => parseInt(pair, 16));
    const rows = nativeRows(bytes, 'Q6_K');
    expect(decodeRows(rows, 1, 6 * 256)).toEqual(await wantedLogits('q6_k'));
  });

  it('is loaded whole, its head quantised again to 8 bits and the change told', async () => {
    const source = await NodeSource.open(casePath('gguf-q4_0-with-q6k', 'm.gguf'));
    const model = await loadTiny(source);
    expect([model.head.format, model.layers[0]!.down.format]).toEqual(['q8', 'q4']);
    // Half of a step of 1 / 127 of a block's largest is the most that quantising to 8 bits changes.
    expect(model.requantised).toMatchObject({ types: ['Q6_K'], formats: ['q8'], tensors: 1 });
    expect(model.requantised!.worst).toBeLessThan(0.5 / 127 + 2 ** -10);
    const logits = await forwardLogits(model, [1, 2, 3]);
    expect(logits.every((value) => Number.isFinite(value))).toBe(true);
    const { matrices } = await readModelShape(source);
    expect(matrices.filter(({ format }) => format === 'q8').map(({ rows }) => rows)).toContain(
      model.head.rows,
    );
  });
});

describe('a matrix that is made of parts of several types', () => {
  it('is proven and measured in the format that it is kept in, which need not be one of theirs', async () => {
    const halved = [...(await tinyTensors()).values()].map((one): TensorToWrite => {
      if (one.shape.length < 2) return one;
      return one.name.includes('k_proj')
        ? { ...one, dtype: 'BF16', data: Uint16Array.from(one.data, numberToBf16) }
        : { ...one, dtype: 'F16', data: Uint16Array.from(one.data, numberToF16) };
    });
    const source = safetensorsFolder(halved);
    const { embed, head, layers } = await loadTiny(source);
    const kept = [embed, head, ...layers.flatMap(({ qkv, o, gateUp, down }) => [qkv, o, gateUp, down])];
    expect(layers[0]!.qkv.format).toBe('f32');
    const { formats } = await readModelFormats(source);
    expect([...formats].sort()).toEqual([...new Set(kept.map(({ format }) => format))].sort());
    expect(formats[0]).toBe('f16');
  });
});

describe('a tied model whose file has a head', () => {
  it('of its own uses it, as transformers does', async () => {
    const { ids, want } = sharedCase('tied-with-own-head');
    const got = await logitsOf(casePath('tied-with-own-head', 'm'), ids);
    expect(maxError(got, want(), near)).toBeLessThanOrEqual(1);
  });

  it('of its own is exported with it, and no longer said to be tied', async () => {
    const { ids, want } = sharedCase('tied-with-own-head');
    const source = await NodeSource.open(casePath('tied-with-own-head', 'm'));
    const files = await exportMerged(await loadTiny(source), null, { format: 'f32', source });
    const config = JSON.parse(new TextDecoder().decode(files.get('config.json'))) as object;
    expect(config).toMatchObject({ tie_word_embeddings: false });
    const got = await forwardLogits(await loadTiny(new MemorySource(files)), ids);
    expect(maxError(got, want(), near)).toBeLessThanOrEqual(1);
  });

  it('of its own is planned with it', async () => {
    const tied = { ...tinyConfig, tie_word_embeddings: true };
    const all = await tinyTensors();
    const { matrices } = await readModelShape(safetensorsFolder(all.values(), tied));
    expect(matrices.filter(({ rows }) => rows === 40)).toHaveLength(2);
    all.delete('lm_head.weight');
    const { matrices: one } = await readModelShape(safetensorsFolder(all.values(), tied));
    expect(one.filter(({ rows }) => rows === 40)).toHaveLength(1);
  });

  it('that is a copy of the embedding keeps it once', async () => {
    const all = await tinyTensors();
    const copy = { ...all.get('model.embed_tokens.weight')!, name: 'lm_head.weight' };
    const files = safetensorsFolder([...all.values()].map((one) => (one.name === copy.name ? copy : one)), { ...tinyConfig, tie_word_embeddings: true }); // prettier-ignore
    const model = await loadTiny(files);
    expect(model.head).toBe(model.embed);
    expect(model.config.tied).toBe(true);
    copy.data = copy.data.slice();
    copy.data[639]! += 1;
    const other = await loadTiny(safetensorsFolder([...all.values()].map((one) => (one.name === copy.name ? copy : one)), { ...tinyConfig, tie_word_embeddings: true })); // prettier-ignore
    expect(other.head).not.toBe(other.embed);
  });
});

describe('a split GGUF', () => {
  const parts = ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'] as const;
  const bytes = (part: string) => new Uint8Array(readFileSync(casePath('gguf-split', part)));

  it.each(['', ...parts])('is loaded whole by its folder or by any part (%s)', async (part) => {
    const source = await NodeSource.open(casePath('gguf-split', part));
    const { entries } = await openWeights(source);
    expect(new Set([...entries.values()].map(({ file }) => file))).toEqual(new Set(parts));
    const logits = await forwardLogits(await loadTiny(source), [1, 2, 3]);
    expect(logits.every((value) => Number.isFinite(value))).toBe(true);
  });

  it.each(parts)('without its other part says which is missing (only %s)', async (part) => {
    const other = parts.find((one) => one !== part)!;
    const source = new MemorySource([[part, bytes(part)]]);
    const error = { code: 'file-format', message: containing(other), hint: containing('folder') };
    await expect(openWeights(source)).rejects.toMatchObject(error);
  });

  it('whose part was renamed says that it is a part', async () => {
    const source = new MemorySource([['model.gguf', bytes(parts[0])]]);
    await expect(openWeights(source)).rejects.toMatchObject({ message: containing('part 1') });
  });

  it('whose parts were exchanged is refused', async () => {
    const source = new MemorySource([[parts[0], bytes(parts[1])], [parts[1], bytes(parts[0])]]); // prettier-ignore
    await expect(openWeights(source)).rejects.toMatchObject({ code: 'file-format' });
  });

  it('beside another model has to be named', async () => {
    const source = new MemorySource([[parts[0], bytes(parts[0])], [parts[1], bytes(parts[1])], ['x.gguf', bytes(parts[0])]]); // prettier-ignore
    await expect(openWeights(source)).rejects.toMatchObject({ message: containing('2 GGUF models') });
  });
});

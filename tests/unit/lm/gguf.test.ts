import { describe, expect, it } from 'vitest';
import { decodeRows } from '../../../src/compute/encode';
import { MemorySource, readAll } from '../../../src/core/fileSource';
import { openGguf } from '../../../src/lm/gguf/gguf';
import { ggufConfig } from '../../../src/lm/gguf/ggufModel';
import { unpermute } from '../../../src/lm/load';
import { llama3Divisor } from '../../../src/lm/rotary';
import { writeGguf } from '../../../src/train/ggufWriter';
import { nativeRows } from '../../../src/lm/rowCodec';
import { createTokenizer } from '../../../src/lm/tokenizer';
import { ggufTokenizer } from '../../../src/lm/tokens/ggufTokenizer';
import { golden, containing, someText } from './fixtures';

/** Writes GGUF by hand, so that every field can be made wrong. */
class GgufBytes {
  readonly #bytes: number[] = [];
  u32(value: number): this {
    for (let i = 0; i < 4; i++) this.#bytes.push((value >>> (8 * i)) & 255);
    return this;
  }
  u64(value: bigint | number): this {
    for (let i = 0n; i < 8n; i++) this.#bytes.push(Number((BigInt(value) >> (8n * i)) & 255n));
    return this;
  }
  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length).#bytes.push(...bytes);
    return this;
  }
  raw(...values: number[]): this {
    this.#bytes.push(...values);
    return this;
  }
  padTo(multiple: number): this {
    while (this.#bytes.length % multiple !== 0) this.#bytes.push(0);
    return this;
  }
  source(): MemorySource {
    return new MemorySource([['x.gguf', new Uint8Array(this.#bytes)]]);
  }
}
const head = (tensors: number | bigint, pairs: number | bigint, version = 3) =>
  new GgufBytes().u32(0x46554747).u32(version).u64(tensors).u64(pairs);
/** A one-dimensional tensor info. */
const info = (bytes: GgufBytes, name: string, size: number | bigint, type: number, offset: number | bigint) =>
  bytes.text(name).u32(1).u64(size).u32(type).u64(offset);
const zeros = (count: number) => new Array<number>(count).fill(0);
const f32 = 0;

const noFactors = { all: null, short: null, long: null };

describe('a GGUF file', () => {
  it.each([2, 3])('of version %d is read', async (version) => {
    const bytes = head(1, 2, version).text('general.alignment').u32(4).u32(64).text('list').u32(9).u32(8).u64(2);
    bytes.text('a').text('é');
    const source = info(bytes, 't', 3, f32, 0).padTo(64).raw(...zeros(12)).source();
    const gguf = await openGguf(source, 'x.gguf');
    expect(gguf.metadata.get('list')).toEqual(['a', 'é']);
    const tensor = gguf.tensors.get('t')!;
    expect(tensor).toMatchObject({ type: 'F32', shape: [3], end: tensor.start + 12 });
    expect(tensor.start % 64).toBe(0);
  }); // prettier-ignore

  const pad = (bytes: GgufBytes, data: number) => bytes.padTo(32).raw(...zeros(data)).source(); // prettier-ignore
  const long = zeros(400);
  const cases: [string, MemorySource, string][] = [
    ['of another kind', new GgufBytes().u32(0x12345678).raw(...long).source(), 'magic'],
    ['of version 1', head(0, 0, 1).source(), 'version 1'],
    ['cut off in its head', new GgufBytes().u32(0x46554747).u32(3).u32(1).source(), 'too early'],
    ['with 2^60 tensors', head(2n ** 60n, 0).raw(...long).source(), 'tensor count'],
    ['with 2^60 metadata', head(0, 2n ** 60n).raw(...long).source(), 'metadata count'],
    ['with a string of 2^40 bytes', head(0, 1).u64(2n ** 40n).raw(...long).source(), 'string length'],
    ['with a string that is not UTF-8', head(0, 1).u64(2).raw(0xff, 0xfe, ...long).source(), 'UTF-8'],
    ['with an array of 2^50 numbers', head(0, 1).text('a').u32(9).u32(4).u64(2n ** 50n).raw(...long).source(), 'array length'],
    ['with an unknown metadata type', head(0, 1).text('a').u32(77).raw(...long).source(), 'type 77'],
    ['with deeply nested arrays', head(0, 1).text('a').u32(9).u32(9).u64(1).u32(9).u64(1).u32(9).u64(1).u32(9).u64(1).raw(...long).source(), 'nested'],
    ['with a key twice', head(0, 2).text('a').u32(4).u32(1).text('a').u32(4).u32(1).raw(...long).source(), 'twice'],
    ['with alignment 3', pad(head(0, 1).text('general.alignment').u32(4).u32(3), 64), 'alignment'],
    ['with alignment 0', pad(head(0, 1).text('general.alignment').u32(4).u32(0), 64), 'alignment'],
    ['with a tensor outside', pad(info(head(1, 0), 't', 100, f32, 0), 64), 'ends at'],
    ['with an offset of 2^60', pad(info(head(1, 0), 't', 1, f32, 2n ** 60n), 64), 'offset'],
    ['with an unaligned tensor', pad(info(head(1, 0), 't', 1, f32, 4), 64), 'aligned'],
    ['with overlapping tensors', pad(info(info(head(2, 0), 't', 16, f32, 0), 'u', 8, f32, 32), 64), 'overlaps'],
    ['with a tensor twice', pad(info(info(head(2, 0), 't', 8, f32, 0), 't', 8, f32, 32), 64), 'twice'],
    ['with 9 dimensions', pad(head(1, 0).text('t').u32(9).raw(...long), 64), '9 dimensions'],
    ['with an empty tensor', pad(info(head(1, 0), 't', 0, f32, 0), 64), '0 elements'],
    ['with rows that are no whole blocks', pad(info(head(1, 0), 't', 33, 8, 0), 64), 'multiple of 32'],
    ['of a type that is not supported', pad(info(head(1, 0), 't', 256, 16, 0), 400), 't is IQ2_XXS'],
  ]; // prettier-ignore
  it.each(cases)('%s is refused', async (_name, source, text) => {
    const error = {
      code: 'file-format',
      message: containing(text),
      hint: someText,
    };
    await expect(openGguf(source, 'x.gguf')).rejects.toMatchObject(error);
  });

  it('keeps a byte order mark that a string begins with', async () => {
    const list = ['\uFEFF', '\uFEFFa', 'a\uFEFF'];
    const bytes = writeGguf(new Map([['tokens', { type: 'strings', value: list }]]), []);
    const { metadata } = await openGguf(new MemorySource([['m.gguf', bytes]]), 'm.gguf');
    expect(metadata.get('tokens')).toEqual(list);
  });

  it('cut off anywhere is refused, never read past its end', async () => {
    const { source } = await golden('gguf');
    const whole = await readAll(source, 'model.gguf');
    for (let length = 0; length < whole.length; length += 997) {
      const cut = new MemorySource([['m.gguf', whole.slice(0, length)]]);
      await expect(openGguf(cut, 'm.gguf')).rejects.toMatchObject({ code: 'file-format' });
    }
  });
});

describe('rows of GGUF blocks', () => {
  // One block each, by the formulas of ggml's dequantize_row_*: byte j holds elements j and j + 16.
  const packed = Array.from({ length: 16 }, (_, j) => j | ((15 - j) << 4));
  const low = Array.from({ length: 16 }, (_, j) => j);
  const high = low.map((j) => 15 - j);

  it('of Q4_0 are d (q - 8)', () => {
    const rows = nativeRows(new Uint8Array([0x00, 0x38, ...packed]), 'Q4_0'); // d = 0.5
    expect([...decodeRows(rows, 1, 32)]).toEqual([...low, ...high].map((q) => 0.5 * (q - 8)));
  });
  it('of Q4_1 are d q + m', () => {
    const rows = nativeRows(new Uint8Array([0x00, 0x38, 0x00, 0xc0, ...packed]), 'Q4_1'); // m = -2
    expect([...decodeRows(rows, 1, 32)]).toEqual([...low, ...high].map((q) => 0.5 * q - 2));
  });
  it('of Q8_0 are d q', () => {
    const quants = Array.from({ length: 32 }, (_, i) => i * 8 - 128);
    const rows = nativeRows(new Uint8Array([0x00, 0x34, ...quants.map((q) => q & 255)]), 'Q8_0'); // d = 0.25
    expect([...decodeRows(rows, 1, 32)]).toEqual(quants.map((q) => 0.25 * q));
  });
  it('of q and k come back in transformers’ order', () => {
    // Two heads of size 4: llama.cpp has (pair, half), rows 0 2 1 3 of each head.
    const rows = new Uint8Array([0, 2, 1, 3, 4, 6, 5, 7]);
    expect([...unpermute(rows, 1, 4)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('what a GGUF says about its model', () => {
  it('is a config', async () => {
    const { source } = await golden('gguf');
    const config = ggufConfig(await openGguf(source, 'model.gguf'), noFactors);
    expect(config).toMatchObject({
      family: 'llama',
      hidden: 64,
      heads: 4,
      kvHeads: 2,
      headDim: 16,
      ffn: 64,
      vocab: 72,
    });
    expect(config).toMatchObject({ tied: false, maxPosition: 64, ropeTheta: 10_000 });
  });

  it('is Llama 3’s rope scaling where its factors are given, and no other', async () => {
    const { source } = await golden('gguf');
    const gguf = await openGguf(source, 'model.gguf');
    const scaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPosition: 8192 };
    const factors = Float32Array.from({ length: 8 }, (_, i) => llama3Divisor(10_000 ** (-i / 8), scaling));
    expect(ggufConfig(gguf, { ...noFactors, all: factors }).ropeScaling).toEqual({
      type: 'llama3',
      ...scaling,
    });
    factors[3] = 1.5;
    expect(() => ggufConfig(gguf, { ...noFactors, all: factors })).toThrowError(
      expect.objectContaining({ code: 'model' }),
    );
  });

  it('is a tokenizer of bytes with its special tokens and template', () => {
    const values = new Map<string, string | number | boolean | string[] | number[]>([
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.pre', 'qwen2'],
      ['tokenizer.ggml.tokens', ['<s>', 'a', 'b', 'ab', '1', '2', '12', '<think>', 'Ġ']],
      ['tokenizer.ggml.token_type', [3, 1, 1, 1, 1, 1, 1, 4, 1]],
      ['tokenizer.ggml.merges', ['a b', '1 2']],
      ['tokenizer.ggml.bos_token_id', 0],
      ['tokenizer.ggml.add_bos_token', true],
      ['tokenizer.chat_template', '{{ messages[0].content }}'],
    ]);
    const { tokenizer, config } = ggufTokenizer({
      file: 'x',
      version: 3,
      metadata: values,
      tensors: new Map(),
    });
    const built = createTokenizer(tokenizer, config);
    // qwen2 cuts digits one by one, so "12" never merges; the added tokens stay whole.
    expect(built.encode('ab12<think>b')).toEqual([0, 3, 4, 5, 7, 2]);
    expect(built.decode([0, 3, 7], { skipSpecial: true })).toBe('ab<think>');
    expect(built.chatIds([{ role: 'user', content: '<s>a' }], { addGenerationPrompt: false })).toEqual([
      0, 1,
    ]);
  });

  it('that is not supported is a model error', async () => {
    const metadata = new Map<string, string>([['general.architecture', 'mamba'], ['tokenizer.ggml.model', 'rwkv']]); // prettier-ignore
    const gguf = { file: 'x', version: 3, metadata, tensors: new Map() };
    expect(() => ggufConfig(gguf, noFactors)).toThrowError(expect.objectContaining({ code: 'model' }));
    expect(() => ggufTokenizer(gguf)).toThrowError(expect.objectContaining({ code: 'model' }));
  });
});

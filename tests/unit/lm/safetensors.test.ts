import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/fileSource';
import { readHeader, readTensor, writeSafetensors } from '../../../src/lm/safetensors';
import { containing, someText } from './fixtures';

const f32 = (...values: number[]) => new Float32Array(values);

/** A file from a header (text, or an object) and data bytes; `length` overrides the stated header length. */
function file(header: string | object, dataBytes: number, length?: number): MemorySource {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return new MemorySource([['x', bytes]]);
}
const entry = (from: number, to: number, shape: unknown = [(to - from) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

describe('a written safetensors file', () => {
  it('reads back as it was', async () => {
    const bytes = writeSafetensors(
      [
        { name: 'b', dtype: 'F16', shape: [3], data: new Uint16Array([0x3c00, 0xc000, 0x3800]) },
        { name: 'a', dtype: 'F32', shape: [2, 2], data: f32(1, 2, 3, 4) },
        { name: 'c', dtype: 'BF16', shape: [1], data: new Uint16Array([0x4049]) },
        { name: 'empty', dtype: 'F32', shape: [0, 4], data: f32() },
      ],
      { format: 'pt' },
    );
    const source = new MemorySource([['x', bytes]]);
    const { tensors, metadata } = await readHeader(source, 'x');
    expect(metadata).toEqual({ format: 'pt' });
    const read = async (name: string) => [...(await readTensor(source, tensors.get(name)!))];
    expect(await read('a')).toEqual([1, 2, 3, 4]);
    // IEEE halves 0x3c00, 0xc000, 0x3800 are 1, -2, 0.5; bfloat16 0x4049 is 3.140625.
    expect(await read('b')).toEqual([1, -2, 0.5]);
    expect(await read('c')).toEqual([3.140625]);
    expect(await read('empty')).toEqual([]);
    expect(tensors.get('a')!.start % 8).toBe(0);
  });
});

describe('a hostile safetensors file is refused', () => {
  const cases: [string, MemorySource, string][] = [
    ['of no bytes', new MemorySource([['x', new Uint8Array(0)]]), '0 bytes'],
    ['with a header longer than the file', file({}, 0, 1000), '1000 bytes'],
    ['with a header of 2^60 bytes', file({}, 0, 2 ** 60), 'at most'],
    ['with a header that is not JSON', file('{"a":', 0), 'JSON'],
    ['with a header that is a list', file('[]', 0), 'object'],
    ['with offsets outside', file({ a: entry(0, 16) }, 8), 'the file holds 8'],
    ['with offsets backwards', file({ a: entry(8, 0, [2]) }, 8), 'claims bytes'],
    ['with negative offsets', file({ a: entry(-4, 4) }, 8), 'malformed'],
    ['with offsets that are no whole numbers', file({ a: entry(0, 4.5) }, 8), 'malformed'],
    ['with overlapping tensors', file({ a: entry(0, 8), b: entry(4, 12) }, 12), 'overlaps'],
    ['with a gap', file({ a: entry(0, 4), b: entry(8, 12) }, 12), 'gap'],
    ['with bytes left over', file({ a: entry(0, 4) }, 12), 'belong to no tensor'],
    ['with a shape that does not give the bytes', file({ a: entry(0, 8, [3]) }, 8), '12 bytes'],
    ['with a shape whose product overflows', file({ a: entry(0, 8, [2 ** 40, 2 ** 40]) }, 8), 'bytes'],
    ['with an unknown dtype', file({ a: entry(0, 8, [2], 'F99') }, 8), 'F99'],
    ['with a name twice', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061" :{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8), 'twice'],
    ['with metadata that is not text', file({ __metadata__: { a: 1 } }, 0), '__metadata__'],
  ]; // prettier-ignore
  it.each(cases)('%s', async (_name, source, text) => {
    const error = {
      code: 'file-format',
      message: containing(text),
      hint: someText,
    };
    await expect(readHeader(source, 'x')).rejects.toMatchObject(error);
  });

  it('with a header that is not UTF-8', async () => {
    const bytes = new Uint8Array([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0xfe, 0x7d]);
    await expect(readHeader(new MemorySource([['x', bytes]]), 'x')).rejects.toMatchObject({
      code: 'file-format',
    });
  });

  it('when its values are of a type that no weight has', async () => {
    const source = file({ a: entry(0, 8, [1], 'I64') }, 8);
    const { tensors } = await readHeader(source, 'x');
    await expect(readTensor(source, tensors.get('a')!)).rejects.toMatchObject({ code: 'file-format' });
  });
});

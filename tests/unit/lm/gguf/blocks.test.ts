import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeRows } from '../../../../src/compute/encode';
import { blockValues, type BlockType } from '../../../../src/lm/gguf/blockValues';
import { ggufBlocks, ggufTypeName, ggufTypeOf } from '../../../../src/lm/gguf/ggufTypes';
import { fileRows, fileValues, matrixFormat, nativeFormat, nativeRows } from '../../../../src/lm/rowCodec';

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../golden/gguf/blocks.json'), 'utf8'),
) as Record<BlockType, { blocks: string; values: string }>;
const types = Object.keys(golden) as BlockType[];
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64'));
const wanted = (type: BlockType): Float32Array => new Float32Array(bytesOf(golden[type].values).buffer);
/** The blocks under the first scales: those of weights, not the extreme ones. */
const tame = (type: BlockType): Uint8Array<ArrayBuffer> =>
  bytesOf(golden[type].blocks).slice(0, 2 * ggufBlocks[type].bytes);
const bits = (values: Float32Array): Uint32Array =>
  new Uint32Array(values.buffer, values.byteOffset, values.length);

/** A storage that is exact up to the rounding of a scale is within this of each of the two terms of a weight. */
const halfStep = 2 ** -11;
const least = 2 ** -25;

describe('blocks of a GGUF', () => {
  it.each(types)('of %s have the values of gguf-py, bit for bit', (type) => {
    expect(bits(blockValues(bytesOf(golden[type].blocks), type))).toEqual(bits(wanted(type)));
  });

  it.each(types)('of %s have them wherever they stand in a buffer', (type) => {
    const blocks = bytesOf(golden[type].blocks);
    const shifted = new Uint8Array(blocks.length + 1);
    shifted.set(blocks, 1);
    expect(bits(fileValues(shifted.subarray(1), type))).toEqual(bits(wanted(type)));
  });

  it('are of every quantised type that is read', () => {
    expect(new Set(types)).toEqual(
      new Set(Object.keys(ggufBlocks).filter((type) => !['F32', 'F16', 'BF16'].includes(type))),
    );
    expect(ggufTypeName(16)).toBe('IQ2_XXS');
    expect([ggufTypeOf(12), ggufTypeOf(16), ggufTypeOf(999)]).toEqual(['Q4_K', null, null]);
  });
});

describe('the storage of', () => {
  it.each(['Q8_0', 'Q5_0', 'Q4_0', 'Q4_1', 'IQ4_NL'] as const)('%s loses nothing', (type) => {
    const bytes = tame(type);
    const values = fileValues(bytes, type);
    const { data, drift } = fileRows(bytes, type, values.length, nativeFormat[type]);
    expect(decodeRows(data, 1, values.length)).toEqual(values);
    expect(drift).toBeNull();
  });

  it('Q4_0 among 8 bits loses nothing either', () => {
    const values = fileValues(tame('Q4_0'), 'Q4_0');
    const { data, drift } = fileRows(tame('Q4_0'), 'Q4_0', values.length, 'q8');
    expect(data.format).toBe('q8');
    expect(decodeRows(data, 1, values.length)).toEqual(values);
    expect(drift).toBeNull();
  });

  it.each(['Q4_K', 'IQ4_XS'] as const)('%s is exact but for f16 scales', (type) => {
    const bytes = tame(type);
    const values = fileValues(bytes, type);
    const { data, drift } = fileRows(bytes, type, values.length, nativeFormat[type]);
    expect(data.format).toBe(type === 'Q4_K' ? 'q4' : 'q8');
    expect(drift).toBeNull();
    const got = decodeRows(data, 1, values.length);
    for (let block = 0; block < values.length / 32; block++) {
      const part = [...values.subarray(32 * block, 32 * block + 32)];
      // Of q4 scale and least value are each rounded: together no more than twice the largest term.
      const largest = 4 * Math.max(...part.map(Math.abs));
      part.forEach((value, i) => {
        expect(Math.abs(got[32 * block + i]! - value)).toBeLessThanOrEqual(halfStep * largest + 15 * least);
      });
    }
  });

  it.each(['Q5_1', 'Q6_K', 'Q5_K', 'Q3_K', 'Q2_K'] as const)(
    '%s is 8 bits within half a step of its block',
    (type) => {
      const bytes = tame(type);
      const values = fileValues(bytes, type);
      const { data, drift, bytes: made } = fileRows(bytes, type, values.length, nativeFormat[type]);
      expect(data.format).toBe('q8');
      const got = decodeRows(data, 1, values.length);
      let [worst, squares, all] = [0, 0, 0];
      for (let from = 0; from < values.length; from += 32) {
        const part = [...values.subarray(from, from + 32)];
        const largest = Math.max(...part.map(Math.abs));
        const change = Math.max(...part.map((value, i) => Math.abs(got[from + i]! - value)));
        // Half of a step of largest / 127, and the rounding of the scale to f16, by at least half of the least half.
        expect(change).toBeLessThanOrEqual(largest * (0.5 / 127 + 2 ** -10) + 127 * least);
        worst = Math.max(worst, change);
        part.forEach((value, i) => {
          squares += (got[from + i]! - value) ** 2;
          all += value ** 2;
        });
      }
      // The measure that is reported is of just this.
      expect(drift!.change).toBe(worst);
      expect(drift!.largest).toBe(Math.max(...[...values].map(Math.abs)));
      expect(Math.sqrt(drift!.squaredChange / drift!.squared)).toBeCloseTo(Math.sqrt(squares / all), 6);
      expect(made).toBe(values.length * 4 + values.length + values.length / 16);
    },
  );

  it.each(types)('%s as f32 is exact', (type) => {
    const bytes = bytesOf(golden[type].blocks);
    const { data, drift } = fileRows(bytes, type, ggufBlocks[type].elements, 'f32');
    expect(data).toEqual({ format: 'f32', values: wanted(type) });
    expect(drift).toBeNull();
  });

  it.each(['Q4_K', 'IQ4_XS', 'Q6_K', 'Q5_K'] as const)(
    '%s whose numbers no half can scale is refused',
    (type) => {
      const { bytes: size, elements } = ggufBlocks[type];
      // The block under a scale of 65504.
      const bytes = bytesOf(golden[type].blocks).slice(7 * size, 8 * size);
      const load = () => fileRows(bytes, type, elements, nativeFormat[type]);
      const largest = wanted(type)
        .subarray(7 * elements, 8 * elements)
        .reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      if (largest / 127 > 65504 || type === 'Q4_K' || type === 'IQ4_XS') expect(load).toThrow(/16-bit scale/);
      else expect(load).not.toThrow();
    },
  );
});

describe('a matrix of several tensors', () => {
  it('keeps what they share, 8 bits where all are quantised, and else f32', () => {
    expect(matrixFormat(['Q4_K', 'Q4_K', 'Q4_0'])).toBe('q4');
    expect(matrixFormat(['Q4_K', 'Q4_K', 'Q6_K'])).toBe('q8');
    expect(matrixFormat(['Q5_0', 'Q5_0', 'Q8_0'])).toBe('q8');
    expect(matrixFormat(['Q4_0', 'Q4_0', 'Q8_0'])).toBe('q8');
    expect(matrixFormat(['Q4_1', 'Q4_1', 'Q6_K'])).toBe('q8');
    // Nothing of these is rounded so far, and 8 bits would.
    expect(matrixFormat(['Q4_1', 'Q8_0'])).toBe('f32');
    expect(matrixFormat(['F16', 'F16', 'F16'])).toBe('f16');
    expect(matrixFormat(['Q4_K', 'F16'])).toBe('f32');
    expect(matrixFormat(['BF16', 'F16'])).toBe('f32');
  });

  it('of 4 and 8 bits is measured for the part that was quantised again', () => {
    const bytes = tame('Q4_K');
    const values = fileValues(bytes, 'Q4_K');
    const { data, drift } = fileRows(bytes, 'Q4_K', values.length, 'q8');
    expect(data.format).toBe('q8');
    expect(drift!.change).toBeGreaterThan(0);
    expect(drift!.change).toBeLessThan(drift!.largest * (0.5 / 127 + 2 ** -10));
    const exact = fileRows(tame('Q5_0'), 'Q5_0', 64, 'q8');
    expect(exact.drift).toBeNull();
    expect(nativeRows(tame('Q5_0'), 'Q5_0')).toEqual(exact.data);
  });
});

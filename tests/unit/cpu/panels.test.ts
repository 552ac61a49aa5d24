import { expect, test } from 'vitest';
import { encodeRows } from '../../../src/cpu/decode';
import { formBits, hasSpecials, packRows, panelBytes } from '../../../src/cpu/panels';

test('a panel of 8 rows takes what its format takes, with f32 scales', () => {
  const bits = (format: 'f32' | 'f16' | 'bf16' | 'q8' | 'q4') => panelBytes(64, format) / 64;
  expect(['f32', 'f16', 'bf16', 'q8', 'q4'].map((format) => bits(format as 'f32'))).toEqual([
    32, 16, 16, 9, 6,
  ]);
  expect(panelBytes(65, 'f16')).toBe(33 * 32);
  expect(panelBytes(65, 'q4')).toBe(3 * 192);
});

test('formats and flags of a product are bits of their own', () => {
  const { fused, special, ...formats } = formBits;
  for (const bits of Object.values(formats)) expect(bits & (7 | fused | special)).toBe(0);
});

test('quants that are not aligned to words are packed as those that are', () => {
  const data = encodeRows(
    Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
    32,
    'q4',
  );
  if (data.format !== 'q4') throw new Error('wrong format');
  const odd = new Uint8Array(data.quants.length + 1);
  odd.set(data.quants, 1);
  const packed = [data, { ...data, quants: odd.subarray(1) }].map((rows) => {
    const memory = new ArrayBuffer(panelBytes(32, 'q4'));
    packRows(memory, 0, 32, 3, 2, rows);
    return new Uint8Array(memory);
  });
  expect(packed[1]).toEqual(packed[0]);
  expect(packed[0]!.some((byte) => byte !== 0)).toBe(true);
});

test('rows that are too short are refused with their numbers', () => {
  const memory = new ArrayBuffer(panelBytes(40, 'q8'));
  const data = encodeRows(new Float32Array(40).fill(1), 40, 'q8');
  if (data.format === 'f32') throw new Error('wrong format');
  expect(() => packRows(memory, 0, 40, 0, 2, data)).toThrow('q8 rows: 64 elements given, 128 needed');
  const half = new ArrayBuffer(panelBytes(40, 'f16'));
  expect(() => packRows(half, 0, 40, 0, 1, { format: 'f16', values: new Uint16Array(39) })).toThrow(
    'f16 rows: 39 elements given, 40 needed',
  );
});

test('infinities and NaN among halves are found', () => {
  expect(hasSpecials(Uint16Array.of(0x7bff, 0x8000, 0xfbff))).toBe(false);
  expect(hasSpecials(Uint16Array.of(0, 0xfc00))).toBe(true);
  expect(hasSpecials(Uint16Array.of(0, 0x7e01))).toBe(true);
});

import { expect, test } from 'vitest';
import { decodeRows, encodeRows } from '../../../src/compute/encode';
import { f16ToNumber, numberToBf16, numberToF16 } from '../../../src/cpu/decode';
import { RandomStream } from '../../../src/core/rng';

test('every finite half survives the way to a number and back', () => {
  for (let half = 0; half < 65536; half++) {
    if ((half & 0x7c00) === 0x7c00) continue;
    expect(numberToF16(f16ToNumber(half))).toBe(half);
  }
});

test('halves round to nearest, ties to even, and overflow to infinity', () => {
  // 1 + 2^-11 lies half way between 1 (even) and 1 + 2^-10; 1 + 3 * 2^-11 between odd and even.
  expect(f16ToNumber(numberToF16(1 + 2 ** -11))).toBe(1);
  expect(f16ToNumber(numberToF16(1 + 2 ** -11 + 2 ** -20))).toBe(1 + 2 ** -10);
  expect(f16ToNumber(numberToF16(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
  expect(f16ToNumber(numberToF16(65519))).toBe(65504);
  expect(f16ToNumber(numberToF16(65520))).toBe(Infinity);
  expect(f16ToNumber(numberToF16(-1e-9))).toBe(-0);
  expect(f16ToNumber(numberToF16(2 ** -25))).toBe(0);
  expect(f16ToNumber(numberToF16(2 ** -25 * 1.01))).toBe(2 ** -24);
  expect(f16ToNumber(numberToF16(2 ** -14 - 2 ** -26))).toBe(2 ** -14);
  expect(f16ToNumber(numberToF16(NaN))).toBeNaN();
});

test('bfloat16 rounds to nearest, ties to even', () => {
  // 1 + 2^-8 is half way between 0x3f80 and 0x3f81; 1 + 3 * 2^-8 between 0x3f81 and 0x3f82.
  expect(numberToBf16(1 + 2 ** -8)).toBe(0x3f80);
  expect(numberToBf16(1 + 2 ** -8 + 2 ** -20)).toBe(0x3f81);
  expect(numberToBf16(1 + 3 * 2 ** -8)).toBe(0x3f82);
  expect(numberToBf16(NaN) & 0x7fff).toBeGreaterThan(0x7f80);
});

test('a Q8_0 block holds round(127 x / amax) and amax / 127 as a half', () => {
  const data = encodeRows(Float32Array.from([1.27, -1.27, 0.635, 0.004]), 4, 'q8');
  if (data.format !== 'q8') throw new Error('wrong format');
  expect([...data.quants.subarray(0, 5)]).toEqual([127, -127, 64, 0, 0]);
  expect(data.quants.length).toBe(32);
  expect(data.scales[0]).toBe(numberToF16(0.01));
});

test('a Q4_1 block holds floor((x - min) 15 / (max - min) + 0.5), low nibble first', () => {
  const data = encodeRows(Float32Array.from([-1, 14, 0, 6.6]), 4, 'q4');
  if (data.format !== 'q4') throw new Error('wrong format');
  expect([...data.quants.subarray(0, 2)]).toEqual([0 | (15 << 4), 1 | (8 << 4)]);
  expect([...data.scales]).toEqual([numberToF16(1), numberToF16(-1)]);
  expect([...decodeRows(data, 1, 4)]).toEqual([-1, 14, 0, 7]);
});

test.each([
  ['f32', 0],
  ['f16', 2 ** -11],
  ['bf16', 2 ** -8],
  ['q8', 4 / 127],
  ['q4', 8 / 15],
] as const)('%s rows of 45 columns come back within %f of what went in', (format, bound) => {
  const random = new RandomStream(1);
  const values = Float32Array.from({ length: 6 * 45 }, () => Math.max(-3.5, Math.min(3.5, random.normal())));
  const back = decodeRows(encodeRows(values, 45, format), 6, 45);
  const scale = format === 'q8' || format === 'q4' ? () => 1 : (value: number) => Math.abs(value) + 1e-6;
  back.forEach((value, i) =>
    expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(bound * scale(values[i]!)),
  );
});

test('data that is too short is refused with numbers', () => {
  expect(() => decodeRows({ format: 'f32', values: new Float32Array(5) }, 2, 3)).toThrow(/5 elements/);
});

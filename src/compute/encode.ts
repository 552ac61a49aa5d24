/** Weight formats for the layers above: f32 rows to and from what `writeRows` takes. The coding itself is cpu/decode. */
import { blockColumns, decodeRows as decode, encodeRows as encode } from '../cpu/decode';
import type { RowData, WeightFormat } from './ops';

export { bf16ToNumber, blockColumns, f16ToNumber, numberToBf16, numberToF16 } from '../cpu/decode';

/** f32 values [n / cols, cols] as rows of `format`: f16 and bf16 to nearest even, q8 as Q8_0, q4 as Q4_1. */
export function encodeRows(values: Float32Array, cols: number, format: WeightFormat): RowData {
  return encode(values, cols, format);
}

/** Stored rows as f32 [rows, cols]. Throws RangeError when the data is too short. */
export function decodeRows(data: RowData, rows: number, cols: number): Float32Array {
  return decode(data, rows, cols);
}

/** Bytes that a matrix of `format` takes as stored (quantised: blocks of 32 columns with f16 scales). */
export function matrixBytes(rows: number, cols: number, format: WeightFormat): number {
  if (format === 'f32') return rows * cols * 4;
  if (format === 'f16' || format === 'bf16') return rows * cols * 2;
  const blocks = Math.ceil(cols / blockColumns);
  return rows * blocks * (format === 'q8' ? 34 : 20);
}

/** Rows of a weight as they stand in a file, turned into what a Matrix takes. */
import { decodeRows, encodeRows, f16ToNumber, numberToF16 } from '../compute/encode';
import type { RowData, WeightFormat } from '../compute/ops';

/** Encodings that files have and this module reads. */
export type FileEncoding = 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q6_K';

/**
 * The format that holds an encoding without loss; of Q6_K, which no format of ours holds, f16 keeps all but 2^-11 of each
 * value (its own step is 2^-5 of the largest).
 */
export const nativeFormat: Readonly<Record<FileEncoding, WeightFormat>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  Q8_0: 'q8',
  Q4_0: 'q4',
  Q4_1: 'q4',
  Q6_K: 'f16',
};

/** Bytes of one row of `cols` elements (quantised: a multiple of 32) in a file. */
export function fileRowBytes(encoding: FileEncoding, cols: number): number {
  switch (encoding) {
    case 'F32':
      return cols * 4;
    case 'F16':
    case 'BF16':
      return cols * 2;
    case 'Q8_0':
      return (cols / 32) * 34;
    case 'Q4_0':
      return (cols / 32) * 18;
    case 'Q4_1':
      return (cols / 32) * 20;
    case 'Q6_K':
      return (cols / 256) * 210;
  }
}

/** The file's bytes as rows without loss: in the encoding's native format, Q6_K as f32. `bytes` may be unaligned. */
export function nativeRows(bytes: Uint8Array<ArrayBuffer>, encoding: FileEncoding): RowData {
  const aligned = (width: number) => (bytes.byteOffset % width === 0 ? bytes : bytes.slice());
  if (encoding === 'F32') {
    const source = aligned(4);
    return {
      format: 'f32',
      values: new Float32Array(source.buffer, source.byteOffset, source.byteLength >> 2),
    };
  }
  if (encoding === 'F16' || encoding === 'BF16') {
    const source = aligned(2);
    const values = new Uint16Array(source.buffer, source.byteOffset, source.byteLength >> 1);
    return { format: encoding === 'F16' ? 'f16' : 'bf16', values };
  }
  if (encoding === 'Q8_0') return q8Rows(bytes);
  if (encoding === 'Q6_K') return { format: 'f32', values: q6Values(bytes) };
  return q4Rows(bytes, encoding);
}

/** Q8_0: f16 scale, 32 int8. */
function q8Rows(bytes: Uint8Array<ArrayBuffer>): RowData {
  const blocks = bytes.byteLength / 34;
  const scales = new Uint16Array(blocks);
  const quants = new Int8Array(blocks * 32);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let block = 0; block < blocks; block++) {
    const at = block * 34;
    scales[block] = bytes[at]! | (bytes[at + 1]! << 8);
    quants.set(signed.subarray(at + 2, at + 34), block * 32);
  }
  return { format: 'q8', quants, scales };
}

/**
 * Q4_1: f16 scale, f16 min, 16 bytes; Q4_0: f16 scale, 16 bytes, w = scale * (q - 8), so min = -8 scale, exact in f16.
 * In both, byte j holds element j in its low and element j + 16 in its high nibble; ours pairs neighbours.
 */
function q4Rows(bytes: Uint8Array<ArrayBuffer>, encoding: 'Q4_0' | 'Q4_1'): RowData {
  const head = encoding === 'Q4_1' ? 4 : 2;
  const width = head + 16;
  const blocks = bytes.byteLength / width;
  const scales = new Uint16Array(blocks * 2);
  const quants = new Uint8Array(blocks * 16);
  for (let block = 0; block < blocks; block++) {
    const at = block * width;
    const scale = bytes[at]! | (bytes[at + 1]! << 8);
    scales[2 * block] = scale;
    scales[2 * block + 1] =
      encoding === 'Q4_1' ? bytes[at + 2]! | (bytes[at + 3]! << 8) : numberToF16(-8 * f16ToNumber(scale));
    const from = at + head;
    const to = block * 16;
    for (let i = 0; i < 8; i++) {
      const even = bytes[from + 2 * i]!;
      const odd = bytes[from + 2 * i + 1]!;
      quants[to + i] = (even & 15) | ((odd & 15) << 4);
      quants[to + 8 + i] = (even >>> 4) | (odd & 0xf0);
    }
  }
  return { format: 'q4', quants, scales };
}

/**
 * Q6_K (ggml's dequantize_row_q6_K): 256 elements as 128 bytes of low nibbles, 64 of high bit pairs, 16 int8 scales of
 * 16 elements each, f16 scale d; w = d * scale * (q - 32).
 */
function q6Values(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const blocks = bytes.byteLength / 210;
  const values = new Float32Array(blocks * 256);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let block = 0; block < blocks; block++) {
    const at = block * 210;
    const d = f16ToNumber(bytes[at + 208]! | (bytes[at + 209]! << 8));
    for (let half = 0; half < 2; half++) {
      const low = at + 64 * half;
      const high = at + 128 + 32 * half;
      const scale = at + 192 + 8 * half;
      const to = block * 256 + 128 * half;
      for (let quarter = 0; quarter < 4; quarter++) {
        for (let i = 0; i < 32; i++) {
          const nibble = (bytes[low + 32 * (quarter & 1) + i]! >>> (quarter < 2 ? 0 : 4)) & 15;
          const q = nibble | (((bytes[high + i]! >>> (2 * quarter)) & 3) << 4);
          values[to + 32 * quarter + i] = d * signed[scale + 2 * quarter + (i >> 4)]! * (q - 32);
        }
      }
    }
  }
  return values;
}

/** Rows in `format`: unchanged when they have it, else decoded to f32 and encoded again. */
export function convertRows(data: RowData, rows: number, cols: number, format: WeightFormat): RowData {
  return data.format === format ? data : encodeRows(decodeRows(data, rows, cols), cols, format);
}

/** Bytes of the arrays in `data`. */
export function rowDataBytes(data: RowData): number {
  return 'values' in data ? data.values.byteLength : data.quants.byteLength + data.scales.byteLength;
}

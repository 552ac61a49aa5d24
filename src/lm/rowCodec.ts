/** Rows of a weight as they stand in a file, turned into what a Matrix takes. */
import { decodeRows, encodeRows, f16ToNumber, numberToF16 } from '../compute/encode';
import type { RowData, WeightFormat } from '../compute/ops';
import { ModelError } from '../core/errors';
import { blockValues, halfAt, iq4Levels, iq4Scale, scaleAndMin } from './gguf/blockValues';
import { ggufBlocks, type GgufType } from './gguf/ggufTypes';
import { driftOf, type Drift } from './weightDrift';

/** Encodings that files have and this module reads. */
export type FileEncoding = GgufType;

/**
 * The format that a matrix of an encoding is kept in. F32 to Q4_1, Q5_0 and IQ4_NL lose nothing; the products of two
 * scales of IQ4_XS and Q4_K are rounded to f16 (2^-11); the others are quantised again (`requantised`).
 */
export const nativeFormat: Readonly<Record<FileEncoding, WeightFormat>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  Q8_0: 'q8',
  Q5_0: 'q8',
  Q5_1: 'q8',
  Q4_0: 'q4',
  Q4_1: 'q4',
  IQ4_NL: 'q8',
  IQ4_XS: 'q8',
  Q6_K: 'q8',
  Q5_K: 'q8',
  Q4_K: 'q4',
  Q3_K: 'q8',
  Q2_K: 'q8',
};

/** Encodings that no format of ours holds: their values are quantised again. */
const requantised = ['Q5_1', 'Q6_K', 'Q5_K', 'Q3_K', 'Q2_K'] as const;
type Requantised = (typeof requantised)[number];
const isRequantised = (encoding: FileEncoding): encoding is Requantised =>
  (requantised as readonly string[]).includes(encoding);

/** Encodings whose native format holds them only after some rounding. */
const isRounded = (encoding: FileEncoding): boolean =>
  isRequantised(encoding) || encoding === 'Q4_K' || encoding === 'IQ4_XS';

/**
 * The format of a matrix whose parts have these encodings: theirs where they share one. Else 8 bits where all are quantised, since
 * those hold all but Q4_1 without loss, or some are rounded anyway: a few parts of another type shall not cost four times
 * the memory. Else f32, which loses nothing.
 */
export function matrixFormat(encodings: readonly FileEncoding[]): WeightFormat {
  const formats = [...new Set(encodings.map((encoding) => nativeFormat[encoding]))];
  if (formats.length === 1) return formats[0]!;
  const quantised = formats.every((format) => format === 'q8' || format === 'q4');
  return quantised && (encodings.some(isRounded) || !encodings.includes('Q4_1')) ? 'q8' : 'f32';
}

/** Bytes of one row of `cols` elements (a multiple of the block's) in a file. */
export function fileRowBytes(encoding: FileEncoding, cols: number): number {
  const { elements, bytes } = ggufBlocks[encoding];
  return (cols / elements) * bytes;
}

/** The file's bytes as rows in the encoding's native format, of types that no format holds as f32. `bytes` may be unaligned. */
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
  if (isRequantised(encoding)) return { format: 'f32', values: blockValues(bytes, encoding) };
  if (encoding === 'Q4_K') return q4KRows(bytes);
  if (encoding === 'Q4_0' || encoding === 'Q4_1') return q4Rows(bytes, encoding);
  if (encoding === 'IQ4_XS') return iq4XsRows(bytes);
  return q8Rows(bytes, encoding);
}

/** The values of rows, exactly: as gguf-py and ggml decode them. */
export function fileValues(bytes: Uint8Array<ArrayBuffer>, encoding: FileEncoding): Float32Array {
  if (encoding !== 'F32' && encoding !== 'F16' && encoding !== 'BF16') return blockValues(bytes, encoding);
  const rows = nativeRows(bytes, encoding);
  return decodeRows(rows, 1, bytes.byteLength / ggufBlocks[encoding].bytes);
}

export interface FileRows {
  readonly data: RowData;
  /** How far quantising again moved the values; null where nothing more than a scale was rounded. */
  readonly drift: Drift | null;
  /** Bytes of the arrays that were made on the way, those of `data` among them. */
  readonly bytes: number;
}

/** Whole rows of a file in `format`. */
export function fileRows(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: FileEncoding,
  cols: number,
  format: WeightFormat,
): FileRows {
  const isView = encoding === 'F32' || encoding === 'F16' || encoding === 'BF16';
  if (format === nativeFormat[encoding] && !isRequantised(encoding)) {
    const data = nativeRows(bytes, encoding);
    return { data, drift: null, bytes: isView ? 0 : rowDataBytes(data) };
  }
  if (format === 'q8' && encoding === 'Q4_0') {
    const data = q8Rows(bytes, encoding);
    return { data, drift: null, bytes: rowDataBytes(data) };
  }
  const values = fileValues(bytes, encoding);
  const data = encodeRows(values, cols, format);
  const drift = driftOf(values, data, cols);
  if (drift?.change === Infinity) throw tooLarge();
  const made = format === 'f32' ? 0 : rowDataBytes(data);
  return { data, drift, bytes: values.byteLength + made };
}

const tooLarge = (): ModelError =>
  new ModelError(
    'The file holds weights that are too large for a 16-bit scale (65504).',
    'Take another file of this model: such numbers are a sign of a damaged or a failed conversion.',
  );

/** A product of two scales as the f16 that it is kept as. Throws ModelError where there is none. */
function scaleOf(product: number): number {
  const half = numberToF16(product);
  if ((half & 0x7fff) === 0x7c00 && Number.isFinite(product)) throw tooLarge();
  return half;
}

/**
 * Q8_0: f16 scale, 32 int8. Q5_0: f16 scale, 32 fifth bits, 32 nibbles, less 16. IQ4_NL: f16 scale, 32 nibbles that choose a
 * level; so Q4_0, whose levels are -8 to 7.
 */
function q8Rows(bytes: Uint8Array<ArrayBuffer>, encoding: 'Q8_0' | 'Q5_0' | 'Q4_0' | 'IQ4_NL'): RowData {
  const width = ggufBlocks[encoding].bytes;
  const blocks = Math.floor(bytes.byteLength / width);
  const scales = new Uint16Array(blocks);
  const quants = new Int8Array(blocks * 32);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let block = 0; block < blocks; block++) {
    const at = block * width;
    const to = block * 32;
    scales[block] = bytes[at]! | (bytes[at + 1]! << 8);
    if (encoding === 'Q8_0') quants.set(signed.subarray(at + 2, at + 34), to);
    else if (encoding === 'IQ4_NL') putLevels(bytes, at + 2, quants, to);
    else if (encoding === 'Q4_0') putLevels(bytes, at + 2, quants, to, q4Levels);
    else
      for (let j = 0; j < 32; j++) {
        const nibble = (bytes[at + 6 + (j & 15)]! >>> (j < 16 ? 0 : 4)) & 15;
        const high = (bytes[at + 2 + (j >>> 3)]! >>> (j & 7)) & 1;
        quants[to + j] = (nibble | (high << 4)) - 16;
      }
  }
  return { format: 'q8', quants, scales };
}

const q4Levels = Int8Array.from({ length: 16 }, (_, quant) => quant - 8);

/** Levels of 32 elements from 16 bytes: low nibbles, then high ones. */
function putLevels(bytes: Uint8Array, from: number, quants: Int8Array, to: number, levels = iq4Levels): void {
  for (let j = 0; j < 16; j++) {
    const byte = bytes[from + j]!;
    quants[to + j] = levels[byte & 15]!;
    quants[to + j + 16] = levels[byte >>> 4]!;
  }
}

/** IQ4_XS: blocks of 256 with one f16 scale and eight 6-bit ones; their products become the f16 scales. */
function iq4XsRows(bytes: Uint8Array<ArrayBuffer>): RowData {
  const width = ggufBlocks.IQ4_XS.bytes;
  const blocks = Math.floor(bytes.byteLength / width);
  const scales = new Uint16Array(blocks * 8);
  const quants = new Int8Array(blocks * 256);
  for (let block = 0; block < blocks; block++) {
    const at = block * width;
    const d = halfAt(bytes, at);
    for (let b = 0; b < 8; b++) {
      scales[8 * block + b] = scaleOf(d * iq4Scale(bytes, at, b));
      putLevels(bytes, at + 8 + 16 * b, quants, 256 * block + 32 * b);
    }
  }
  return { format: 'q8', quants, scales };
}

/** Q4_K: w = (d scale) q - (dmin min) for each 32 elements, which is what q4 is; both products become f16. */
function q4KRows(bytes: Uint8Array<ArrayBuffer>): RowData {
  const width = ggufBlocks.Q4_K.bytes;
  const blocks = Math.floor(bytes.byteLength / width);
  const scales = new Uint16Array(blocks * 16);
  const quants = new Uint8Array(blocks * 128);
  for (let block = 0; block < blocks; block++) {
    const at = block * width;
    const [d, dmin] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
    for (let b = 0; b < 8; b++) {
      const [scale, min] = scaleAndMin(bytes, at + 4, b);
      scales[16 * block + 2 * b] = scaleOf(d * scale);
      scales[16 * block + 2 * b + 1] = scaleOf(-dmin * min);
      const from = at + 16 + 32 * (b >>> 1);
      const shift = 4 * (b & 1);
      const to = 128 * block + 16 * b;
      for (let i = 0; i < 16; i++) {
        const even = (bytes[from + 2 * i]! >>> shift) & 15;
        const odd = (bytes[from + 2 * i + 1]! >>> shift) & 15;
        quants[to + i] = even | (odd << 4);
      }
    }
  }
  return { format: 'q4', quants, scales };
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

/** Bytes of the arrays in `data`. */
export function rowDataBytes(data: RowData): number {
  return 'values' in data ? data.values.byteLength : data.quants.byteLength + data.scales.byteLength;
}

/**
 * Stored number formats, exactly: IEEE half, bfloat16, and blocks of 32 as GGUF's Q8_0 and Q4_1 have them.
 * Rounding to f16 and bf16 is to nearest, ties to even; quants round as ggml's reference quantisers do.
 */

/** Columns of one quantised block. */
export const blockColumns = 32;

/** Rows of a matrix in transit: RowData of the op interface, which says what each field holds. */
export type EncodedRows =
  | { readonly format: 'f32'; readonly values: Float32Array }
  | { readonly format: 'f16' | 'bf16'; readonly values: Uint16Array }
  | { readonly format: 'q8'; readonly quants: Int8Array; readonly scales: Uint16Array }
  | { readonly format: 'q4'; readonly quants: Uint8Array; readonly scales: Uint16Array };

const floatBits = new Float32Array(1);
const bits = new Uint32Array(floatBits.buffer);

/** The value of an IEEE half given by its 16 bits. */
export function f16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The 16 bits of the half nearest to a number (first rounded to f32), ties to even. */
export function numberToF16(value: number): number {
  floatBits[0] = value;
  const word = bits[0]!;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal: 2^-24 is one unit; adding 0.5 to a number below 2^-14 makes the FPU round there (ties to even).
    floatBits[0] = Math.fround(Math.abs(Math.fround(value)) + 0.5);
    return sign | (bits[0]! - 0x3f000000);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded >>> 13) - (112 << 10));
}

/** The value of a bfloat16 given by its 16 bits. */
export function bf16ToNumber(word: number): number {
  bits[0] = word << 16;
  return floatBits[0]!;
}

/** The 16 bits of the bfloat16 nearest to a number (first rounded to f32), ties to even. */
export function numberToBf16(value: number): number {
  floatBits[0] = value;
  const word = bits[0]!;
  if ((word & 0x7fffffff) > 0x7f800000) return ((word >>> 16) | 0x40) & 0xffff;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

const halves = new Float32Array(65536);
let halvesReady = false;

/** All 65,536 halves as f32, made on first use. */
export function halfTable(): Float32Array {
  if (!halvesReady) {
    for (let i = 0; i < 65536; i++) halves[i] = f16ToNumber(i);
    halvesReady = true;
  }
  return halves;
}

/**
 * Decodes `rows` rows of `cols` columns into `out` (from `offset`): the one definition of what a stored weight is.
 * Throws RangeError when the data is too short.
 */
export function decodeRowsInto(
  data: EncodedRows,
  rows: number,
  cols: number,
  out: Float32Array | Float64Array,
  offset = 0,
): void {
  const blocks = Math.ceil(cols / blockColumns);
  const size = rows * cols;
  const lack = (got: number, need: number) => {
    if (got < need) throw new RangeError(`${data.format} rows: ${got} elements given, ${need} needed`);
  };
  if (data.format === 'f32') {
    lack(data.values.length, size);
    out.set(data.values.length === size ? data.values : data.values.subarray(0, size), offset);
  } else if ('values' in data) {
    lack(data.values.length, size);
    const table = halfTable();
    const half = data.format === 'f16';
    for (let i = 0; i < size; i++) {
      const word = data.values[i]!;
      out[offset + i] = half ? table[word]! : bf16ToNumber(word);
    }
  } else if (data.format === 'q8') {
    lack(data.quants.length, rows * blocks * 32);
    lack(data.scales.length, rows * blocks);
    const table = halfTable();
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const block = row * blocks + (col >>> 5);
        out[offset + row * cols + col] = Math.fround(
          table[data.scales[block]!]! * data.quants[block * 32 + (col & 31)]!,
        );
      }
    }
  } else {
    lack(data.quants.length, rows * blocks * 16);
    lack(data.scales.length, rows * blocks * 2);
    const table = halfTable();
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const block = row * blocks + (col >>> 5);
        const byte = data.quants[block * 16 + ((col & 31) >>> 1)]!;
        const quant = col & 1 ? byte >>> 4 : byte & 15;
        const scaled = Math.fround(table[data.scales[2 * block]!]! * quant);
        out[offset + row * cols + col] = Math.fround(scaled + table[data.scales[2 * block + 1]!]!);
      }
    }
  }
}

/** Rows decoded to f32: [rows, cols]. */
export function decodeRows(data: EncodedRows, rows: number, cols: number): Float32Array {
  const out = new Float32Array(rows * cols);
  decodeRowsInto(data, rows, cols, out);
  return out;
}

/** Rows of f32 values [n / cols, cols] in a storage format. */
export function encodeRows(values: Float32Array, cols: number, format: EncodedRows['format']): EncodedRows {
  if (format === 'f32') return { format, values };
  if (format === 'f16') return { format, values: Uint16Array.from(values, numberToF16) };
  if (format === 'bf16') return { format, values: Uint16Array.from(values, numberToBf16) };
  const rows = Math.floor(values.length / cols);
  const blocks = Math.ceil(cols / blockColumns);
  return format === 'q8' ? encodeQ8(values, rows, cols, blocks) : encodeQ4(values, rows, cols, blocks);
}

/** GGUF Q8_0: scale = max |x| / 127, quant = round(x / scale), halves away from zero. */
function encodeQ8(values: Float32Array, rows: number, cols: number, blocks: number): EncodedRows {
  const quants = new Int8Array(rows * blocks * 32);
  const scales = new Uint16Array(rows * blocks);
  for (let block = 0; block < rows * blocks; block++) {
    const start = Math.floor(block / blocks) * cols + (block % blocks) * 32;
    const count = Math.min(32, cols - (block % blocks) * 32);
    let largest = 0;
    for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(values[start + i]!));
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    for (let i = 0; i < count; i++) {
      const scaled = Math.fround(values[start + i]! * inverse);
      quants[block * 32 + i] = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5);
    }
    scales[block] = numberToF16(scale);
  }
  return { format: 'q8', quants, scales };
}

/** GGUF Q4_1: min and (max - min) / 15 of the block, quant = floor((x - min) / scale + 0.5). */
function encodeQ4(values: Float32Array, rows: number, cols: number, blocks: number): EncodedRows {
  const quants = new Uint8Array(rows * blocks * 16);
  const scales = new Uint16Array(rows * blocks * 2);
  for (let block = 0; block < rows * blocks; block++) {
    const start = Math.floor(block / blocks) * cols + (block % blocks) * 32;
    const count = Math.min(32, cols - (block % blocks) * 32);
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < count; i++) {
      least = Math.min(least, values[start + i]!);
      most = Math.max(most, values[start + i]!);
    }
    const scale = Math.fround(Math.fround(most - least) / 15);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    for (let i = 0; i < count; i++) {
      const scaled = Math.fround(Math.fround(values[start + i]! - least) * inverse);
      const quant = Math.min(15, Math.floor(Math.fround(scaled + 0.5)));
      quants[block * 16 + (i >>> 1)]! |= i & 1 ? quant << 4 : quant;
    }
    scales[2 * block] = numberToF16(scale);
    scales[2 * block + 1] = numberToF16(least);
  }
  return { format: 'q4', quants, scales };
}

/** Rows [start, start + count) of encoded rows of `cols` columns, without copying. */
export function sliceRows(data: EncodedRows, cols: number, start: number, count: number): EncodedRows {
  const end = start + count;
  if (data.format === 'f32') return { ...data, values: data.values.subarray(start * cols, end * cols) };
  if ('values' in data) return { ...data, values: data.values.subarray(start * cols, end * cols) };
  const blocks = Math.ceil(cols / blockColumns);
  if (data.format === 'q8') {
    return {
      format: 'q8',
      quants: data.quants.subarray(start * blocks * 32, end * blocks * 32),
      scales: data.scales.subarray(start * blocks, end * blocks),
    };
  }
  return {
    format: 'q4',
    quants: data.quants.subarray(start * blocks * 16, end * blocks * 16),
    scales: data.scales.subarray(start * blocks * 2, end * blocks * 2),
  };
}

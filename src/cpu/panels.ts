/**
 * How weights are kept in WASM memory: panels of 8 rows. f32 [cols][8]; f16 and bf16 [pairs of columns][8] words; q8 and q4 in
 * blocks of 32 columns, scales (and minima) as f32 first (src/cpu/assembly/half.ts and quant.ts read them).
 */
import { blockColumns, halfTable, type EncodedRows } from './decode';

export type PanelFormat = EncodedRows['format'];

/** Bits of a product's `form` beside its kind: 8 times the format, fused multiply-adds, an f16 with infinities or NaN. */
export const formBits = {
  f32: 0,
  f16: 8,
  bf16: 16,
  q8: 24,
  q4: 32,
  fused: 64,
  special: 128,
} as const;

/** Bytes of a panel of so many columns. */
export function panelBytes(cols: number, format: PanelFormat): number {
  switch (format) {
    case 'f32':
      return cols * 32;
    case 'f16':
    case 'bf16':
      return Math.ceil(cols / 2) * 32;
    case 'q8':
      return Math.ceil(cols / blockColumns) * (32 + 256);
    case 'q4':
      return Math.ceil(cols / blockColumns) * (64 + 128);
    default:
      return format satisfies never;
  }
}

/** Whether some half is infinite or no number. */
export function hasSpecials(halves: Uint16Array): boolean {
  for (const half of halves) if ((half & 0x7c00) === 0x7c00) return true;
  return false;
}

/** Writes rows [start, start + count) of a matrix at byte `pointer` of `buffer`. Throws RangeError where data lack. */
export function packRows(
  buffer: ArrayBufferLike,
  pointer: number,
  cols: number,
  start: number,
  count: number,
  data: Exclude<EncodedRows, { format: 'f32' }>,
): void {
  const bytes = panelBytes(cols, data.format);
  for (let i = 0; i < count; i++) {
    const row = start + i;
    const panel = pointer + Math.floor(row / 8) * bytes;
    const place = row % 8;
    if ('values' in data) {
      const values = data.values.subarray(i * cols, (i + 1) * cols);
      if (values.length < cols) lack(data.format, data.values.length, count * cols);
      const to = new Uint16Array(buffer, panel, bytes / 2);
      for (let col = 0; col < cols; col++) to[(col >> 1) * 16 + place * 2 + (col & 1)] = values[col]!;
      if (cols % 2 === 1) to[(cols >> 1) * 16 + place * 2 + 1] = 0;
    } else {
      packQuants(new Uint32Array(buffer, panel, bytes / 4), place, i, Math.ceil(cols / blockColumns), data);
    }
  }
}

function lack(format: PanelFormat, got: number, need: number): never {
  throw new RangeError(`${format} rows: ${got} elements given, ${need} needed`);
}

/** Row `row` of the data as row `place` of a panel of words. */
function packQuants(
  panel: Uint32Array,
  place: number,
  row: number,
  blocks: number,
  data: Extract<EncodedRows, { format: 'q8' | 'q4' }>,
): void {
  const eight = data.format === 'q8';
  const words = eight ? 8 : 4;
  const head = eight ? 8 : 16;
  const quants = wordsOf(data.quants, row * blocks * words, blocks * words);
  if (quants.length < blocks * words) lack(data.format, data.quants.length, (row + 1) * blocks * words * 4);
  const each = eight ? 1 : 2;
  if (data.scales.length < (row + 1) * blocks * each)
    lack(data.format, data.scales.length, (row + 1) * blocks * each);
  const floats = new Float32Array(panel.buffer, panel.byteOffset, panel.length);
  const table = halfTable();
  for (let block = 0; block < blocks; block++) {
    const at = block * (head + 8 * words) + place;
    const from = (row * blocks + block) * each;
    floats[at] = table[data.scales[from]!]!;
    if (!eight) floats[at + 8] = table[data.scales[from + 1]!]!;
    for (let word = 0; word < words; word++) {
      // A signed byte plus 128 is its bits with the highest one turned.
      const bits = quants[block * words + word]!;
      panel[at + head + 8 * word] = eight ? bits ^ 0x80808080 : bits;
    }
  }
}

/** `count` words of bytes from word `first` on, copied where they are not aligned. */
function wordsOf(bytes: Int8Array | Uint8Array, first: number, count: number): Uint32Array {
  const part = bytes.subarray(first * 4, (first + count) * 4);
  const whole = part.byteOffset % 4 === 0 ? part : part.slice();
  return new Uint32Array(whole.buffer, whole.byteOffset, Math.floor(whole.length / 4));
}

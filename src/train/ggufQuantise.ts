/** f32 rows as ggml's blocks of 32, as its reference quantisers for Q8_0 and Q4_0 make them (ggml-quants.c), in f32 arithmetic. */
import { numberToF16 } from '../compute/encode';

const block = 32;
const bytes = { Q8_0: 34, Q4_0: 18 } as const;
export type BlockType = keyof typeof bytes;

const f = Math.fround;
/** roundf: halves away from zero. */
const round = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

/** Whether rows of `cols` elements can be kept in blocks. */
export function fitsBlocks(cols: number): boolean {
  return cols % block === 0;
}

/** The value that is largest by size, its sign kept; the first of several. */
function largest(values: Float32Array, at: number): number {
  let found = 0;
  for (let i = at; i < at + block; i++) if (Math.abs(values[i]!) > Math.abs(found)) found = values[i]!;
  return found;
}

/** `values` is a multiple of 32 long. */
export function ggufBlocksOf(values: Float32Array, type: BlockType): Uint8Array<ArrayBuffer> {
  const count = values.length / block;
  const out = new Uint8Array(count * bytes[type]);
  const view = new DataView(out.buffer);
  for (let b = 0; b < count; b++) {
    const at = b * block;
    const to = b * bytes[type];
    const max = largest(values, at);
    const scale = type === 'Q8_0' ? f(Math.abs(max) / 127) : f(max / -8);
    const inverse = scale === 0 ? 0 : f(1 / scale);
    view.setUint16(to, numberToF16(scale), true);
    if (type === 'Q8_0') {
      for (let i = 0; i < block; i++) view.setInt8(to + 2 + i, round(f(values[at + i]! * inverse)));
      continue;
    }
    const level = (i: number): number => Math.min(15, Math.trunc(f(f(values[at + i]! * inverse) + 8.5)));
    for (let i = 0; i < block / 2; i++) out[to + 2 + i] = level(i) | (level(i + block / 2) << 4);
  }
  return out;
}

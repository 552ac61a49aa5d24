/** Sizes and layouts that the backend tests share. */
import type { LoraGroup } from '../../../src/compute/ops';
import type { Side } from './twin';

/** Ragged sizes, paired so that every two neighbours of the list meet. */
export const pairs = [
  [1, 7],
  [7, 64],
  [64, 65],
  [65, 1],
  [1, 65],
  [7, 65],
  [65, 64],
  [64, 1],
  [33, 100],
] as const;

/** A LoRA group over two segments with a hole between them (one segment where there is no room). */
export function makeLora(side: Side, inputs: number, outputs: number, rank: number): LoraGroup {
  const first = Math.max(1, Math.floor(outputs / 3));
  const segments =
    outputs < 3
      ? [{ start: 0, count: outputs, bRow: 0 }]
      : [
          { start: 0, count: first, bRow: 0 },
          { start: outputs - first, count: first, bRow: first },
        ];
  const rows = segments.reduce((sum, { count }) => sum + count, 0);
  return {
    a: side.normal([segments.length * rank, inputs], inputs ** -0.5),
    b: side.normal([rows, rank], 0.3),
    rank,
    scale: 1.7,
    segments,
  };
}

/** q|k|v shapes: head sizes that divide by 8, by 4, by 2. */
export const headShapes = [
  { heads: 4, kvHeads: 2, headDim: 16 },
  { heads: 3, kvHeads: 1, headDim: 10 },
  { heads: 2, kvHeads: 2, headDim: 64 },
  { heads: 9, kvHeads: 3, headDim: 20 },
] as const;

/** Documents of the given lengths packed one after the other: (start, end) by row. */
export function documentsOf(lengths: readonly number[]): number[] {
  const words: number[] = [];
  let start = 0;
  for (const length of lengths) {
    for (let i = 0; i < length; i++) words.push(start, start + length);
    start += length;
  }
  return words;
}

/** Rotary tables of base 10000 for `positions` positions. */
export function tablesOf(side: Side, positions: number, headDim: number) {
  const half = headDim / 2;
  const cos = side.tensor([positions, half]);
  const sin = side.tensor([positions, half]);
  const angle = (i: number) => Math.floor(i / half) * 10000 ** (-(i % half) / half);
  const size = positions * half;
  side.backend.write(
    cos,
    Float32Array.from({ length: size }, (_, i) => Math.cos(angle(i))),
  );
  side.backend.write(
    sin,
    Float32Array.from({ length: size }, (_, i) => Math.sin(angle(i))),
  );
  return { cos, sin };
}

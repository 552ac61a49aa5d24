/**
 * Splits what is too large for one dispatch by its rows. A dispatch cannot be interrupted, so a slow GPU under one of
 * 2048 x 49152 outputs would starve the compositor and meet the driver's watchdog. Rows are independent of each other and
 * blocks are whole tiles, so no bit of the result depends on the split.
 */
import type { Range } from '../gpu/recorder';
import type { GpuContext } from './gpuMemory';

/** Below these no split is worth its dispatches: 0.5 s on a software adapter, where nothing else waits; 5 ms at 40 GFLOP/s. */
const least = { software: 2e9, hardware: 2e8 };

export interface RowBlock {
  readonly first: number;
  readonly rows: number;
  /** The block's rows of a tensor of `width` 4-byte elements a row, from the block's first row to the tensor's end. */
  of(range: Range, width: number): Range;
}

/** Operations of one dispatch, at most. */
export const mostFlops = ({ recorder, dispatchFlops, software }: GpuContext): number =>
  dispatchFlops ?? Math.max(software ? least.software : least.hardware, recorder.submitFlops);

/** Whether rows of this width start at a multiple of 256 bytes, as views must, after every `step` of them. */
const aligned = (width: number, step: number): boolean => (width * step) % 64 === 0;

/**
 * The blocks of a product of `flops` operations over `rows` rows: one where it is small enough. Blocks are multiples of a
 * tile's rows, and of as many rows as all `widths` of its tensors need to start where a view may.
 */
export function rowBlocks(
  context: GpuContext,
  rows: number,
  flops: number,
  { tile, widths }: { readonly tile: number; readonly widths: readonly number[] },
): readonly RowBlock[] {
  const bound = mostFlops(context);
  let step = tile;
  while (step < 64 && !widths.every((width) => aligned(width, step))) step *= 2;
  const fits = Math.floor((rows * bound) / Math.max(1, flops) / step) * step;
  const most = flops <= bound ? Math.max(1, rows) : Math.max(step, fits);
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => {
    const first = i * most;
    return {
      first,
      rows: Math.min(most, rows - first),
      of: ({ allocation, offset, bytes }, width) => ({
        allocation,
        offset: offset + 4 * first * width,
        bytes: bytes - 4 * first * width,
      }),
    };
  });
}

export interface CostBlock {
  readonly first: number;
  readonly end: number;
  readonly flops: number;
}

/** Blocks of whole tiles of rows that do not cost alike: row i costs `scale` * `cost(i)` operations. */
export function costBlocks(
  context: GpuContext,
  rows: number,
  tile: number,
  scale: number,
  cost: (row: number) => number,
): readonly CostBlock[] {
  const bound = mostFlops(context);
  const blocks: CostBlock[] = [];
  let [first, flops] = [0, 0];
  for (let start = 0; start < rows; start += tile) {
    let own = 0;
    for (let row = start; row < Math.min(rows, start + tile); row++) own += scale * cost(row);
    if (flops > 0 && flops + own > bound) {
      blocks.push({ first, end: start, flops });
      [first, flops] = [start, 0];
    }
    flops += own;
  }
  if (rows > first) blocks.push({ first, end: rows, flops });
  return blocks;
}

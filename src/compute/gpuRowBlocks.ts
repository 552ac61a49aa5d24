/**
 * Splits a linear that is too large for one dispatch by the rows of its input. A dispatch cannot be interrupted, so a
 * slow GPU under one of 2048 x 49152 outputs would starve the compositor and meet the driver's watchdog. Rows are
 * independent of each other and blocks are whole tiles, so no bit of the result depends on the split.
 */
import type { Range } from '../gpu/recorder';
import type { GpuContext } from './gpuMemory';

/** A multiple of every tile's rows, and of 256 bytes whatever the width: views must start there. */
const blockRows = 64;
/** Below this no machine needs a split: 0.2 s on a software adapter. */
const leastFlops = 2e9;

export interface RowBlock {
  readonly first: number;
  readonly rows: number;
  /** The block's rows of a tensor of `width` 4-byte elements a row, from the block's first row to the tensor's end. */
  of(range: Range, width: number): Range;
}

/** The blocks of a product of `flops` operations over `rows` rows: one where it is small enough. */
export function rowBlocks(
  { recorder, dispatchFlops }: GpuContext,
  rows: number,
  flops: number,
): readonly RowBlock[] {
  const bound = dispatchFlops ?? Math.max(leastFlops, recorder.submitFlops);
  const fits = Math.floor((rows * bound) / Math.max(1, flops) / blockRows) * blockRows;
  const most = flops <= bound ? Math.max(1, rows) : Math.max(blockRows, fits);
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

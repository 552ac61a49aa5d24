/** What a dispatch really costs, from its uniforms and the contents of its buffers: nothing is taken from the engine's estimate. */

export interface Dispatched {
  readonly kernel: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** Output columns that the segments of a LoRA group cover. */
  readonly covered: number;
  readonly threads: number;
  /** The u32 at an index of a bound buffer; 0 where its contents are not known. */
  u32(binding: string, index: number): number;
}

/** (query, key) pairs of the rows that a dispatch of attention works on. */
function pairs(work: Dispatched, of: (row: number) => number): number {
  const { rows = 0, firstRow = 0, endRow = rows } = work.sizes;
  let sum = 0;
  for (let row = firstRow; row < Math.min(rows, endRow); row++) sum += Math.max(1, of(row));
  return sum;
}

/** Floating-point operations. */
export function flopsOf(work: Dispatched): number {
  const { rows = 0, inputs = 0, count = 0, rank = 0, segmentCount = 0, span4 = 0 } = work.sizes;
  const { heads = 0, headDim = 0, vocab = 0 } = work.sizes;
  const start = (row: number): number => work.u32('documents', 2 * row);
  const end = (row: number): number => work.u32('documents', 2 * row + 1);
  switch (work.kernel) {
    case 'linear':
      return 2 * rows * count * (inputs + (segmentCount > 0 ? rank : 0));
    case 'linearBackward':
      return 8 * rows * span4 * (count + segmentCount * rank);
    case 'loraDown':
    case 'loraDownDropout':
      return 2 * rows * inputs * segmentCount * rank;
    case 'loraGradU':
      return 2 * rows * work.covered * rank;
    case 'loraGradAB':
      return 2 * rows * rank * (segmentCount * inputs + work.covered);
    case 'attention':
      return 4 * heads * headDim * pairs(work, (row) => row + 1 - start(row));
    case 'attentionBackwardQuery':
      return 6 * heads * headDim * pairs(work, (row) => row + 1 - start(row));
    case 'attentionBackwardKey':
      return 8 * heads * headDim * pairs(work, (row) => end(row) - row);
    case 'attentionPaged':
      return 4 * heads * headDim * pairs(work, (row) => work.u32('positions', row) + 1);
    case 'logitChunks':
      return 100 * rows * vocab;
    case 'crossEntropy':
      return 8 * rows * vocab;
    default:
      return 8 * work.threads;
  }
}

/**
 * Bytes that our engine will hold for a model, worked out from its sizes alone: the same tensors that lm/ and train/
 * allocate, rounded as each backend rounds them. Held against the engine's ledger by tests.
 */
import { addsAsIs, plainBlock } from '../lm/block/form';
import { grownBlocks } from '../lm/paged/blockPool';
import { sparing, type PassSize, type Recomputation } from '../lm/recompute';
import type { BlockShape, ModelShape, WeightFormat } from './modelShape';

/** How a backend rounds what it allocates. */
export interface Sizer {
  tensor(elements: number): number;
  matrix(rows: number, cols: number, format: WeightFormat): number;
  /** Released buffers of these sizes that the backend keeps for reuse. */
  spare(released: number): number;
  /** Scratch of the kernels: longest document or context, head size, and the widest piece of a weight. */
  scratch(shape: ModelShape, longest: number, rank: number): number;
}

const gpuKeep = 64 << 20;
/** Keys from which the parts of a row of attention are summed one by one, and what is known of them (compute/gpuAttentionOps.ts). */
const wholeRow = 512;
const rowParts = 8 << 20;
const buffer = (bytes: number): number => Math.max(256, Math.ceil(bytes / 256) * 256);

/** GPU buffers come in 256 bytes; weights keep the file's precision. */
export const gpuSizer: Sizer = {
  tensor: (elements) => buffer(4 * elements),
  matrix(rows, cols, format) {
    const padded = Math.ceil(cols / 4) * 4;
    switch (format) {
      case 'f32':
        return buffer(4 * padded * rows);
      case 'f16':
      case 'bf16':
        return buffer(2 * padded * rows);
      case 'q8':
        return buffer(Math.ceil(cols / 64) * 64 * rows) + buffer(Math.ceil(cols / 64) * 4 * rows);
      case 'q4':
        return buffer(Math.ceil(cols / 32) * 16 * rows) + buffer(Math.ceil(cols / 32) * 4 * rows);
      default:
        return format satisfies never;
    }
  },
  spare: (released) => Math.min(gpuKeep, released),
  // One for all models: it stays, and the next one uses it.
  scratch: (_, longest) => buffer(4096) + (longest > wholeRow ? buffer(rowParts) : 0),
};

const up8 = (n: number): number => Math.ceil(n / 8) * 8;

/** Elements from which the CPU keeps a matrix in the file's precision; smaller ones are f32. */
const packFrom = 1 << 17;

/** WASM memory: weights in panels of 8 rows; scales and minima of quantised blocks are f32. */
export function cpuSizer(threads: number): Sizer {
  return {
    tensor: (elements) => 4 * elements,
    matrix(rows, cols, format) {
      const kept = rows * cols < packFrom ? 'f32' : format;
      switch (kept) {
        case 'f32':
          return up8(rows) * cols * 4;
        case 'f16':
        case 'bf16':
          return up8(rows) * Math.ceil(cols / 2) * 4;
        case 'q8':
          return up8(rows) * Math.ceil(cols / 32) * 36;
        case 'q4':
          return up8(rows) * Math.ceil(cols / 32) * 24;
        default:
          return kept satisfies never;
      }
    },
    spare: () => 0,
    scratch({ matrices, headDim }, longest, rank) {
      const product = 512 + 512 * 4 + 60 * 64 + 512 * 32;
      // Attention of a training document: its keys four times over and two blocks of rows (cpu/assembly/attention.ts).
      const attention =
        rank === 0 ? 0 : 512 + 4 * (4 * up8(longest) * up8(headDim) + 64 * (up8(longest) + up8(headDim)));
      const perThread = Math.ceil(Math.max(product, attention) / 4096) * 4096;
      const pieces = matrices.map(({ rows, cols, format }) => {
        const step = Math.max(8, Math.floor((1 << 18) / Math.max(1, cols)) & ~7);
        const decoded = format === 'f32' || rows * cols < packFrom ? Math.min(step, rows) * cols : 0;
        return Math.max(decoded, rank * rows) * 4;
      });
      return threads * perThread + Math.max(...pieces);
    },
  };
}

/** Longest context that is kept ready, unless the model's own is shorter. */
const maxContext = 8192;
const maxSequences = 64;
const prefillRows = 256;
const blockSize = 16;
const mostCacheBytes = 512 << 20;
/** Most bytes of logits held at once in training. */
const logitsBytes = 64 << 20;

const align = (elements: number): number => Math.ceil(elements / 64) * 64;
const contextOf = (shape: ModelShape): number => Math.min(shape.maxPosition, maxContext);
const fusedOf = ({ heads, kvHeads, headDim }: LayerShape): number => (heads + 2 * kvHeads) * headDim;

/** The form of its blocks. */
const blockOf = ({ block = plainBlock }: LayerShape): BlockShape => block;

export function weightBytes(shape: ModelShape, sizer: Sizer): number {
  const { matrices, vectors, rotary = [shape.headDim / 2] } = shape;
  const tables = rotary.reduce((sum, cols) => sum + 2 * sizer.tensor(contextOf(shape) * cols), 0);
  return (
    matrices.reduce((sum, { rows, cols, format }) => sum + sizer.matrix(rows, cols, format), 0) +
    vectors.reduce((sum, elements) => sum + sizer.tensor(elements), 0) +
    tables
  );
}

/** Activations of generation: made when the model is loaded, kept until it goes. */
export function generationBytes(
  shape: ModelShape,
  sizer: Sizer,
  adapterRank = 0,
  sequences = maxSequences,
): number {
  const { hidden, heads, headDim, ffn, vocab, qkNorm } = shape;
  const rows = sequences + prefillRows;
  const { tensor } = sizer;
  const branch = blockOf(shape).norms === 'before' ? [] : [hidden];
  const columns = [
    hidden,
    hidden,
    fusedOf(shape),
    ...(qkNorm ? [fusedOf(shape)] : []),
    heads * headDim,
    ...branch,
  ];
  return (
    columns.reduce((sum, cols) => sum + tensor(rows * cols), 0) +
    tensor(rows * 2 * ffn) +
    tensor(rows * ffn) +
    tensor(5 * align(rows)) +
    tensor(sequences * Math.ceil(contextOf(shape) / blockSize)) +
    2 * tensor(sequences * hidden) +
    tensor(sequences * vocab) +
    (adapterRank > 0 ? tensor(rows * (blockOf(shape).fused ? 1 : 3) * adapterRank) : 0)
  );
}

/** Blocks that a cache may hold in all. */
function mostBlocks(shape: ModelShape, sequences: number, half: boolean): number {
  const { layers, kvHeads, headDim } = shape;
  const perToken = 2 * layers * kvHeads * headDim * (half ? 2 : 4);
  const context = contextOf(shape);
  const most = Math.max(Math.floor(mostCacheBytes / perToken), Math.min(2048, context));
  return Math.max(1, Math.floor(Math.min(most, sequences * (context + blockSize)) / blockSize));
}

/** What sequences take in a cache: blocks are taken as their tokens come. */
interface CacheUse {
  readonly sequences: number;
  /** Keys and values are kept as f16. */
  readonly half?: boolean;
}

interface CacheBytes {
  readonly bytes: number;
  /** What its growth leaves. */
  readonly spare: number;
}

/** Most that a cache may hold when so many sequences of about `tokens` positions each run at once. */
export function cacheBound(
  shape: ModelShape,
  sizer: Sizer,
  use: CacheUse & { readonly tokens: number; readonly atOnce?: number },
): CacheBytes {
  const { half = false, atOnce = maxSequences } = use;
  // A block more than the mean has: of the last one half is empty, and some are longer.
  const each = Math.min(contextOf(shape), use.tokens) / blockSize + 1;
  const needed = Math.ceil(Math.min(use.sequences, atOnce) * each);
  const most = mostBlocks(shape, atOnce, half);
  // It gains this much at once where it has almost enough.
  const blocks = Math.min(most, grownBlocks(needed, needed));
  return cacheBytes(shape, sizer, half, [Math.ceil(blocks / 2), blocks]);
}

/** The key-value cache after `sequences` prompts got replies of `reply` tokens at once. */
export function cacheMemory(
  shape: ModelShape,
  sizer: Sizer,
  use: CacheUse & { readonly prompt: number; readonly reply: number },
): CacheBytes {
  const { half = false } = use;
  const together = Math.min(use.sequences, maxSequences);
  const prompt = blocksOf(shape, use.prompt);
  // The last token is never fed.
  const whole = together * blocksOf(shape, use.prompt + use.reply - 1);
  const most = mostBlocks(shape, maxSequences, half);
  const sizes: number[] = [];
  let capacity = 0;
  // Prompts come one after another, then all replies block by block.
  for (
    let needed = prompt;
    needed <= Math.min(whole, most);
    needed += needed < together * prompt ? prompt : 1
  ) {
    if (needed <= capacity) continue;
    capacity = Math.min(most, grownBlocks(capacity, needed));
    sizes.push(capacity);
  }
  return cacheBytes(shape, sizer, half, sizes);
}

const blocksOf = (shape: ModelShape, tokens: number): number =>
  Math.max(1, Math.ceil(Math.min(tokens, contextOf(shape)) / blockSize));

/** A cache that has had these sizes in blocks, one after another. */
function cacheBytes(shape: ModelShape, sizer: Sizer, half: boolean, sizes: readonly number[]): CacheBytes {
  const { layers, kvHeads, headDim } = shape;
  const of = (blocks: number): number =>
    sizer.tensor((blocks * blockSize * kvHeads * headDim) / (half ? 2 : 1));
  const earlier = sizes.slice(0, -1);
  const released = earlier.reduce((sum, blocks) => sum + 2 * layers * of(blocks), 0);
  // While it grows, one layer's old part stands beside its new one.
  const growing = earlier.length > 0 ? of(earlier.at(-1) ?? 0) : 0;
  return { bytes: 2 * layers * of(sizes.at(-1) ?? 0), spare: Math.max(growing, sizer.spare(released)) };
}

/** What a training's memory follows from. */
export type LayerShape = Omit<ModelShape, 'maxPosition' | 'matrices' | 'vectors' | 'rotary'>;

/** Parameters of a LoRA adapter on all seven linears. */
export function adapterElements(shape: LayerShape, rank: number): number {
  const { hidden, heads, headDim, ffn, layers } = shape;
  const queries = heads * headDim;
  const { fused } = blockOf(shape);
  const group = (linears: number, inputs: number, outputs: number): number =>
    align(linears * rank * inputs) + align(outputs * rank);
  return (
    layers *
    (group(fused ? 1 : 3, hidden, fusedOf(shape)) +
      group(1, queries, hidden) +
      group(fused ? 1 : 2, hidden, 2 * ffn) +
      group(1, ffn, hidden))
  );
}

/** Columns of x A^T of each group. */
const loraColumns = ({ fused }: BlockShape, rank: number): number[] =>
  fused ? [rank, rank, rank, rank] : [3 * rank, rank, 2 * rank, rank];

/** Columns of what norms before attention and MLP give, and of what those after them read. */
const normColumns = ({ norms }: BlockShape, hidden: number): readonly [number[], number[]] => [
  norms === 'after' ? [] : [hidden, hidden],
  norms === 'before' ? [] : [hidden, hidden],
];

/** A row is a token less one per document. */
export interface TrainingUse extends PassSize {
  readonly rank: number;
}

/** What training holds beside weights and adapter: gradient, moments, and everything that backward reads. */
export function trainingMemory(
  shape: LayerShape,
  sizer: Sizer,
  { rank, rows, targets }: TrainingUse,
  recompute: Recomputation = 'off',
): { readonly adapter: number; readonly optimiser: number; readonly activations: number } {
  const { hidden, heads, headDim, ffn, layers, vocab, qkNorm } = shape;
  const { tensor } = sizer;
  const fused = fusedOf(shape);
  const queries = heads * headDim;
  const size = adapterElements(shape, rank);
  const of = (columns: readonly number[]): number =>
    columns.reduce((sum, cols) => sum + tensor(rows * cols), 0);
  const form = blockOf(shape);
  const lora = loraColumns(form, rank);
  const [normed, after] = normColumns(form, hidden);
  // One of each for all layers where it is computed again; with QK norm q, k and v are kept before it.
  const cheap = of([...normed, ffn, ...(qkNorm ? [fused] : [])]);
  const products = of([fused, queries, heads, hidden, 2 * ffn, ...after, ...lora]);
  const times = {
    products: recompute === 'full' ? 1 : layers,
    cheap: recompute === 'off' ? layers : 1,
  };
  const gradients = of([hidden, ...normed.slice(0, 1), fused, queries, heads, 2 * ffn, ffn, ...lora]);
  const normSaves = qkNorm ? of([fused]) : 0;
  const fitting = Math.max(64, Math.floor(logitsBytes / (4 * vocab * 64)) * 64);
  const activations =
    (layers + 1) * tensor(rows * hidden) +
    times.products * products +
    times.cheap * cheap +
    gradients +
    normSaves +
    (addsAsIs(form) ? 0 : tensor(rows * hidden)) +
    (form.logitCap !== null ? tensor(Math.min(fitting, targets) * vocab) : 0) +
    2 * tensor(targets * hidden) +
    2 * tensor(align(targets) * hidden) +
    tensor(Math.min(fitting, targets) * vocab) +
    tensor(2 * align(rows) + align(2 * rows) + 2 * align(targets)) +
    tensor(align(targets)) +
    tensor(64 + align(targets));
  return { adapter: tensor(size), optimiser: 3 * tensor(size), activations };
}

/** The recomputation that keeps most of those, from `first` on, with which `fits` says that a training fits; else the last. */
export function fittingRecomputation(
  first: Recomputation,
  fits: (recompute: Recomputation) => boolean,
): Recomputation {
  return sparing(first).find(fits) ?? 'full';
}

/** What scoring holds: a forward pass of so many rows that keeps nothing for backward. */
export function scoringMemory(shape: ModelShape, sizer: Sizer, { rank, rows, targets }: TrainingUse): number {
  const { hidden, heads, headDim, ffn, vocab, qkNorm } = shape;
  const { tensor } = sizer;
  const fused = fusedOf(shape);
  const queries = heads * headDim;
  const form = blockOf(shape);
  const [normed, after] = normColumns(form, hidden);
  const branch = addsAsIs(form) ? [] : [hidden];
  const columns = [
    hidden,
    hidden,
    hidden,
    fused,
    queries,
    heads,
    ...normed,
    ...after,
    ...branch,
    2 * ffn,
    ffn,
  ];
  const lora = loraColumns(form, rank);
  const fitting = Math.max(64, Math.floor(logitsBytes / (4 * vocab * 64)) * 64);
  return (
    [...columns, ...lora, ...(qkNorm ? [fused] : [])].reduce((sum, cols) => sum + tensor(rows * cols), 0) +
    tensor(targets * hidden) +
    tensor(align(targets) * hidden) +
    (form.logitCap === null ? 1 : 2) * tensor(Math.min(fitting, targets) * vocab) +
    tensor(2 * align(rows) + align(2 * rows) + 2 * align(targets)) +
    tensor(align(targets))
  );
}

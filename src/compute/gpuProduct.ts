/** Products with a weight on the GPU: which form of the kernel computes them, and its dispatches. */
import { fail } from '../core/assert';
import type { WeightStorage } from '../gpu/kernels';
import {
  isShared,
  lanesSpec,
  mostLaneRows,
  productKey,
  productTile,
  sharedTileSpec,
  tileSpec,
  type SharedTile,
  type Tile,
  type Variants,
} from '../gpu/variants';
import { piecesOf, rangeOf, weightBuffers, type GpuContext, type MatrixPart } from './gpuMemory';
import { mostFlops, rowBlocks } from './gpuRowBlocks';
import type { LoraGroup, Mode, Tensor } from './ops';

type Flag = string | false;

const noSegments: readonly (readonly number[])[] = [];

/** [first output, outputs, first row of b, first tile of eight outputs] of each segment. */
export function segmentRows(group: LoraGroup): number[][] {
  if (group.segments.length > 4) fail(`A LoRA group has ${group.segments.length} segments; 4 are possible.`);
  let tile = 0;
  return group.segments.map(({ start, count, bRow }) => {
    const row = [start, count, bRow, tile];
    tile += Math.ceil(count / 8);
    return row;
  });
}

export interface Product {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly rows: number;
  readonly inputs: number;
  /** Columns of y. */
  readonly outputs: number;
  readonly storage: WeightStorage;
  readonly parts: readonly MatrixPart[];
  readonly mode: Mode;
  readonly bias?: Tensor | undefined;
  readonly residual?: Tensor | undefined;
  readonly lora?: (LoraGroup & { readonly u: Tensor }) | undefined;
  /** Of x; these two in lanes only. */
  readonly norm?: { readonly weight: Tensor; readonly eps: number } | undefined;
  readonly gated?: boolean;
}

/** Whether lanes can share this product, and are to. */
export const inLanes = ({ decode }: Variants, { rows, inputs }: Pick<Product, 'rows' | 'inputs'>): boolean =>
  decode === 'lanes' && rows <= mostLaneRows && inputs % 32 === 0;

interface Form {
  readonly flags: readonly Flag[];
  readonly rows: number;
  /** Rows that a dispatch can have. */
  readonly least: number;
  readonly constants: Readonly<Record<string, number>>;
  /** Of `rows` rows and so many columns. */
  threads(columns: number): number;
}

/** The tile of a product of training at its own shape, tuned or usual. */
export function trainedTile(
  variants: Variants,
  family: 'linear' | 'linearBackward',
  { storage, rows, inputs, outputs }: Pick<Product, 'storage' | 'rows' | 'inputs' | 'outputs'>,
): Tile | SharedTile {
  const { shapes } = variants;
  const form = shapes[productKey(family, storage, [rows, inputs, outputs])] ?? variants[family];
  return productTile(form, rows, family === 'linear' ? outputs : inputs);
}

/** Weights of 16 bits stay so in workgroup memory. */
const half = (storage: WeightStorage): Flag => (storage === 'f16' || storage === 'bf16') && 'HALF';

/** A product by tiles; `sums` as of sharedTileSpec. */
export function tiled(
  tile: Tile | SharedTile,
  { storage, sums, workgroup }: { storage: WeightStorage; sums: number; workgroup: Variants['workgroup'] },
): Form {
  if (isShared(tile)) {
    const { rows, cols, threads, constants } = sharedTileSpec(tile, sums);
    const flags = ['SHARED', half(storage)];
    return { rows, least: rows, flags, constants, threads: (columns) => threads * Math.ceil(columns / cols) };
  }
  const { rows, cols, constants } = tileSpec(tile, workgroup);
  return { rows, least: rows, flags: [], constants, threads: (columns) => Math.ceil(columns / cols) };
}

/** The form of kernel that computes a product. */
function formOf(variants: Variants, op: Product): Form {
  const { mode, rows, storage, outputs } = op;
  const { workgroup } = variants;
  if (mode === 'train') return tiled(trainedTile(variants, 'linear', op), { storage, sums: 1, workgroup });
  const { linearGenerate } = variants;
  const few = linearGenerate === 'shared' && rows <= mostLaneRows;
  const tile = few ? '4x4' : productTile(linearGenerate, rows, outputs);
  // No row is summed by lanes: K's own order is the fastest for tiles on a software adapter.
  if (variants.decode === 'tile') return tiled(tile, { storage, sums: 1, workgroup });
  const quants = storage === 'q8' || storage === 'q4';
  const order: Flag[] = [quants && 'QUANTS', storage === 'q4' && 'MINIMA'];
  if (storage === 'ragged' || !inLanes(variants, op)) {
    const form = tiled(tile, { storage, sums: quants ? 3 : 2, workgroup });
    return { ...form, flags: [...form.flags, 'CHAINS', ...order] };
  }
  const lanes = lanesSpec(rows, storage);
  return { ...lanes, least: 1, flags: ['LANES', ...order], threads: (count) => 64 * Math.ceil(count / 8) };
}

/** x W^T for every part of a matrix, or for a tensor as its only part. */
export function product(context: GpuContext, op: Product): void {
  const { x, y, rows, inputs, outputs, bias, residual, lora, norm, gated = false } = op;
  const inPlace = residual === y;
  const form = formOf(context.variants, op);
  const flags: Flag[] = [
    ...form.flags,
    inputs % 4 === 0 && 'VEC4',
    outputs % 4 === 0 && 'OUT4',
    bias !== undefined && 'BIAS',
    residual !== undefined && (inPlace ? 'RESIDUAL_IS_Y' : 'RESIDUAL'),
    norm !== undefined && 'NORM',
    gated && 'GATED',
    lora !== undefined && 'LORA',
    lora !== undefined && lora.rank % 4 === 0 && 'RANK4',
  ];
  const groupWidth = lora === undefined ? 0 : lora.segments.length * lora.rank;
  const blocks = { tile: form.least, widths: [inputs, outputs, groupWidth] };
  // Where even one tile of rows is too much for a dispatch its columns are cut too. A gate needs the whole part.
  const columns = mostFlops(context) / (2 * Math.min(rows, form.rows) * inputs);
  const { storage } = op;
  const parts =
    gated || storage === 'ragged'
      ? op.parts
      : op.parts.flatMap((part) => piecesOf(part, [storage, inputs], columns));
  for (const part of parts) {
    const flops = 2 * rows * part.count * (inputs + (lora?.rank ?? 0));
    for (const block of rowBlocks(context, rows, flops, blocks)) {
      context.recorder.dispatch({
        kernel: { name: 'linear', weights: op.storage, flags, constants: form.constants },
        buffers: {
          ...weightBuffers(part),
          x: block.of(rangeOf(x), inputs),
          y: block.of(rangeOf(y), outputs),
          ...(bias === undefined ? {} : { bias: rangeOf(bias) }),
          ...(residual === undefined || inPlace ? {} : { residual: block.of(rangeOf(residual), outputs) }),
          ...(norm === undefined ? {} : { normWeight: rangeOf(norm.weight) }),
          ...(lora === undefined ? {} : { u: block.of(rangeOf(lora.u), groupWidth), b: rangeOf(lora.b) }),
        },
        sizes: {
          rows: block.rows,
          inputs,
          columns4: Math.ceil(inputs / 4),
          outputs,
          start: part.start,
          count: part.count,
          segmentCount: lora?.segments.length ?? 0,
          rank: lora?.rank ?? 0,
          scale: lora?.scale ?? 0,
          eps: norm?.eps ?? 0,
          segments: lora === undefined ? noSegments : segmentRows(lora),
        },
        threads: Math.ceil(block.rows / form.rows) * form.threads(part.count),
        flops: (flops * block.rows) / rows,
      });
    }
  }
}

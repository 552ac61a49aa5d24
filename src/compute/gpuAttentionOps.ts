/** Rotary embedding, attention and its gradient on the GPU. */
import type { KernelName } from '../gpu/kernels';
import type { Dispatch } from '../gpu/recorder';
import { attentionTile, splitKeys } from '../gpu/variants';
import { rangeOf, type GpuContext } from './gpuMemory';
import { costBlocks } from './gpuRowBlocks';
import type { AttentionShape, Backend, Tensor } from './ops';
import { checks, rotatedOf } from './shapes';

export type AttentionOps = Pick<
  Backend,
  'rope' | 'attention' | 'attentionBackward' | 'ropeAndCache' | 'attentionPaged'
>;

/** More than any sequence has. */
const longest = 2 ** 30;

/** Flags, unrolled registers and sizes that the attention kernels share. */
function headSpec({ heads, kvHeads, headDim, scale, softCap, window }: AttentionShape): {
  flags: readonly (string | false)[];
  constants: Readonly<Record<string, number>>;
  sizes: Record<string, number>;
} {
  return {
    flags: [headDim % 4 === 0 && 'VEC4', softCap !== undefined && 'CAPPED', window !== undefined && 'WINDOW'],
    constants: { HEAD4: Math.ceil(headDim / 4) },
    sizes: {
      heads,
      kvHeads,
      headDim,
      scale: scale ?? 1 / Math.sqrt(headDim),
      cap: softCap ?? 0,
      window: Math.min(window ?? 0, longest),
    },
  };
}

/** Query (or key) rows of a thread: what it loads serves all of them; long heads leave registers for one only. */
function queriesOf(headDim: number): number {
  return headDim <= 16 ? 4 : headDim <= 32 ? 2 : 1;
}

/** Whether a cache is kept as f16 pairs. */
const isHalf = ({ dtype }: Tensor): boolean => dtype === 'u32';

/** Invocations of a workgroup of the tiled forms. */
const workgroup = 64;
/** Workgroups from which on a GPU is busy, and the rows of a model with few heads go together. */
const busy = 512;

/** A form of an attention kernel: `perTile` invocations for every `tile` rows. */
interface Form {
  readonly flags: readonly (string | false)[];
  readonly constants: Readonly<Record<string, number>>;
  readonly tile: number;
  readonly perTile: number;
}

/** Keys that a row attends to: its document, or its window, up to itself. */
const keysOf =
  ({ spans, window = longest }: { readonly spans?: Uint32Array; readonly window?: number }) =>
  (row: number): number =>
    Math.min(window, row + 1 - (spans?.[2 * row] ?? 0));

/** Bytes of what parts of split rows know; more rows go one block after another. */
const partialBytes = 2 ** 23;

export function attentionOps(context: GpuContext, memory: Pick<Backend, 'tensor' | 'release'>): AttentionOps {
  const { recorder } = context;
  let kept: Tensor | null = null;

  /** Scratch that stays: what is recorded next uses it after what was recorded before. */
  function partials(size: number): Tensor {
    if (kept !== null && (kept.size < size || rangeOf(kept).allocation.state === 'refused')) {
      memory.release(kept);
      kept = null;
    }
    kept ??= memory.tensor([Math.max(size, partialBytes / 4)], {
      owner: 'engine',
      label: 'parts of attention',
    });
    return kept;
  }

  /** Over packed rows, for each of `heads`; `sums` as in attentionTile. */
  function packedForm(op: AttentionShape, heads: number, sums: 1 | 2): Form {
    const { flags, constants } = headSpec(op);
    const tile = attentionTile(op.headDim, { sums });
    const QUERIES = queriesOf(op.headDim);
    return context.variants.attention !== 'thread'
      ? {
          flags: [...flags, 'TILED'],
          constants: tile.constants,
          tile: tile.rows,
          perTile: heads * workgroup,
        }
      : { flags, constants: { ...constants, QUERIES }, tile: QUERIES, perTile: heads };
  }

  /**
   * Over a paged cache. The tile depends on the model alone, and how many rows share a workgroup changes no bit: a row's
   * are the same in every batch.
   */
  function pagedForm(op: AttentionShape & { readonly rows: number; readonly kCache: Tensor }): Form {
    const { flags: usual, constants } = headSpec(op);
    const flags = [...usual, isHalf(op.kCache) && 'HALF'];
    if (context.variants.attention === 'thread') return { flags, constants, tile: 1, perTile: op.heads };
    const group = op.heads / op.kvHeads;
    const tile = attentionTile(op.headDim, { most: group });
    const workgroups = op.kvHeads * Math.ceil(group / tile.rows);
    const fitting = Math.max(1, Math.floor(tile.rows / group));
    const TOGETHER = op.rows * workgroups >= busy * fitting ? fitting : 1;
    return {
      flags: [...flags, 'TILED'],
      constants: { ...tile.constants, TOGETHER },
      tile: TOGETHER,
      perTile: workgroups * workgroup,
    };
  }

  /** A dispatch for each block of rows that fits a paced submit. Each number of a row's heads costs `scale` * `cost(row)` operations. */
  function paced(
    name: KernelName,
    op: AttentionShape & { readonly rows: number },
    {
      form: { flags, constants, tile, perTile },
      buffers,
      scale,
      cost,
      sizes = {},
    }: {
      readonly form: Form;
      readonly buffers: Dispatch['buffers'];
      readonly scale: number;
      readonly cost: (row: number) => number;
      readonly sizes?: Readonly<Record<string, number>>;
    },
  ): void {
    const { rows, heads, headDim } = op;
    for (const { first, end, flops } of costBlocks(context, rows, tile, scale * heads * headDim, cost)) {
      recorder.dispatch({
        kernel: { name, flags, constants },
        buffers,
        sizes: { ...headSpec(op).sizes, ...sizes, rows, firstRow: first, endRow: end },
        threads: Math.ceil((end - first) / tile) * perTile,
        flops,
      });
    }
  }

  /** attentionPaged whose rows with many keys are split over workgroups, in blocks of rows whose parts fit the scratch. */
  function splitPaged(
    op: AttentionShape & { readonly rows: number },
    work: {
      readonly form: Form;
      readonly buffers: Dispatch['buffers'];
      readonly cost: (row: number) => number;
      readonly sizes: Readonly<Record<string, number>>;
      /** Of the row with most of them. */
      readonly parts: number;
    },
  ): void {
    const { rows, heads, headDim } = op;
    const { form, parts } = work;
    const { flags, constants, sizes } = headSpec(op);
    const HEAD4 = constants['HEAD4']!;
    const each = parts * heads * (HEAD4 + 1) * 4;
    const most = Math.max(1, Math.floor(partialBytes / 4 / each / form.tile)) * form.tile;
    const scratch = rangeOf(partials(each * Math.min(most, rows)));
    const split = { CHUNK: splitKeys.part, WHOLE: splitKeys.whole };
    const blocks = costBlocks(context, rows, form.tile, 4 * heads * headDim, work.cost);
    for (const block of blocks) {
      for (let first = block.first; first < block.end; first += most) {
        const end = Math.min(block.end, first + most);
        const shared = { ...sizes, ...work.sizes, parts, rows, firstRow: first, endRow: end };
        const threads = Math.ceil((end - first) / form.tile) * parts * form.perTile;
        recorder.dispatch({
          kernel: {
            name: 'attentionPaged',
            flags: [...form.flags, 'SPLIT'],
            constants: { ...form.constants, ...split },
          },
          buffers: { ...work.buffers, partials: scratch },
          sizes: shared,
          threads,
          flops: (block.flops * (end - first)) / (block.end - block.first),
        });
        recorder.dispatch({
          kernel: {
            name: 'attentionMerge',
            flags: [...flags, 'SPLIT'],
            constants: { ...constants, ...split },
          },
          buffers: {
            positions: work.buffers['positions']!,
            partials: scratch,
            out: work.buffers['out']!,
          },
          sizes: shared,
          threads: (end - first) * heads * HEAD4,
          flops: 4 * (end - first) * each,
        });
      }
    }
  }

  return {
    rope(op) {
      checks.rope(op);
      const rotated = rotatedOf(op.tables, op.headDim);
      const partial = rotated < op.headDim;
      const threads = (op.rows * (op.heads + op.kvHeads) * rotated) / 2;
      recorder.dispatch({
        kernel: { name: 'rope', flags: [partial && 'PARTIAL'] },
        buffers: {
          qkv: rangeOf(op.qkv),
          positions: rangeOf(op.positions),
          cosTable: rangeOf(op.tables.cos),
          sinTable: rangeOf(op.tables.sin),
        },
        sizes: {
          rows: op.rows,
          heads: op.heads,
          kvHeads: op.kvHeads,
          halfDim: rotated / 2,
          direction: op.inverse === true ? -1 : 1,
          ...(partial ? { headDim: op.headDim } : {}),
        },
        threads,
        flops: 8 * threads,
      });
    },

    ropeAndCache(op) {
      checks.ropeAndCache(op);
      const half = isHalf(op.kCache);
      const rotated = rotatedOf(op.tables, op.headDim);
      const partial = rotated < op.headDim;
      const threads = (op.rows * (op.heads + 2 * op.kvHeads) * op.headDim) / (half ? 4 : 2);
      recorder.dispatch({
        kernel: { name: 'ropeAndCache', flags: [half && 'HALF', partial && 'PARTIAL'] },
        buffers: {
          qkv: rangeOf(op.qkv),
          positions: rangeOf(op.positions),
          slots: rangeOf(op.slots),
          cosTable: rangeOf(op.tables.cos),
          sinTable: rangeOf(op.tables.sin),
          kCache: rangeOf(op.kCache),
          vCache: rangeOf(op.vCache),
        },
        sizes: {
          rows: op.rows,
          heads: op.heads,
          kvHeads: op.kvHeads,
          halfDim: op.headDim / 2,
          ...(partial ? { halfRotated: rotated / 2 } : {}),
        },
        threads,
        flops: (half ? 16 : 8) * threads,
      });
    },

    attention(op) {
      checks.attention(op);
      const buffers = {
        qkv: rangeOf(op.qkv),
        documents: rangeOf(op.documents),
        out: rangeOf(op.out),
        lse: rangeOf(op.lse),
      };
      paced('attention', op, { form: packedForm(op, op.heads, 1), buffers, scale: 4, cost: keysOf(op) });
    },

    attentionBackward(op) {
      checks.attentionBackward(op);
      const shared = {
        qkv: rangeOf(op.qkv),
        dout: rangeOf(op.dout),
        documents: rangeOf(op.documents),
        lse: rangeOf(op.lse),
        delta: rangeOf(op.delta),
        dqkv: rangeOf(op.dqkv),
      };
      paced('attentionBackwardQuery', op, {
        form: packedForm(op, op.heads, 1),
        buffers: { ...shared, out: rangeOf(op.out) },
        scale: 6,
        cost: keysOf(op),
      });
      // A key is seen by the rows from itself to the end of its document or of the last window that it is in.
      const { rows, spans, window = longest } = op;
      const queries = (row: number): number => Math.min(window, (spans?.[2 * row + 1] ?? rows) - row);
      paced('attentionBackwardKey', op, {
        form: packedForm(op, op.kvHeads, 2),
        buffers: shared,
        scale: 8,
        cost: queries,
      });
    },

    attentionPaged(op) {
      checks.attentionPaged(op);
      const { maxBlocks, blockSize, places, rows, window = longest } = op;
      const cost = (row: number): number =>
        Math.min(window, places ? (places[row] ?? 0) + 1 : maxBlocks * blockSize);
      const work = {
        form: pagedForm(op),
        buffers: {
          qkv: rangeOf(op.qkv),
          kCache: rangeOf(op.kCache),
          vCache: rangeOf(op.vCache),
          sequences: rangeOf(op.sequences),
          positions: rangeOf(op.positions),
          blockTable: rangeOf(op.blockTable),
          out: rangeOf(op.out),
        },
        cost,
        sizes: { maxBlocks, blockSize },
      };
      let most = 0;
      for (let row = 0; row < rows; row++) most = Math.max(most, cost(row));
      if (context.variants.attention !== 'split' || most <= splitKeys.whole)
        paced('attentionPaged', op, { ...work, scale: 4 });
      // A window that begins inside a part ends inside one more.
      else splitPaged(op, { ...work, parts: Math.ceil(most / splitKeys.part) + (most === window ? 1 : 0) });
    },
  };
}

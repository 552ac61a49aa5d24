/** Rotary embedding, attention and its gradient on the GPU. */
import { rangeOf, type GpuContext } from './gpuMemory';
import { costBlocks } from './gpuRowBlocks';
import type { Backend, HeadShape } from './ops';
import { checks } from './shapes';

export type AttentionOps = Pick<
  Backend,
  'rope' | 'attention' | 'attentionBackward' | 'ropeAndCache' | 'attentionPaged'
>;

/** Flags, unrolled registers and sizes that the attention kernels share. */
function headSpec({ heads, kvHeads, headDim }: HeadShape): {
  flags: readonly (string | false)[];
  constants: Readonly<Record<string, number>>;
  sizes: Record<string, number>;
} {
  return {
    flags: [headDim % 4 === 0 && 'VEC4'],
    constants: { HEAD4: Math.ceil(headDim / 4) },
    sizes: { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim) },
  };
}

/** Query (or key) rows of a thread: what it loads serves all of them; long heads leave registers for one only. */
function queriesOf(headDim: number): number {
  return headDim <= 16 ? 4 : headDim <= 32 ? 2 : 1;
}

export function attentionOps(context: GpuContext): AttentionOps {
  const { recorder } = context;
  return {
    rope(op) {
      checks.rope(op);
      const threads = (op.rows * (op.heads + op.kvHeads) * op.headDim) / 2;
      recorder.dispatch({
        kernel: { name: 'rope' },
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
          halfDim: op.headDim / 2,
          direction: op.inverse === true ? -1 : 1,
        },
        threads,
        flops: 8 * threads,
      });
    },

    ropeAndCache(op) {
      checks.ropeAndCache(op);
      const threads = (op.rows * (op.heads + 2 * op.kvHeads) * op.headDim) / 2;
      recorder.dispatch({
        kernel: { name: 'ropeAndCache' },
        buffers: {
          qkv: rangeOf(op.qkv),
          positions: rangeOf(op.positions),
          slots: rangeOf(op.slots),
          cosTable: rangeOf(op.tables.cos),
          sinTable: rangeOf(op.tables.sin),
          kCache: rangeOf(op.kCache),
          vCache: rangeOf(op.vCache),
        },
        sizes: { rows: op.rows, heads: op.heads, kvHeads: op.kvHeads, halfDim: op.headDim / 2 },
        threads,
        flops: 8 * threads,
      });
    },

    attention(op) {
      checks.attention(op);
      const { flags, constants, sizes } = headSpec(op);
      const QUERIES = queriesOf(op.headDim);
      const { rows, heads, headDim, spans } = op;
      // A row attends to its document up to itself.
      const keys = (row: number): number => row + 1 - (spans?.[2 * row] ?? 0);
      for (const { first, end, flops } of costBlocks(context, rows, QUERIES, 4 * heads * headDim, keys)) {
        recorder.dispatch({
          kernel: { name: 'attention', flags, constants: { ...constants, QUERIES } },
          buffers: {
            qkv: rangeOf(op.qkv),
            documents: rangeOf(op.documents),
            out: rangeOf(op.out),
            lse: rangeOf(op.lse),
          },
          sizes: { ...sizes, rows, firstRow: first, endRow: end },
          threads: Math.ceil((end - first) / QUERIES) * heads,
          flops,
        });
      }
    },

    attentionBackward(op) {
      checks.attentionBackward(op);
      const { flags, constants, sizes } = headSpec(op);
      const QUERIES = queriesOf(op.headDim);
      const shared = {
        qkv: rangeOf(op.qkv),
        dout: rangeOf(op.dout),
        documents: rangeOf(op.documents),
        lse: rangeOf(op.lse),
        delta: rangeOf(op.delta),
        dqkv: rangeOf(op.dqkv),
      };
      const { rows, heads, headDim, spans } = op;
      const keys = (row: number): number => row + 1 - (spans?.[2 * row] ?? 0);
      for (const { first, end, flops } of costBlocks(context, rows, QUERIES, 6 * heads * headDim, keys)) {
        recorder.dispatch({
          kernel: { name: 'attentionBackwardQuery', flags, constants: { ...constants, QUERIES } },
          buffers: { ...shared, out: rangeOf(op.out) },
          sizes: { ...sizes, rows, firstRow: first, endRow: end },
          threads: Math.ceil((end - first) / QUERIES) * heads,
          flops,
        });
      }
      // A key is seen by the rows from itself to its document's end.
      const queries = (row: number): number => (spans?.[2 * row + 1] ?? rows) - row;
      for (const { first, end, flops } of costBlocks(context, rows, QUERIES, 8 * heads * headDim, queries)) {
        recorder.dispatch({
          kernel: { name: 'attentionBackwardKey', flags, constants: { ...constants, QUERIES } },
          buffers: shared,
          sizes: { ...sizes, rows, firstRow: first, endRow: end },
          threads: Math.ceil((end - first) / QUERIES) * op.kvHeads,
          flops,
        });
      }
    },

    attentionPaged(op) {
      checks.attentionPaged(op);
      const { flags, constants, sizes } = headSpec(op);
      const { rows, heads, headDim, maxBlocks, blockSize, places } = op;
      const keys = (row: number): number => (places ? (places[row] ?? 0) + 1 : maxBlocks * blockSize);
      for (const { first, end, flops } of costBlocks(context, rows, 1, 4 * heads * headDim, keys)) {
        recorder.dispatch({
          kernel: { name: 'attentionPaged', flags, constants },
          buffers: {
            qkv: rangeOf(op.qkv),
            kCache: rangeOf(op.kCache),
            vCache: rangeOf(op.vCache),
            sequences: rangeOf(op.sequences),
            positions: rangeOf(op.positions),
            blockTable: rangeOf(op.blockTable),
            out: rangeOf(op.out),
          },
          sizes: { ...sizes, rows, maxBlocks, blockSize, firstRow: first, endRow: end },
          threads: (end - first) * heads,
          flops,
        });
      }
    },
  };
}

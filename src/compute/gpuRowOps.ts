/** Elementwise and row-wise ops on the GPU: one dispatch each (scatterRows clears first). */
import { rangeOf, partsOf, weightBuffers, type GpuContext } from './gpuMemory';
import type { Backend } from './ops';
import { checks } from './shapes';

export type RowOps = Pick<
  Backend,
  | 'fill'
  | 'copy'
  | 'scale'
  | 'softCap'
  | 'softCapBackward'
  | 'embed'
  | 'gatherRows'
  | 'scatterRows'
  | 'rmsNorm'
  | 'rmsNormBackward'
  | 'qkNorm'
  | 'qkNormBackward'
  | 'swiglu'
  | 'swigluBackward'
>;

/** A length in units of a kernel's Value: vec4 where it divides by 4, which is what the flag selects. */
function unitsOf(length: number): { flag: 'VEC4' | false; values: number } {
  return length % 4 === 0 ? { flag: 'VEC4', values: length / 4 } : { flag: false, values: length };
}

export function rowOps(context: GpuContext): RowOps {
  const { recorder } = context;

  function fill(op: Parameters<Backend['fill']>[0], size = op.x.size): void {
    const { flag, values } = unitsOf(size);
    recorder.dispatch({
      kernel: { name: 'fill', flags: [flag] },
      buffers: { x: rangeOf(op.x) },
      sizes: { size: values, value: op.value },
      threads: values,
      flops: size,
    });
  }

  function moveRows(
    name: 'gatherRows' | 'scatterRows',
    { x, y, indices, rows, cols }: Parameters<Backend['gatherRows']>[0],
  ): void {
    recorder.dispatch({
      kernel: { name },
      buffers: { x: rangeOf(x), indices: rangeOf(indices), y: rangeOf(y) },
      sizes: { rows, cols },
      threads: rows * cols,
      flops: rows * cols,
    });
  }

  return {
    fill(op) {
      fill(op);
    },

    copy(op) {
      checks.copy(op);
      const size = op.size ?? op.x.size;
      const { flag, values } = unitsOf(size);
      recorder.dispatch({
        kernel: { name: 'copy', flags: [flag, op.accumulate === true && 'ACCUMULATE'] },
        buffers: { x: rangeOf(op.x), y: rangeOf(op.y) },
        sizes: { size: values },
        threads: values,
        flops: 2 * size,
      });
    },

    scale(op) {
      checks.scale(op);
      const size = op.size ?? op.x.size;
      const { flag, values } = unitsOf(size);
      recorder.dispatch({
        kernel: { name: 'scale', flags: [flag] },
        buffers: { x: rangeOf(op.x) },
        sizes: { size: values, factor: op.factor },
        threads: values,
        flops: size,
      });
    },

    softCap(op) {
      checks.softCap(op);
      const size = op.size ?? op.x.size;
      const { flag, values } = unitsOf(size);
      recorder.dispatch({
        kernel: { name: 'softCap', flags: [flag] },
        buffers: { x: rangeOf(op.x) },
        sizes: { size: values, cap: op.cap },
        threads: values,
        flops: 24 * size,
      });
    },

    softCapBackward(op) {
      checks.softCapBackward(op);
      const size = op.size ?? op.x.size;
      const { flag, values } = unitsOf(size);
      recorder.dispatch({
        kernel: { name: 'softCapBackward', flags: [flag] },
        buffers: { x: rangeOf(op.x), dy: rangeOf(op.dy) },
        sizes: { size: values, cap: op.cap },
        threads: values,
        flops: 26 * size,
      });
    },

    embed(op) {
      checks.embed(op);
      const columns4 = Math.ceil(op.table.cols / 4);
      for (const part of partsOf(op.table)) {
        recorder.dispatch({
          kernel: { name: 'embed', weights: op.table.format },
          buffers: { ...weightBuffers(part), ids: rangeOf(op.ids), y: rangeOf(op.y) },
          sizes: { rows: op.rows, inputs: op.table.cols, columns4, start: part.start, count: part.count },
          threads: op.rows * columns4,
          flops: op.rows * op.table.cols,
        });
      }
    },

    gatherRows(op) {
      checks.gatherRows(op);
      moveRows('gatherRows', op);
    },

    scatterRows(op) {
      checks.scatterRows(op);
      fill({ x: op.y, value: 0 }, op.yRows * op.cols);
      moveRows('scatterRows', op);
    },

    rmsNorm(op) {
      checks.rmsNorm(op);
      const { rows, cols, eps } = op;
      const { flag, values } = unitsOf(cols);
      const buffers = { x: rangeOf(op.x), weight: rangeOf(op.weight), y: rangeOf(op.y) };
      const flops = 4 * rows * cols;
      if (context.variants.norm === 'row') {
        recorder.dispatch({
          kernel: { name: 'rmsNorm', flags: ['ROW', flag], constants: { ROWS: 1 } },
          sizes: { rows, inputs: cols, columns4: Math.ceil(cols / 4), eps },
          threads: 64 * rows,
          ...{ buffers, flops },
        });
        return;
      }
      recorder.dispatch({
        kernel: { name: 'rmsNorm', flags: [flag] },
        sizes: { rows, values, cols, eps },
        threads: rows,
        ...{ buffers, flops },
      });
    },

    rmsNormBackward(op) {
      checks.rmsNormBackward(op);
      const { flag, values } = unitsOf(op.cols);
      recorder.dispatch({
        kernel: { name: 'rmsNormBackward', flags: [flag, op.accumulate && 'ACCUMULATE'] },
        buffers: { x: rangeOf(op.x), weight: rangeOf(op.weight), dy: rangeOf(op.dy), dx: rangeOf(op.dx) },
        sizes: { rows: op.rows, values, cols: op.cols, eps: op.eps },
        threads: op.rows,
        flops: 10 * op.rows * op.cols,
      });
    },

    qkNorm(op) {
      checks.qkNorm(op);
      const slots = op.rows * (op.heads + 2 * op.kvHeads);
      recorder.dispatch({
        kernel: { name: 'qkNorm', flags: [op.whole === true && 'WHOLE'] },
        buffers: {
          x: rangeOf(op.x),
          qWeight: rangeOf(op.qWeight),
          kWeight: rangeOf(op.kWeight),
          y: rangeOf(op.y),
        },
        sizes: { rows: op.rows, heads: op.heads, kvHeads: op.kvHeads, headDim: op.headDim, eps: op.eps },
        threads: op.whole === true ? 3 * op.rows : slots,
        flops: 4 * slots * op.headDim,
      });
    },

    qkNormBackward(op) {
      checks.qkNormBackward(op);
      const slots = op.rows * (op.heads + 2 * op.kvHeads);
      recorder.dispatch({
        kernel: { name: 'qkNormBackward', flags: [op.whole === true && 'WHOLE'] },
        buffers: {
          x: rangeOf(op.x),
          qWeight: rangeOf(op.qWeight),
          kWeight: rangeOf(op.kWeight),
          dy: rangeOf(op.dy),
          dx: rangeOf(op.dx),
        },
        sizes: { rows: op.rows, heads: op.heads, kvHeads: op.kvHeads, headDim: op.headDim, eps: op.eps },
        threads: op.whole === true ? 3 * op.rows : slots,
        flops: 10 * slots * op.headDim,
      });
    },

    swiglu(op) {
      checks.swiglu(op);
      const { flag, values: ffn } = unitsOf(op.ffn);
      recorder.dispatch({
        kernel: { name: 'swiglu', flags: [flag, op.activation === 'gelu' && 'GELU'] },
        buffers: { gateUp: rangeOf(op.gateUp), y: rangeOf(op.y) },
        sizes: { rows: op.rows, ffn },
        threads: op.rows * ffn,
        flops: 12 * op.rows * op.ffn,
      });
    },

    swigluBackward(op) {
      checks.swigluBackward(op);
      const { flag, values: ffn } = unitsOf(op.ffn);
      recorder.dispatch({
        kernel: { name: 'swigluBackward', flags: [flag, op.activation === 'gelu' && 'GELU'] },
        buffers: { gateUp: rangeOf(op.gateUp), dy: rangeOf(op.dy), dGateUp: rangeOf(op.dGateUp) },
        sizes: { rows: op.rows, ffn },
        threads: op.rows * ffn,
        flops: 20 * op.rows * op.ffn,
      });
    },
  };
}

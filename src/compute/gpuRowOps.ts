/** Elementwise and row-wise ops on the GPU: one dispatch each (scatterRows clears first). */
import { rangeOf, partsOf, weightBuffers, type GpuContext } from './gpuMemory';
import type { Backend } from './ops';
import { checks } from './shapes';

export type RowOps = Pick<
  Backend,
  | 'fill'
  | 'copy'
  | 'embed'
  | 'gatherRows'
  | 'scatterRows'
  | 'rmsNorm'
  | 'rmsNormBackward'
  | 'headNorm'
  | 'headNormBackward'
  | 'swiglu'
  | 'swigluBackward'
>;

/** The flag of the vec4 form when every length divides by 4. */
function vec4(...lengths: readonly number[]): 'VEC4' | false {
  return lengths.every((length) => length % 4 === 0) ? 'VEC4' : false;
}

export function rowOps({ recorder }: GpuContext): RowOps {
  function fill(op: Parameters<Backend['fill']>[0], size = op.x.size): void {
    const flag = vec4(size);
    const values = flag === false ? size : size / 4;
    recorder.dispatch({
      kernel: { name: 'fill', flags: [flag] },
      buffers: { x: rangeOf(op.x) },
      sizes: { size: values, value: op.value },
      threads: values,
      flops: size,
    });
  }

  return {
    fill(op) {
      fill(op);
    },

    copy(op) {
      checks.copy(op);
      const size = op.size ?? op.x.size;
      const flag = vec4(size);
      const values = flag === false ? size : size / 4;
      recorder.dispatch({
        kernel: { name: 'copy', flags: [flag, op.accumulate === true && 'ACCUMULATE'] },
        buffers: { x: rangeOf(op.x), y: rangeOf(op.y) },
        sizes: { size: values },
        threads: values,
        flops: 2 * size,
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
      recorder.dispatch({
        kernel: { name: 'gatherRows' },
        buffers: { x: rangeOf(op.x), indices: rangeOf(op.indices), y: rangeOf(op.y) },
        sizes: { rows: op.rows, cols: op.cols },
        threads: op.rows * op.cols,
        flops: op.rows * op.cols,
      });
    },

    scatterRows(op) {
      checks.scatterRows(op);
      fill({ x: op.y, value: 0 }, op.yRows * op.cols);
      recorder.dispatch({
        kernel: { name: 'scatterRows' },
        buffers: { x: rangeOf(op.x), indices: rangeOf(op.indices), y: rangeOf(op.y) },
        sizes: { rows: op.rows, cols: op.cols },
        threads: op.rows * op.cols,
        flops: op.rows * op.cols,
      });
    },

    rmsNorm(op) {
      checks.rmsNorm(op);
      const flag = vec4(op.cols);
      recorder.dispatch({
        kernel: { name: 'rmsNorm', flags: [flag] },
        buffers: { x: rangeOf(op.x), weight: rangeOf(op.weight), y: rangeOf(op.y) },
        sizes: {
          rows: op.rows,
          values: flag === false ? op.cols : op.cols / 4,
          cols: op.cols,
          eps: op.eps,
        },
        threads: op.rows,
        flops: 4 * op.rows * op.cols,
      });
    },

    rmsNormBackward(op) {
      checks.rmsNormBackward(op);
      const flag = vec4(op.cols);
      recorder.dispatch({
        kernel: { name: 'rmsNormBackward', flags: [flag, op.accumulate && 'ACCUMULATE'] },
        buffers: { x: rangeOf(op.x), weight: rangeOf(op.weight), dy: rangeOf(op.dy), dx: rangeOf(op.dx) },
        sizes: {
          rows: op.rows,
          values: flag === false ? op.cols : op.cols / 4,
          cols: op.cols,
          eps: op.eps,
        },
        threads: op.rows,
        flops: 10 * op.rows * op.cols,
      });
    },

    headNorm(op) {
      checks.headNorm(op);
      const slots = op.rows * (op.heads + 2 * op.kvHeads);
      recorder.dispatch({
        kernel: { name: 'headNorm' },
        buffers: {
          x: rangeOf(op.x),
          qWeight: rangeOf(op.qWeight),
          kWeight: rangeOf(op.kWeight),
          y: rangeOf(op.y),
        },
        sizes: { rows: op.rows, heads: op.heads, kvHeads: op.kvHeads, headDim: op.headDim, eps: op.eps },
        threads: slots,
        flops: 4 * slots * op.headDim,
      });
    },

    headNormBackward(op) {
      checks.headNormBackward(op);
      const slots = op.rows * (op.heads + 2 * op.kvHeads);
      recorder.dispatch({
        kernel: { name: 'headNormBackward' },
        buffers: {
          x: rangeOf(op.x),
          qWeight: rangeOf(op.qWeight),
          kWeight: rangeOf(op.kWeight),
          dy: rangeOf(op.dy),
          dx: rangeOf(op.dx),
        },
        sizes: { rows: op.rows, heads: op.heads, kvHeads: op.kvHeads, headDim: op.headDim, eps: op.eps },
        threads: slots,
        flops: 10 * slots * op.headDim,
      });
    },

    swiglu(op) {
      checks.swiglu(op);
      const flag = vec4(op.ffn);
      const ffn = flag === false ? op.ffn : op.ffn / 4;
      recorder.dispatch({
        kernel: { name: 'swiglu', flags: [flag] },
        buffers: { gu: rangeOf(op.gu), y: rangeOf(op.y) },
        sizes: { rows: op.rows, ffn },
        threads: op.rows * ffn,
        flops: 12 * op.rows * op.ffn,
      });
    },

    swigluBackward(op) {
      checks.swigluBackward(op);
      const flag = vec4(op.ffn);
      const ffn = flag === false ? op.ffn : op.ffn / 4;
      recorder.dispatch({
        kernel: { name: 'swigluBackward', flags: [flag] },
        buffers: { gu: rangeOf(op.gu), dy: rangeOf(op.dy), dgu: rangeOf(op.dgu) },
        sizes: { rows: op.rows, ffn },
        threads: op.rows * ffn,
        flops: 20 * op.rows * op.ffn,
      });
    },
  };
}

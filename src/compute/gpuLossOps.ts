/** Cross-entropy, gradient norm and AdamW on the GPU. */
import { rangeOf, type GpuContext } from './gpuMemory';
import type { Backend, Tensor } from './ops';
import { checks } from './shapes';

export type LossOps = Pick<Backend, 'crossEntropy' | 'sumSquares' | 'adamw'>;

/** Threads, and so partial sums, of sumSquares; fixed, because the order of adding is part of the result. */
const partials = 1024;

/** `scratch` holds `partials` numbers. */
export function lossOps(context: GpuContext, scratch: Tensor): LossOps {
  const { recorder } = context;
  return {
    crossEntropy(op) {
      checks.crossEntropy(op);
      const vectors = op.vocab % 4 === 0;
      const byRow = context.variants.crossEntropy === 'row';
      recorder.dispatch({
        kernel: {
          name: 'crossEntropy',
          flags: [vectors && 'VEC4', op.rowWeights !== undefined && 'GRADIENT', byRow && 'ROW'],
        },
        buffers: {
          logits: rangeOf(op.logits),
          targets: rangeOf(op.targets),
          nll: rangeOf(op.nll),
          ...(op.rowWeights === undefined ? {} : { rowWeights: rangeOf(op.rowWeights) }),
        },
        sizes: {
          rows: op.rows,
          values: vectors ? op.vocab / 4 : op.vocab,
          inverseTemperature: 1 / (op.temperature ?? 1),
        },
        threads: op.rows * (byRow ? 256 : 1),
        flops: 30 * op.rows * op.vocab,
      });
    },

    sumSquares(op) {
      checks.sumSquares(op);
      const size = op.x.size;
      recorder.dispatch({
        kernel: { name: 'sumSquares' },
        buffers: { x: rangeOf(op.x), y: rangeOf(scratch) },
        sizes: { size, threads: partials },
        threads: partials,
        flops: 2 * size,
      });
      recorder.dispatch({
        kernel: { name: 'sumSquares', flags: ['SUM'] },
        buffers: { x: rangeOf(scratch), y: rangeOf(op.out) },
        sizes: { size: partials, threads: 1 },
        threads: 1,
        flops: partials,
      });
    },

    adamw(op) {
      checks.adamw(op);
      const size = op.param.size;
      const vectors = size % 4 === 0;
      const values = vectors ? size / 4 : size;
      recorder.dispatch({
        kernel: { name: 'adamw', flags: [vectors && 'VEC4', op.clip !== undefined && 'CLIP'] },
        buffers: {
          param: rangeOf(op.param),
          grad: rangeOf(op.grad),
          m: rangeOf(op.m),
          v: rangeOf(op.v),
          ...(op.clip === undefined ? {} : { squares: rangeOf(op.clip.sumSquares) }),
        },
        sizes: {
          size: values,
          beta1: op.beta1,
          beta2: op.beta2,
          rest1: 1 - op.beta1,
          rest2: 1 - op.beta2,
          stepSize: op.lr / (1 - op.beta1 ** op.step),
          correction: Math.sqrt(1 - op.beta2 ** op.step),
          eps: op.eps,
          decay: 1 - op.lr * op.weightDecay,
          maxNorm: op.clip?.maxNorm ?? 0,
        },
        threads: values,
        flops: 15 * size,
      });
    },
  };
}

/** Cases of the elementwise and row-wise ops, the loss and the optimiser. */
import { decoding, elementwise, norms, opCase, products, rounding, type OpCase } from './opCase';
import type { Activation, HeadShape, WeightFormat } from './ops';

export const rowCases = {
  fill: (size: number): OpCase =>
    opCase(['fill'], '', [size], rounding, null, (make) => {
      const x = make.f32('x', [size]);
      return { record: () => make.backend.fill({ x, value: 2.5 }), outputs: [x] };
    }),

  /** `part` copies only the first so many elements. */
  copy: (size: number, accumulate: boolean, part = size): OpCase =>
    opCase(
      ['copy'],
      [...(accumulate ? ['accumulate'] : []), ...(part < size ? [`the first ${part}`] : [])].join(' '),
      [size],
      rounding,
      null,
      (make) => {
        const x = make.f32('x', [size]);
        const y = make.f32('y', [size]);
        return { record: () => make.backend.copy({ x, y, accumulate, size: part }), outputs: [y] };
      },
    ),

  embed: (rows: number, vocab: number, cols: number, format: WeightFormat): OpCase =>
    opCase(['embed'], format, [rows, vocab, cols], decoding, null, (make) => {
      const table = make.matrix('table', vocab, cols, format);
      const ids = make.u32(
        'ids',
        [rows],
        Array.from({ length: rows }, (_, i) => (i * 7919) % vocab),
      );
      const y = make.f32('y', [rows, cols]);
      return { record: () => make.backend.embed({ ids, table, y, rows }), outputs: [y] };
    }),

  gatherRows: (rows: number, cols: number): OpCase =>
    opCase(['gatherRows'], '', [rows, cols], rounding, null, (make) => {
      const x = make.f32('x', [rows + 3, cols]);
      const indices = make.u32(
        'indices',
        [rows],
        Array.from({ length: rows }, (_, i) => (i * 5) % (rows + 3)),
      );
      const y = make.f32('y', [rows, cols]);
      return { record: () => make.backend.gatherRows({ x, indices, y, rows, cols }), outputs: [y] };
    }),

  scatterRows: (rows: number, cols: number): OpCase =>
    opCase(['scatterRows'], '', [rows, cols], rounding, null, (make) => {
      const yRows = 2 * rows + 1;
      const x = make.f32('x', [rows, cols]);
      const indices = make.u32(
        'indices',
        [rows],
        Array.from({ length: rows }, (_, i) => 2 * (rows - 1 - i) + 1),
      );
      const y = make.f32('y', [yRows, cols]);
      return { record: () => make.backend.scatterRows({ x, indices, y, rows, cols, yRows }), outputs: [y] };
    }),

  rmsNorm: (rows: number, cols: number): OpCase =>
    opCase(['rmsNorm'], '', [rows, cols], norms, 4 * rows * cols, (make) => {
      const x = make.f32('x', [rows, cols]);
      const weight = make.f32('weight', [cols]);
      const y = make.f32('y', [rows, cols]);
      return { record: () => make.backend.rmsNorm({ x, weight, y, rows, cols, eps: 1e-5 }), outputs: [y] };
    }),

  rmsNormBackward: (rows: number, cols: number, accumulate: boolean): OpCase =>
    opCase(
      ['rmsNormBackward'],
      accumulate ? 'accumulate' : '',
      [rows, cols],
      norms,
      10 * rows * cols,
      (make) => {
        const x = make.f32('x', [rows, cols]);
        const weight = make.f32('weight', [cols]);
        const dy = make.f32('dy', [rows, cols]);
        const dx = make.f32('dx', [rows, cols]);
        return {
          record: () =>
            make.backend.rmsNormBackward({ x, weight, dy, dx, rows, cols, eps: 1e-5, accumulate }),
          outputs: [dx],
        };
      },
    ),

  scale: (size: number): OpCase =>
    opCase(['scale'], '', [size], rounding, null, (make) => {
      const x = make.f32('x', [size]);
      return { record: () => make.backend.scale({ x, factor: 0.375 }), outputs: [x] };
    }),

  /** Values where tanh is nearly straight, where it bends, and where it is flat. */
  softCap: (size: number): OpCase =>
    opCase(['softCap', 'softCapBackward'], '', [size], elementwise, null, (make) => {
      const x = make.f32('x', [size], 12);
      const dy = make.f32('dy', [size]);
      return {
        record: () => {
          make.backend.softCapBackward({ x, dy, cap: 5 });
          make.backend.softCap({ x, cap: 5 });
        },
        outputs: [x, dy],
      };
    }),

  /** With `whole` of all of q and all of k. */
  qkNorm: (rows: number, heads: HeadShape, whole = false): OpCase =>
    opCase(
      ['qkNorm', 'qkNormBackward'],
      whole ? 'whole' : '',
      [rows, heads.heads, heads.kvHeads, heads.headDim],
      norms,
      null,
      (make) => {
        const shape = [rows, (heads.heads + 2 * heads.kvHeads) * heads.headDim];
        const x = make.f32('x', shape);
        const qWeight = make.f32('q weight', [heads.headDim * (whole ? heads.heads : 1)]);
        const kWeight = make.f32('k weight', [heads.headDim * (whole ? heads.kvHeads : 1)]);
        const dy = make.f32('dy', shape);
        const y = make.f32('y', shape);
        const dx = make.f32('dx', shape);
        return {
          record: () => {
            const norm = { ...heads, x, qWeight, kWeight, rows, eps: 1e-6, whole };
            make.backend.qkNorm({ ...norm, y });
            make.backend.qkNormBackward({ ...norm, dy, dx });
          },
          outputs: [y, dx],
        };
      },
    ),

  swiglu: (rows: number, ffn: number, activation: Activation = 'silu'): OpCase =>
    opCase(
      ['swiglu', 'swigluBackward'],
      activation === 'silu' ? '' : activation,
      [rows, ffn],
      elementwise,
      null,
      (make) => {
        const gateUp = make.f32('gateUp', [rows, 2 * ffn], 12);
        const dy = make.f32('dy', [rows, ffn]);
        const y = make.f32('y', [rows, ffn]);
        const dGateUp = make.f32('dGateUp', [rows, 2 * ffn]);
        return {
          record: () => {
            make.backend.swiglu({ gateUp, y, rows, ffn, activation });
            make.backend.swigluBackward({ gateUp, dy, dGateUp, rows, ffn, activation });
          },
          outputs: [y, dGateUp],
        };
      },
    ),

  /** The gate where exp overflows, and where it vanishes. */
  swigluFarOut: (activation: Activation = 'silu'): OpCase =>
    opCase(
      ['swiglu'],
      `far out${activation === 'silu' ? '' : `, ${activation}`}`,
      [1, 7],
      norms,
      null,
      (make) => {
        const gateUp = make.empty('gateUp', [1, 14]);
        const gates = [-1000, -100, -88, -20, 20, 88, 1000];
        make.backend.write(gateUp, Float32Array.from([...gates, ...gates.map(() => 1)]));
        const y = make.empty('y', [1, 7]);
        return {
          record: () => make.backend.swiglu({ gateUp, y, rows: 1, ffn: 7, activation }),
          outputs: [y],
        };
      },
    ),

  crossEntropy: (rows: number, vocab: number, gradient: boolean, temperature = 0.7): OpCase => {
    const variant = [...(gradient ? ['gradient'] : []), ...(temperature === 0.7 ? [] : [`T ${temperature}`])];
    return opCase(['crossEntropy'], variant.join(' '), [rows, vocab], norms, null, (make) => {
      const logits = make.f32('logits', [rows, vocab], 8);
      const targets = make.u32(
        'targets',
        [rows],
        Array.from({ length: rows }, (_, i) => (i * 31) % vocab),
      );
      const nll = make.empty('nll', [rows]);
      const rowWeights = make.f32('row weights', [rows]);
      return {
        record: () =>
          make.backend.crossEntropy({
            logits,
            targets,
            nll,
            rows,
            vocab,
            temperature,
            ...(gradient ? { rowWeights } : {}),
          }),
        outputs: gradient ? [nll, logits] : [nll],
      };
    });
  },

  adamw: (size: number, clip: boolean): OpCase =>
    opCase(clip ? ['sumSquares', 'adamw'] : ['adamw'], clip ? 'clip' : '', [size], products, null, (make) => {
      const param = make.f32('param', [size]);
      const grad = make.f32('grad', [size]);
      const m = make.f32('m', [size], 0.1);
      const v = make.empty('v', [size]);
      make.backend.write(v, make.values('v', size, 0.1).map(Math.abs));
      const sumSquares = make.empty('sum of squares', [1]);
      make.backend.write(sumSquares, new Float32Array(1));
      return {
        record: () => {
          if (clip) make.backend.sumSquares({ x: grad, out: sumSquares });
          make.backend.adamw({
            param,
            grad,
            m,
            v,
            step: 3,
            lr: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weightDecay: 0.1,
            ...(clip ? { clip: { sumSquares, maxNorm: 1 } } : {}),
          });
        },
        outputs: [param, m, v, sumSquares],
      };
    }),

  /** The first three steps of a parameter: moments from zero, a gradient each, clipped. */
  adamwSteps: (size: number): OpCase =>
    opCase(['sumSquares', 'adamw'], 'three steps', [size], products, null, (make) => {
      const param = make.f32('param', [size]);
      const grads = [1, 2, 3].map((step) => make.f32(`grad ${step}`, [size]));
      const [m, v, sumSquares] = [make.empty('m', [size]), make.empty('v', [size]), make.empty('sum', [1])];
      return {
        record: () => {
          make.backend.fill({ x: m, value: 0 });
          make.backend.fill({ x: v, value: 0 });
          grads.forEach((grad, i) => {
            make.backend.sumSquares({ x: grad, out: sumSquares });
            const rates = { lr: 0.01, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1 };
            const clip = { sumSquares, maxNorm: 1 };
            make.backend.adamw({ param, grad, m, v, step: i + 1, ...rates, clip });
          });
        },
        outputs: [param, m, v, sumSquares],
      };
    }),
};

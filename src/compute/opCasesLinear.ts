/** Cases of the linears, their gradients and LoRA. */
import { products, opCase, type OpCase } from './opCase';
import type { LoraGroup, Mode, Tensor, WeightFormat } from './ops';

/** Fused segments over `outputs` columns with gaps where there is room: two thirds are covered. */
export function segmentsOf(outputs: number): LoraGroup['segments'] {
  const count = Math.floor(outputs / 3);
  if (count === 0) return [{ start: 0, count: outputs, bRow: 0 }];
  return [
    { start: 0, count, bRow: 0 },
    { start: outputs - count, count, bRow: count },
  ];
}

export const linearCases = {
  /** `extras`: 'all' is a bias, LoRA and a residual that is y itself; 'bias' a bias and a residual of its own. */
  linear: (
    rows: number,
    inputs: number,
    outputs: number,
    options: {
      format?: WeightFormat;
      mode?: Mode;
      extras?: 'none' | 'all' | 'bias' | 'residual';
      rank?: number;
    } = {},
  ): OpCase => {
    const { format = 'f32', mode = 'train', extras = 'none', rank = 8 } = options;
    return opCase(
      ['linear'],
      [format, mode, ...(extras === 'none' ? [] : [extras, `r${rank}`])].join(' '),
      [rows, inputs, outputs],
      products,
      2 * rows * inputs * outputs,
      (make) => {
        const weight = make.matrix('weight', outputs, inputs, format);
        const x = make.f32('x', [rows, inputs]);
        const y = make.f32('y', [rows, outputs]);
        if (extras === 'none')
          return { record: () => make.backend.linear({ x, weight, y, rows, mode }), outputs: [y] };
        if (extras !== 'all') {
          const residual = make.f32('residual', [rows, outputs]);
          const bias = extras === 'bias' ? { bias: make.f32('bias', [outputs]) } : {};
          return {
            record: () => make.backend.linear({ x, weight, y, rows, mode, residual, ...bias }),
            outputs: [y],
          };
        }
        const bias = make.f32('bias', [outputs]);
        const group = make.lora(segmentsOf(outputs), rank, inputs);
        const u = make.f32('u', [rows, group.segments.length * rank]);
        return {
          record: () =>
            make.backend.linear({ x, weight, y, rows, mode, bias, residual: y, lora: { ...group, u } }),
          outputs: [y],
        };
      },
    );
  },

  /** With `gated` the outputs are gate and up. */
  normedLinear: (
    rows: number,
    inputs: number,
    outputs: number,
    options: { format?: WeightFormat; gated?: boolean; rank?: number } = {},
  ): OpCase => {
    const { format = 'f32', gated = false, rank = 0 } = options;
    return opCase(
      ['linear', 'rmsNorm', ...(gated ? ['swiglu'] : [])],
      `${format} generate normed${gated ? ' gated' : ' bias'}${rank > 0 ? ` r${rank}` : ''}`,
      [rows, inputs, outputs],
      products,
      2 * rows * inputs * outputs,
      (make) => {
        const weight = make.matrix('weight', outputs, inputs, format);
        const x = make.f32('x', [rows, inputs]);
        const y = make.f32('y', [rows, gated ? outputs / 2 : outputs]);
        const extra = gated
          ? { gateUp: make.empty('gateUp', [rows, outputs]) }
          : { bias: make.f32('bias', [outputs]) };
        const norm = make.f32('norm', [inputs]);
        const normed = make.empty('normed', [rows, inputs]);
        const group = rank > 0 ? make.lora(segmentsOf(outputs), rank, inputs) : null;
        const u = group && make.empty('u', [rows, group.segments.length * rank]);
        const lora = group && u ? { lora: { ...group, u } } : {};
        const op = { x, norm, eps: 1e-5, weight, y, rows, normed, ...extra, ...lora };
        return {
          record: () => make.backend.normedLinear(op),
          outputs: [y],
        };
      },
    );
  },

  linearBackward: (
    rows: number,
    inputs: number,
    outputs: number,
    options: {
      format?: WeightFormat;
      extras?: boolean;
      accumulate?: boolean;
      rank?: number;
      rate?: number;
    } = {},
  ): OpCase => {
    const { format = 'f32', extras = false, accumulate = extras, rank = 8, rate = 0 } = options;
    return opCase(
      ['linearBackward'],
      [
        format,
        ...(accumulate ? ['accumulate'] : []),
        ...(extras ? [`r${rank}`] : []),
        ...(rate > 0 ? ['dropout'] : []),
      ].join(' '),
      [rows, inputs, outputs],
      products,
      2 * rows * inputs * outputs,
      (make) => {
        const weight = make.matrix('weight', outputs, inputs, format);
        const dy = make.f32('dy', [rows, outputs]);
        const dx = make.f32('dx', [rows, inputs]);
        if (!extras) {
          return {
            record: () => make.backend.linearBackward({ dy, weight, dx, rows, accumulate }),
            outputs: [dx],
          };
        }
        const group = make.lora(segmentsOf(outputs), rank, inputs);
        const du = make.f32('du', [rows, group.segments.length * rank]);
        const dropout = { rate, key: 77 };
        return {
          record: () =>
            make.backend.linearBackward({
              dy,
              weight,
              dx,
              rows,
              accumulate,
              lora: { group, du, dropout },
            }),
          outputs: [dx],
        };
      },
    );
  },

  loraDown: (
    rows: number,
    inputs: number,
    rank: number,
    options: { mode?: Mode; rate?: number } = {},
  ): OpCase => {
    const { mode = 'train', rate = 0 } = options;
    return opCase(
      [rate > 0 ? 'loraDownDropout' : 'linear', ...(mode === 'train' ? ['loraDown'] : [])],
      `loraDown ${mode}${rate > 0 ? ' dropout' : ''}`,
      [rows, inputs, rank],
      products,
      null,
      (make) => {
        const group = make.lora(segmentsOf(9), rank, inputs);
        const x = make.f32('x', [rows, inputs]);
        const u = make.f32('u', [rows, group.segments.length * rank]);
        return {
          record: () =>
            make.backend.loraDown({ x, group, u, rows, inputs, mode, dropout: { rate, key: 0xfffffffe } }),
          outputs: [u],
        };
      },
    );
  },

  loraGrad: (
    rows: number,
    inputs: number,
    outputs: number,
    rank: number,
    options: { rate?: number } = {},
  ): OpCase => {
    const { rate = 0 } = options;
    return opCase(
      ['loraGradU', 'loraGradAB'],
      rate > 0 ? 'dropout' : '',
      [rows, inputs, outputs, rank],
      products,
      null,
      (make) => {
        const group = make.lora(segmentsOf(outputs), rank, inputs);
        const width = group.segments.length * rank;
        const x = make.f32('x', [rows, inputs]);
        const dy = make.f32('dy', [rows, outputs]);
        const u = make.f32('u', [rows, width]);
        const du = make.f32('du', [rows, width]);
        const gradA = make.f32('grad a', group.a.shape);
        const gradB = make.f32('grad b', group.b.shape);
        const dropout = { rate, key: 4321 };
        return {
          record: () => {
            make.backend.loraGradU({ dy, group, du, rows, outputs });
            make.backend.loraGradAB({ x, dy, u, du, group, gradA, gradB, rows, inputs, outputs, dropout });
          },
          outputs: [du, gradA, gradB],
        };
      },
    );
  },

  /** Two linears' gradients at once, [inputs, outputs] each; their u, their du and all gradients are parts of one tensor each. */
  loraGradPair: (rows: number, shapes: readonly (readonly [number, number])[], rank: number): OpCase =>
    opCase(['loraGradAB'], 'two linears', [rows, ...shapes.flat(), rank], products, null, (make) => {
      const { backend } = make;
      /** Parts of one tensor, each from a multiple of 64 elements on. */
      const parts = (label: string, each: readonly (readonly number[])[]): Tensor[] => {
        const sizes = each.map(([a = 0, b = 0]) => Math.ceil((a * b) / 64) * 64);
        const whole = make.f32(label, [sizes.reduce((sum, size) => sum + size, 0)]);
        let end = 0;
        return each.map((shape, i) => backend.view(whole, (end += sizes[i]!) - sizes[i]!, shape));
      };
      const groups = shapes.map(([inputs, outputs]) => make.lora(segmentsOf(outputs), rank, inputs));
      const widths = groups.map(({ segments }) => [rows, segments.length * rank]);
      const [u, du] = [parts('u', widths), parts('du', widths)];
      const grads = parts('grads', groups.flatMap(({ a, b }) => [a.shape, b.shape])); // prettier-ignore
      const ops = shapes.map(([inputs, outputs], i) => ({
        ...{ x: make.f32(`x${i}`, [rows, inputs]), dy: make.f32(`dy${i}`, [rows, outputs]) },
        ...{ u: u[i]!, du: du[i]!, gradA: grads[2 * i]!, gradB: grads[2 * i + 1]! },
        ...{ group: groups[i]!, rows, inputs, outputs },
      }));
      return { record: () => backend.loraGradAB(...ops.toReversed()), outputs: grads };
    }),

  matmulNT: (rows: number, k: number, n: number, mode: Mode): OpCase =>
    opCase(['linear'], `matmulNT ${mode}`, [rows, k, n], products, null, (make) => {
      const x = make.f32('x', [rows, k]);
      const b = make.f32('b', [n, k]);
      const y = make.f32('y', [rows, n]);
      return { record: () => make.backend.matmulNT({ x, b, y, rows, n, k, mode }), outputs: [y] };
    }),
};

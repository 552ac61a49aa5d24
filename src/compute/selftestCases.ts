/** Every op at a shape of one's choice with seeded data, so that two backends can be held against each other. */
import { RandomStream, hashKey } from '../core/rng';
import { encodeRows } from './encode';
import type { Backend, HeadShape, LoraGroup, Matrix, Mode, Tensor, WeightFormat } from './ops';

/** One op on seeded data. `run` frees what it makes, whatever happens. */
export interface OpCase {
  /** The kernels that it exercises, by their names in the table. */
  readonly kernels: readonly string[];
  /** What distinguishes this case from others of the kernel. */
  readonly variant: string;
  readonly shape: readonly number[];
  readonly atol: number;
  readonly rtol: number;
  readonly flops: number | null;
  /** The outputs, one array each. `repeat` records the op that many times before reading (for timing). */
  run(backend: Backend, repeat?: number): Promise<Float32Array[]>;
}

interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}
/** house.md, proof ladder, rung 1. */
const exact: Tolerance = { atol: 1e-6, rtol: 3e-7 };
const elementwise: Tolerance = { atol: 1e-6, rtol: 2e-6 };
const norms: Tolerance = { atol: 1e-5, rtol: 1e-5 };
const reductions: Tolerance = { atol: 1e-4, rtol: 1e-4 };
const products: Tolerance = { atol: 1e-3, rtol: 1e-3 };

const owner = 'selftest';

/** Makes seeded tensors on one backend and frees them all. */
export class Maker {
  readonly backend: Backend;
  readonly seed: string;
  readonly #tensors: Tensor[] = [];
  readonly #matrices: Matrix[] = [];

  constructor(backend: Backend, seed: string) {
    this.backend = backend;
    this.seed = seed;
  }

  values(label: string, size: number, scale = 1): Float32Array {
    const random = new RandomStream(hashKey(this.seed, label));
    return Float32Array.from({ length: size }, () => (2 * random.next() - 1) * scale);
  }

  f32(label: string, shape: readonly number[], scale = 1): Tensor {
    const tensor = this.empty(label, shape);
    this.backend.write(tensor, this.values(label, tensor.size, scale));
    return tensor;
  }

  u32(label: string, shape: readonly number[], values: ArrayLike<number>): Tensor {
    const tensor = this.backend.tensor(shape, { owner, label, dtype: 'u32' });
    this.#tensors.push(tensor);
    this.backend.write(tensor, Uint32Array.from(values));
    return tensor;
  }

  empty(label: string, shape: readonly number[]): Tensor {
    const tensor = this.backend.tensor(shape, { owner, label });
    this.#tensors.push(tensor);
    return tensor;
  }

  matrix(label: string, rows: number, cols: number, format: WeightFormat): Matrix {
    const matrix = this.backend.matrix(rows, cols, format, { owner, label });
    this.#matrices.push(matrix);
    const values = this.values(label, rows * cols);
    this.backend.writeRows(matrix, 0, rows, encodeRows(values, cols, format));
    return matrix;
  }

  lora(segments: LoraGroup['segments'], rank: number, inputs: number): LoraGroup {
    const rows = segments.reduce((most, { bRow, count }) => Math.max(most, bRow + count), 0);
    const a = this.f32('lora a', [segments.length * rank, inputs]);
    const b = this.f32('lora b', [rows, rank]);
    return { a, b, rank, scale: 0.5, segments };
  }

  free(): void {
    this.backend.release(...this.#tensors);
    this.backend.releaseMatrix(...this.#matrices);
  }
}

interface Work {
  record(): void;
  readonly outputs: readonly Tensor[];
}

function opCase(
  kernels: readonly string[],
  variant: string,
  shape: readonly number[],
  tolerance: Tolerance,
  flops: number | null,
  build: (make: Maker) => Work,
): OpCase {
  return {
    kernels,
    variant,
    shape,
    ...tolerance,
    flops,
    async run(backend, repeat = 1) {
      const make = new Maker(backend, `${kernels.join()} ${shape.join()}`);
      try {
        const work = build(make);
        for (let i = 0; i < repeat; i++) work.record();
        const results: Float32Array[] = [];
        for (const output of work.outputs) results.push(await backend.read(output));
        return results;
      } finally {
        make.free();
      }
    },
  };
}

/** Fused segments over `outputs` columns with gaps where there is room: two thirds are covered. */
export function segmentsOf(outputs: number): LoraGroup['segments'] {
  const count = Math.floor(outputs / 3);
  if (count === 0) return [{ start: 0, count: outputs, bRow: 0 }];
  return [
    { start: 0, count, bRow: 0 },
    { start: outputs - count, count, bRow: count },
  ];
}

export const opCases = {
  fill: (size: number): OpCase =>
    opCase(['fill'], '', [size], exact, null, (make) => {
      const x = make.f32('x', [size]);
      return { record: () => make.backend.fill({ x, value: 2.5 }), outputs: [x] };
    }),

  copy: (size: number, accumulate: boolean): OpCase =>
    opCase(['copy'], accumulate ? 'accumulate' : '', [size], exact, null, (make) => {
      const x = make.f32('x', [size]);
      const y = make.f32('y', [size]);
      return { record: () => make.backend.copy({ x, y, accumulate }), outputs: [y] };
    }),

  embed: (rows: number, vocab: number, cols: number, format: WeightFormat): OpCase =>
    opCase(['embed'], format, [rows, vocab, cols], exact, null, (make) => {
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
    opCase(['gatherRows'], '', [rows, cols], exact, null, (make) => {
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
    opCase(['scatterRows'], '', [rows, cols], exact, null, (make) => {
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

  headNorm: (rows: number, heads: HeadShape): OpCase =>
    opCase(
      ['headNorm', 'headNormBackward'],
      '',
      [rows, heads.heads, heads.kvHeads, heads.headDim],
      norms,
      null,
      (make) => {
        const shape = [rows, (heads.heads + 2 * heads.kvHeads) * heads.headDim];
        const x = make.f32('x', shape);
        const qWeight = make.f32('q weight', [heads.headDim]);
        const kWeight = make.f32('k weight', [heads.headDim]);
        const dy = make.f32('dy', shape);
        const y = make.f32('y', shape);
        const dx = make.f32('dx', shape);
        return {
          record: () => {
            make.backend.headNorm({ ...heads, x, qWeight, kWeight, y, rows, eps: 1e-6 });
            make.backend.headNormBackward({ ...heads, x, qWeight, kWeight, dy, dx, rows, eps: 1e-6 });
          },
          outputs: [y, dx],
        };
      },
    ),

  swiglu: (rows: number, ffn: number): OpCase =>
    opCase(['swiglu', 'swigluBackward'], '', [rows, ffn], elementwise, null, (make) => {
      const gu = make.f32('gu', [rows, 2 * ffn], 12);
      const dy = make.f32('dy', [rows, ffn]);
      const y = make.f32('y', [rows, ffn]);
      const dgu = make.f32('dgu', [rows, 2 * ffn]);
      return {
        record: () => {
          make.backend.swiglu({ gu, y, rows, ffn });
          make.backend.swigluBackward({ gu, dy, dgu, rows, ffn });
        },
        outputs: [y, dgu],
      };
    }),

  /** `extras`: bias, LoRA and a residual that is y itself. */
  linear: (
    rows: number,
    inputs: number,
    outputs: number,
    options: { format?: WeightFormat; mode?: Mode; extras?: 'none' | 'all' | 'residual'; rank?: number } = {},
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
        if (extras === 'residual') {
          const residual = make.f32('residual', [rows, outputs]);
          return { record: () => make.backend.linear({ x, weight, y, rows, mode, residual }), outputs: [y] };
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

  linearBackward: (
    rows: number,
    inputs: number,
    outputs: number,
    options: { format?: WeightFormat; extras?: boolean; rank?: number; rate?: number } = {},
  ): OpCase => {
    const { format = 'f32', extras = false, rank = 8, rate = 0 } = options;
    return opCase(
      ['linearBackward'],
      [format, ...(extras ? [`accumulate r${rank}`] : []), ...(rate > 0 ? ['dropout'] : [])].join(' '),
      [rows, inputs, outputs],
      products,
      2 * rows * inputs * outputs,
      (make) => {
        const weight = make.matrix('weight', outputs, inputs, format);
        const dy = make.f32('dy', [rows, outputs]);
        const dx = make.f32('dx', [rows, inputs]);
        if (!extras) {
          return {
            record: () => make.backend.linearBackward({ dy, weight, dx, rows, accumulate: false }),
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
              accumulate: true,
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
      [rate > 0 ? 'loraDownDropout' : 'linear'],
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
            make.backend.loraDown({ x, group, u, rows, inputs, mode, dropout: { rate, key: 1234 } }),
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

  matmulNT: (rows: number, k: number, n: number, mode: Mode): OpCase =>
    opCase(['linear'], `matmulNT ${mode}`, [rows, k, n], products, null, (make) => {
      const x = make.f32('x', [rows, k]);
      const b = make.f32('b', [n, k]);
      const y = make.f32('y', [rows, n]);
      return { record: () => make.backend.matmulNT({ x, b, y, rows, n, k, mode }), outputs: [y] };
    }),

  rope: (rows: number, heads: HeadShape): OpCase =>
    opCase(
      ['rope'],
      'forward and inverse',
      [rows, heads.heads, heads.kvHeads, heads.headDim],
      elementwise,
      null,
      (make) => {
        const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
        const qkv = make.f32('qkv', [rows, width]);
        const back = make.f32('back', [rows, width]);
        const positions = make.u32(
          'positions',
          [rows],
          Array.from({ length: rows }, (_, i) => (i * 3) % 50),
        );
        const tables = rotary(make, 50, heads.headDim);
        return {
          record: () => {
            make.backend.rope({ ...heads, qkv, positions, tables, rows });
            make.backend.rope({ ...heads, qkv: back, positions, tables, rows, inverse: true });
          },
          outputs: [qkv, back],
        };
      },
    ),

  /** Rows packed as documents of up to `length` rows. */
  attention: (rows: number, heads: HeadShape, length: number): OpCase =>
    opCase(
      ['attention', 'attentionBackwardQuery', 'attentionBackwardKey'],
      `documents of ${length}`,
      [rows, heads.heads, heads.kvHeads, heads.headDim],
      products,
      null,
      (make) => {
        const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
        const ends = Array.from({ length: rows }, (_, t) => [
          t - (t % length),
          Math.min(rows, t - (t % length) + length),
        ]);
        const documents = make.u32('documents', [rows, 2], ends.flat());
        const qkv = make.f32('qkv', [rows, width], 2);
        const out = make.empty('out', [rows, heads.heads * heads.headDim]);
        const lse = make.empty('lse', [rows, heads.heads]);
        const dout = make.f32('dout', [rows, heads.heads * heads.headDim]);
        const delta = make.empty('delta', [rows, heads.heads]);
        const dqkv = make.empty('dqkv', [rows, width]);
        return {
          record: () => {
            make.backend.attention({ ...heads, qkv, documents, out, lse, rows });
            make.backend.attentionBackward({ ...heads, qkv, documents, out, lse, dout, delta, dqkv, rows });
          },
          outputs: [out, lse, dqkv],
        };
      },
    ),

  /** Two sequences whose rows interleave, blocks in reverse order; prefill of all positions at once. */
  attentionPaged: (positionsEach: number, heads: HeadShape, blockSize: number): OpCase =>
    opCase(
      ['ropeAndCache', 'attentionPaged'],
      `blocks of ${blockSize}`,
      [2 * positionsEach, heads.heads, heads.kvHeads, heads.headDim],
      products,
      null,
      (make) => {
        const rows = 2 * positionsEach;
        const maxBlocks = Math.ceil(positionsEach / blockSize);
        const blocks = 2 * maxBlocks;
        const list = Array.from({ length: rows }, (_, t) => t);
        const tableOf = Array.from({ length: blocks }, (_, i) => blocks - 1 - i);
        const slotOf = (t: number): number =>
          tableOf[(t % 2) * maxBlocks + Math.floor((t >> 1) / blockSize)]! * blockSize +
          ((t >> 1) % blockSize);
        const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
        const qkv = make.f32('qkv', [rows, width], 2);
        const positions = make.u32(
          'positions',
          [rows],
          list.map((t) => t >> 1),
        );
        const sequences = make.u32(
          'sequences',
          [rows],
          list.map((t) => t % 2),
        );
        const slots = make.u32('slots', [rows], list.map(slotOf));
        const blockTable = make.u32('block table', [2, maxBlocks], tableOf);
        const tables = rotary(make, positionsEach, heads.headDim);
        const kCache = make.f32('k cache', [blocks * blockSize, heads.kvHeads * heads.headDim]);
        const vCache = make.f32('v cache', [blocks * blockSize, heads.kvHeads * heads.headDim]);
        const out = make.empty('out', [rows, heads.heads * heads.headDim]);
        return {
          record: () => {
            make.backend.ropeAndCache({ ...heads, qkv, positions, slots, tables, kCache, vCache, rows });
            make.backend.attentionPaged({
              ...heads,
              qkv,
              kCache,
              vCache,
              out,
              sequences,
              positions,
              blockTable,
              maxBlocks,
              blockSize,
              rows,
            });
          },
          outputs: [qkv, kCache, vCache, out],
        };
      },
    ),

  crossEntropy: (rows: number, vocab: number, gradient: boolean): OpCase =>
    opCase(['crossEntropy'], gradient ? 'gradient' : '', [rows, vocab], norms, null, (make) => {
      const logits = make.f32('logits', [rows, vocab], 8);
      const targets = make.u32(
        'targets',
        [rows],
        Array.from({ length: rows }, (_, i) => (i * 31) % vocab),
      );
      const nll = make.empty('nll', [rows]);
      const rowWeights = make.f32('row weights', [rows]);
      const temperature = 0.7;
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
    }),

  adamw: (size: number, clip: boolean): OpCase =>
    opCase(
      clip ? ['sumSquares', 'adamw'] : ['adamw'],
      clip ? 'clip' : '',
      [size],
      reductions,
      null,
      (make) => {
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
      },
    ),
};

function rotary(make: Maker, positions: number, headDim: number): { cos: Tensor; sin: Tensor } {
  const half = headDim / 2;
  const cos = make.empty('cos', [positions, half]);
  const sin = make.empty('sin', [positions, half]);
  const angles = Float64Array.from(
    { length: positions * half },
    (_, i) => Math.floor(i / half) * 10_000 ** (-(i % half) / half),
  );
  make.backend.write(cos, Float32Array.from(angles, Math.cos));
  make.backend.write(sin, Float32Array.from(angles, Math.sin));
  return { cos, sin };
}

/** max |a - b| / (atol + rtol |b|) over all outputs; a number that is not finite where b is counts as infinite. */
export function largestError(
  got: readonly Float32Array[],
  wanted: readonly Float32Array[],
  { atol, rtol }: Tolerance,
): number {
  let most = 0;
  wanted.forEach((list, n) => {
    for (let i = 0; i < list.length; i++) {
      const b = list[i]!;
      const error = Math.abs((got[n]?.[i] ?? Number.NaN) - b) / (atol + rtol * Math.abs(b));
      if (!(error <= most)) most = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
    }
  });
  return most;
}

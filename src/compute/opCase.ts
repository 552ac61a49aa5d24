/** Seeded data for one op on any backend, so that two backends can be compared. */
import { RandomStream, hashKey } from '../core/rng';
import { encodeRows } from './encode';
import type { Backend, LoraGroup, Matrix, Tensor, WeightFormat } from './ops';

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
  /** The outputs, one array each. */
  run(backend: Backend): Promise<Float32Array[]>;
  /** Milliseconds that the op takes once compiled, the fastest of `rounds`. */
  time(backend: Backend, rounds: number): Promise<number>;
  /** The op on its tensors, to be timed in several forms. */
  prepare(backend: Backend): Prepared;
}

export interface Prepared {
  /** Milliseconds of the op and of waiting for it. */
  time(): Promise<number>;
  free(): void;
}

export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}
/** The one set of tolerances, for every backend. A single rounding: */
export const rounding: Tolerance = { atol: 1e-30, rtol: 1.2e-7 };
/** A scale times a quant plus a minimum, with one rounding or two. */
export const decoding: Tolerance = { atol: 1e-6, rtol: 3e-7 };
export const elementwise: Tolerance = { atol: 1e-6, rtol: 2e-6 };
export const norms: Tolerance = { atol: 1e-5, rtol: 1e-5 };
/** Sums of many products: linears, attention, their gradients. */
export const products: Tolerance = { atol: 1e-4, rtol: 1e-4 };
/** The same over numbers that were rounded to f16. */
export const halves: Tolerance = { atol: 2e-3, rtol: 2e-3 };

/** Makes seeded tensors on one backend and frees them all. `owner` is the ledger's. */
export class Maker {
  readonly backend: Backend;
  readonly seed: string;
  readonly #owner: string;
  readonly #tensors: Tensor[] = [];
  readonly #matrices: Matrix[] = [];

  constructor(backend: Backend, seed: string, owner = 'selftest') {
    this.backend = backend;
    this.seed = seed;
    this.#owner = owner;
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
    const tensor = this.backend.tensor(shape, { owner: this.#owner, label, dtype: 'u32' });
    this.#tensors.push(tensor);
    this.backend.write(tensor, Uint32Array.from(values));
    return tensor;
  }

  empty(label: string, shape: readonly number[]): Tensor {
    const tensor = this.backend.tensor(shape, { owner: this.#owner, label });
    this.#tensors.push(tensor);
    return tensor;
  }

  emptyMatrix(label: string, rows: number, cols: number, format: WeightFormat): Matrix {
    const matrix = this.backend.matrix(rows, cols, format, { owner: this.#owner, label });
    this.#matrices.push(matrix);
    return matrix;
  }

  matrix(label: string, rows: number, cols: number, format: WeightFormat): Matrix {
    const matrix = this.emptyMatrix(label, rows, cols, format);
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

/** What a case records, and what it leaves. */
export interface Work {
  record(): void;
  readonly outputs: readonly Tensor[];
}

/** Builds a case; `build` makes its tensors and says how to record it. */
export function opCase(
  kernels: readonly string[],
  variant: string,
  shape: readonly number[],
  tolerance: Tolerance,
  flops: number | null,
  build: (make: Maker) => Work,
): OpCase {
  const seed = `${kernels.join()} ${shape.join()}`;
  const prepare = (backend: Backend): Prepared => {
    const make = new Maker(backend, seed);
    const work = build(make);
    return {
      async time() {
        const start = performance.now();
        work.record();
        await backend.finish();
        return performance.now() - start;
      },
      free: () => make.free(),
    };
  };
  return {
    kernels,
    variant,
    shape,
    ...tolerance,
    flops,
    async run(backend) {
      const make = new Maker(backend, seed);
      try {
        const work = build(make);
        work.record();
        const results: Float32Array[] = [];
        for (const output of work.outputs) results.push(await backend.read(output));
        return results;
      } finally {
        make.free();
      }
    },
    async time(backend, rounds) {
      const prepared = prepare(backend);
      try {
        await prepared.time();
        let best = Number.POSITIVE_INFINITY;
        for (let round = 0; round < rounds; round++) best = Math.min(best, await prepared.time());
        return best;
      } finally {
        prepared.free();
      }
    },
    prepare,
  };
}

/** "linear f32 train 9x65x65". */
export function caseName({ kernels, variant, shape }: OpCase): string {
  return [kernels.join(', '), variant, shape.join('x')].filter((part) => part !== '').join(' ');
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

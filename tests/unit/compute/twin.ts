/** Runs the same op on a backend and on the f64 reference with the same seeded numbers, and compares what they write. */
import type { Backend, DType, Matrix, RowData, Tensor, WeightFormat } from '../../../src/compute/ops';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { encodeRows } from '../../../src/compute/encode';
import { RandomStream } from '../../../src/core/rng';

/** atol and rtol of |a - b| <= atol + rtol |b| (docs/CONTRIBUTING.md, proof ladder). */
export const tolerance = {
  elementwise: [1e-6, 3e-6],
  softmax: [1e-5, 1e-5],
  reduction: [1e-4, 1e-4],
  matmul: [1e-3, 1e-3],
} as const;

/** Largest |a - b| / (atol + rtol |b|): at most 1 where they agree. NaN and infinities never agree. */
export function maxError(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [atol, rtol]: readonly [number, number],
) {
  if (a.length !== b.length || a.length === 0) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const error = Math.abs(a[i]! - b[i]!) / (atol + rtol * Math.abs(b[i]!));
    if (!(error <= most)) most = Number.isNaN(error) ? Infinity : error;
  }
  return most;
}

/** Numbers and tensors of one of the two backends; the same calls in the same order give the same numbers. */
export class Side {
  readonly backend: Backend;
  readonly random: RandomStream;
  readonly outputs: Tensor[] = [];

  constructor(backend: Backend, seed: number) {
    this.backend = backend;
    this.random = new RandomStream(seed);
  }

  tensor(shape: number[], dtype: DType = 'f32'): Tensor {
    return this.backend.tensor(shape, { owner: 'test', label: 'test', dtype });
  }

  /** Normal numbers times `scale`. */
  normal(shape: number[], scale = 1): Tensor {
    const tensor = this.tensor(shape);
    this.backend.write(tensor, this.numbers(tensor.size, scale));
    return tensor;
  }

  numbers(count: number, scale = 1): Float32Array {
    return Float32Array.from({ length: count }, () => this.random.normal() * scale);
  }

  words(values: readonly number[], shape = [values.length]): Tensor {
    const tensor = this.tensor(shape, 'u32');
    this.backend.write(tensor, Uint32Array.from(values));
    return tensor;
  }

  matrix(rows: number, cols: number, format: WeightFormat = 'f32'): Matrix {
    const matrix = this.backend.matrix(rows, cols, format, { owner: 'test', label: 'test' });
    const data: RowData = encodeRows(this.numbers(rows * cols, cols ** -0.5), cols, format);
    this.backend.writeRows(matrix, 0, rows, data);
    return matrix;
  }

  /** Marks tensors that are compared. */
  out(...tensors: Tensor[]): void {
    this.outputs.push(...tensors);
  }
}

/** The largest error over all tensors that `body` marked with `out`. */
export async function compare(
  backend: Backend,
  bounds: readonly [number, number],
  body: (side: Side) => void | Promise<void>,
  seed = 1,
): Promise<number> {
  const sides = [new Side(backend, seed), new Side(createReferenceBackend(), seed)] as const;
  for (const side of sides) await body(side);
  let most = 0;
  for (const [i, tensor] of sides[0].outputs.entries()) {
    const got = await sides[0].backend.read(tensor);
    const want = await sides[1].backend.read(sides[1].outputs[i]!);
    most = Math.max(most, maxError(got, want, bounds));
  }
  return sides[0].outputs.length === 0 ? Infinity : most;
}

/** Index of the first element whose bits differ, -1 where all agree (toEqual takes seconds on long arrays). */
export function firstDifference(a: Float32Array, b: Float32Array): number {
  const [x, y] = [a, b].map((values) => new Uint32Array(values.buffer, values.byteOffset, values.length));
  if (a.length !== b.length) return Math.min(a.length, b.length);
  return x!.findIndex((word, i) => word !== y![i]);
}

import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { headShapes, pairs, tablesOf } from './shapes';
import { compare, tolerance } from './twin';

let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend();
});

describe('rows', () => {
  test.each(pairs)('norms, gates and their gradients at %i x %i', async (rows, cols) => {
    const error = await compare(backend, tolerance.softmax, (side) => {
      const b = side.backend;
      const [x, dy] = [side.normal([rows, cols]), side.normal([rows, cols])];
      const weight = side.normal([cols]);
      const [y, dx] = [side.tensor([rows, cols]), side.normal([rows, cols])];
      b.rmsNorm({ x, weight, y, rows, cols, eps: 1e-5 });
      b.rmsNormBackward({ x, weight, dy, dx, rows, cols, eps: 1e-5, accumulate: true });
      const dx2 = side.tensor([rows, cols]);
      b.rmsNormBackward({ x, weight, dy, dx: dx2, rows, cols, eps: 1e-5, accumulate: false });
      side.out(y, dx, dx2);
    });
    expect(error).toBeLessThanOrEqual(1);
    const gate = await compare(backend, tolerance.elementwise, (side) => {
      const b = side.backend;
      const gu = side.normal([rows, 2 * cols], 3);
      const dy = side.normal([rows, cols]);
      const [y, dgu] = [side.tensor([rows, cols]), side.tensor([rows, 2 * cols])];
      b.swiglu({ gu, y, rows, ffn: cols });
      b.swigluBackward({ gu, dy, dgu, rows, ffn: cols });
      side.out(y, dgu);
    });
    expect(gate).toBeLessThanOrEqual(1);
  });

  test('the gate is finite and right far out on both sides', async () => {
    const error = await compare(backend, [1e-6, 1e-5], (side) => {
      const gu = side.tensor([1, 14]);
      const values = [-1000, -100, -88, -20, 20, 88, 1000, 1, 1, 1, 1, 1, 1, 1];
      side.backend.write(gu, Float32Array.from(values));
      const y = side.tensor([1, 7]);
      side.backend.swiglu({ gu, y, rows: 1, ffn: 7 });
      side.out(y);
    });
    expect(error).toBeLessThanOrEqual(1);
  });

  test.each(pairs)('copying, gathering, scattering, filling at %i x %i', async (rows, cols) => {
    const error = await compare(backend, [1e-30, 1.2e-7], (side) => {
      const b = side.backend;
      const x = side.normal([rows, cols]);
      const indices = side.words(Array.from({ length: rows }, (_, i) => (i * 7) % rows));
      const [y, z, sum] = [
        side.tensor([rows, cols]),
        side.tensor([rows + 3, cols]),
        side.normal([rows, cols]),
      ];
      b.gatherRows({ x, indices, y, rows, cols });
      const distinct = side.words(Array.from({ length: rows }, (_, i) => rows + 2 - i));
      b.scatterRows({ x, indices: distinct, y: z, rows, cols, yRows: rows + 3 });
      b.copy({ x, y: sum, accumulate: true });
      const part = side.normal([rows, cols]);
      b.copy({ x, y: part, size: cols });
      const filled = side.tensor([rows, cols]);
      b.fill({ x: filled, value: 0.1 });
      side.out(y, z, sum, part, filled);
    });
    expect(error).toBeLessThanOrEqual(1);
  });

  test.each(headShapes)('head norms and rotation with %o', async (shape) => {
    const error = await compare(backend, tolerance.softmax, (side) => {
      const b = side.backend;
      const rows = 7;
      const width = (shape.heads + 2 * shape.kvHeads) * shape.headDim;
      const [x, dy, y, dx] = [
        side.normal([rows, width]),
        side.normal([rows, width]),
        side.tensor([rows, width]),
        side.tensor([rows, width]),
      ];
      const [qWeight, kWeight] = [side.normal([shape.headDim]), side.normal([shape.headDim])];
      b.headNorm({ ...shape, x, qWeight, kWeight, y, rows, eps: 1e-6 });
      b.headNormBackward({ ...shape, x, qWeight, kWeight, dy, dx, rows, eps: 1e-6 });
      const tables = tablesOf(side, 20, shape.headDim);
      const positions = side.words([0, 1, 2, 19, 5, 5, 7]);
      b.rope({ ...shape, qkv: x, positions, tables, rows });
      b.rope({ ...shape, qkv: dy, positions, tables, rows, inverse: true });
      side.out(y, dx, x, dy);
    });
    expect(error).toBeLessThanOrEqual(1);
  });
});

describe('loss and optimiser', () => {
  test.each([
    [1, 7, 1],
    [7, 64, 0.7],
    [5, 65, 1.3],
    [3, 1001, 1],
  ])('cross-entropy over %i rows of %i classes at temperature %f', async (rows, vocab, temperature) => {
    const error = await compare(backend, tolerance.softmax, (side) => {
      const logits = side.normal([rows, vocab], 4);
      const targets = side.words(Array.from({ length: rows }, (_, i) => (i * 31) % vocab));
      const [nll, nll2] = [side.tensor([rows]), side.tensor([rows])];
      const rowWeights = side.normal([rows]);
      side.backend.crossEntropy({ logits, targets, nll, rows, vocab, temperature });
      side.backend.crossEntropy({ logits, targets, nll: nll2, rows, vocab, rowWeights, temperature });
      side.out(nll, nll2, logits);
    });
    expect(error).toBeLessThanOrEqual(1);
  });

  test.each([1, 7, 1001])('three clipped AdamW steps on %i parameters', async (size) => {
    const error = await compare(backend, tolerance.softmax, (side) => {
      const b = side.backend;
      const [param, m, v, squares] = [
        side.normal([size]),
        side.tensor([size]),
        side.tensor([size]),
        side.tensor([1]),
      ];
      b.fill({ x: m, value: 0 });
      b.fill({ x: v, value: 0 });
      for (let step = 1; step <= 3; step++) {
        const grad = side.normal([size]);
        b.sumSquares({ x: grad, out: squares });
        b.adamw({
          param,
          grad,
          m,
          v,
          step,
          lr: 1e-2,
          beta1: 0.9,
          beta2: 0.999,
          eps: 1e-8,
          weightDecay: 0.1,
          clip: { sumSquares: squares, maxNorm: 1 },
        });
      }
      side.out(param, m, v, squares);
    });
    expect(error).toBeLessThanOrEqual(1);
  });
});

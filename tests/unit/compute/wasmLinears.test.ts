import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend, WeightFormat } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { makeLora, pairs } from './shapes';
import { compare, Side, tolerance } from './twin';

let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend();
});

describe('linears', () => {
  const shapes = pairs.flatMap(([m, n]) => [1, 7, 64, 520].map((k) => [m, n, k] as const));

  test.each(shapes)('%i x %i from %i inputs, forward and backward', async (rows, n, k) => {
    const error = await compare(backend, tolerance.reduction, (side) => {
      const b = side.backend;
      const weight = side.matrix(n, k);
      const [x, dy] = [side.normal([rows, k]), side.normal([rows, n])];
      const [bias, residual] = [side.normal([n]), side.normal([rows, n])];
      const [y, z, dx] = [side.tensor([rows, n]), side.tensor([rows, n]), side.normal([rows, k])];
      b.linear({ x, weight, y, rows, mode: 'generate' });
      b.linear({ x, weight, y: z, rows, mode: 'train', bias, residual });
      b.linear({ x, weight, y: residual, rows, mode: 'train', residual });
      b.linearBackward({ dy, weight, dx, rows, accumulate: true });
      const dx2 = side.tensor([rows, k]);
      b.linearBackward({ dy, weight, dx: dx2, rows, accumulate: false });
      const small = side.normal([n, k]);
      const product = side.tensor([rows, n]);
      b.matmulNT({ x, b: small, y: product, rows, n, k, mode: 'train' });
      side.out(y, z, residual, dx, dx2, product);
    });
    expect(error).toBeLessThanOrEqual(1);
  });

  const loras = pairs.flatMap(([m, n]) => [
    [m, n, 8, 0],
    [m, n, 3, 0.25],
  ]);
  test.each(loras)(
    'LoRA over %i rows, %i outputs, rank %i, dropout %f',
    async (rows, outputs, rank, rate) => {
      const inputs = 37;
      const error = await compare(backend, tolerance.reduction, (side) => {
        const b = side.backend;
        const weight = side.matrix(outputs, inputs);
        const group = makeLora(side, inputs, outputs, rank);
        const [x, dy] = [side.normal([rows, inputs]), side.normal([rows, outputs])];
        const width = group.segments.length * rank;
        const [u, du] = [side.tensor([rows, width]), side.tensor([rows, width])];
        const [y, dx] = [side.tensor([rows, outputs]), side.tensor([rows, inputs])];
        const gradA = side.normal([width, inputs]);
        const gradB = side.normal([...group.b.shape]);
        const drop = rate > 0 ? { dropout: { rate, key: 0xfffffffe } } : {};
        b.loraDown({ x, group, u, rows, inputs, mode: 'train', ...drop });
        b.linear({ x, weight, y, rows, mode: 'train', lora: { ...group, u } });
        b.loraGradU({ dy, group, du, rows, outputs });
        b.linearBackward({ dy, weight, dx, rows, accumulate: false, lora: { group, du, ...drop } });
        b.loraGradAB({ x, dy, u, du, group, gradA, gradB, rows, inputs, outputs, ...drop });
        side.out(u, y, du, dx, gradA, gradB);
      });
      expect(error).toBeLessThanOrEqual(1);
    },
  );

  test.each(['f32', 'f16', 'bf16', 'q8', 'q4'] satisfies WeightFormat[])(
    'a %s weight is read back, embedded and multiplied exactly as it is stored',
    async (format) => {
      const error = await compare(backend, tolerance.reduction, async (side) => {
        const b = side.backend;
        const weight = side.matrix(37, 45, format);
        const x = side.normal([5, 45]);
        const [y, rowsOut] = [side.tensor([5, 37]), side.tensor([3, 45])];
        b.linear({ x, weight, y, rows: 5, mode: 'generate' });
        b.embed({ ids: side.words([36, 0, 9]), table: weight, y: rowsOut, rows: 3 });
        const back = side.tensor([11, 45]);
        b.write(back, await b.readRows(weight, 20, 11));
        side.out(y, rowsOut, back);
      });
      expect(error).toBeLessThanOrEqual(1);
    },
  );

  test('rows written piece by piece at odd places give the same matrix', async () => {
    const side = new Side(backend, 5);
    const values = side.numbers(29 * 11);
    const matrix = backend.matrix(29, 11, 'f32', { owner: 'test', label: 'w' });
    for (const [start, count] of [
      [3, 14],
      [0, 3],
      [17, 12],
    ] as const) {
      backend.writeRows(matrix, start, count, {
        format: 'f32',
        values: values.subarray(start * 11, (start + count) * 11),
      });
    }
    expect([...(await backend.readRows(matrix, 0, 29))]).toEqual([...values]);
  });

  test('a row has the same bits alone and among 8, 64 and 67 others', async () => {
    const side = new Side(backend, 3);
    const [n, k, rows] = [70, 600, 67];
    const weight = side.matrix(n, k);
    const x = side.normal([rows, k]);
    const group = makeLora(side, k, n, 8);
    const bias = side.normal([n]);
    const all: Float32Array[] = [];
    for (const count of [1, 2, 3, 8, 64, 67]) {
      const [u, y] = [side.tensor([count, 16]), side.tensor([count, n])];
      backend.loraDown({ x, group, u, rows: count, inputs: k, mode: 'generate' });
      backend.linear({
        x,
        weight,
        y,
        rows: count,
        mode: 'generate',
        bias,
        lora: { ...group, u },
      });
      all.push(await backend.read(y));
    }
    const last = all.at(-1)!;
    for (const part of all) expect(part).toEqual(last.subarray(0, part.length));
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend, LoraGroup, Tensor, WeightFormat } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { compare, Side, tolerance } from './twin';

/** Ragged sizes, paired so that every two neighbours of the list meet. */
const pairs = [
  [1, 7],
  [7, 64],
  [64, 65],
  [65, 1],
  [1, 65],
  [7, 65],
  [65, 64],
  [64, 1],
  [33, 100],
] as const;

let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend();
});
/** A LoRA group over two segments with a hole between them (one segment where there is no room). */
function makeLora(side: Side, inputs: number, outputs: number, rank: number): LoraGroup {
  const first = Math.max(1, Math.floor(outputs / 3));
  const segments =
    outputs < 3
      ? [{ start: 0, count: outputs, bRow: 0 }]
      : [
          { start: 0, count: first, bRow: 0 },
          { start: outputs - first, count: first, bRow: first },
        ];
  const rows = segments.reduce((sum, { count }) => sum + count, 0);
  return {
    a: side.normal([segments.length * rank, inputs], inputs ** -0.5),
    b: side.normal([rows, rank], 0.3),
    rank,
    scale: 1.7,
    segments,
  };
}

/** q|k|v shapes: head sizes that divide by 8, by 4, by 2. */
const headShapes = [
  { heads: 4, kvHeads: 2, headDim: 16 },
  { heads: 3, kvHeads: 1, headDim: 10 },
  { heads: 2, kvHeads: 2, headDim: 64 },
  { heads: 9, kvHeads: 3, headDim: 20 },
] as const;

/** Documents of the given lengths packed one after the other: (start, end) by row. */
function documentsOf(lengths: readonly number[]): number[] {
  const words: number[] = [];
  let start = 0;
  for (const length of lengths) {
    for (let i = 0; i < length; i++) words.push(start, start + length);
    start += length;
  }
  return words;
}

function tablesOf(side: Side, positions: number, headDim: number) {
  const half = headDim / 2;
  const cos = side.tensor([positions, half]);
  const sin = side.tensor([positions, half]);
  const angle = (i: number) => Math.floor(i / half) * 10000 ** (-(i % half) / half);
  const size = positions * half;
  side.backend.write(
    cos,
    Float32Array.from({ length: size }, (_, i) => Math.cos(angle(i))),
  );
  side.backend.write(
    sin,
    Float32Array.from({ length: size }, (_, i) => Math.sin(angle(i))),
  );
  return { cos, sin };
}

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
});

describe('attention', () => {
  const packings = [[1], [7], [64, 1, 65], [3, 40, 2, 2], [130]];
  test.each(headShapes.flatMap((shape) => packings.map((lengths) => ({ shape, lengths }))))(
    'forward and backward with $shape over documents $lengths',
    async ({ shape, lengths }) => {
      const rows = lengths.reduce((a, b) => a + b, 0);
      const error = await compare(backend, tolerance.reduction, (side) => {
        const { heads, kvHeads, headDim } = shape;
        const width = (heads + 2 * kvHeads) * headDim;
        const qkv = side.normal([rows, width]);
        const documents = side.words(documentsOf(lengths), [rows, 2]);
        const [out, lse] = [side.tensor([rows, heads * headDim]), side.tensor([rows, heads])];
        side.backend.attention({ ...shape, qkv, documents, out, lse, rows });
        const dout = side.normal([rows, heads * headDim]);
        const [delta, dqkv] = [side.tensor([rows, heads]), side.tensor([rows, width])];
        side.backend.attentionBackward({
          ...shape,
          qkv,
          documents,
          out,
          lse,
          dout,
          delta,
          dqkv,
          rows,
        });
        side.out(out, lse, delta, dqkv);
      });
      expect(error).toBeLessThanOrEqual(1);
    },
  );

  test.each(headShapes)('through a block table in any order with %o', async (shape) => {
    const error = await compare(backend, tolerance.reduction, (side) => {
      const { heads, kvHeads, headDim } = shape;
      const [b, blockSize, maxBlocks] = [side.backend, 4, 5];
      const table = [3, 9, 1, 0, 7, 8, 2, 5, 6, 4];
      // Sequence 0 has 18 positions, sequence 1 has 6; the rows of both are mixed.
      const places = [
        ...Array.from({ length: 18 }, (_, i) => [0, i]),
        ...Array.from({ length: 6 }, (_, i) => [1, i]),
      ] as [number, number][];
      places.reverse();
      const rows = places.length;
      const slot = ([s, i]: [number, number]) =>
        table[s * maxBlocks + Math.floor(i / blockSize)]! * blockSize + (i % blockSize);
      const width = (heads + 2 * kvHeads) * headDim;
      const qkv = side.normal([rows, width]);
      const [kCache, vCache] = [side.normal([40, kvHeads * headDim]), side.normal([40, kvHeads * headDim])];
      const positions = side.words(places.map(([, i]) => i));
      const tables = tablesOf(side, 20, headDim);
      const slots = side.words(places.map(slot));
      b.ropeAndCache({ ...shape, qkv, positions, slots, tables, kCache, vCache, rows });
      const out = side.tensor([rows, heads * headDim]);
      b.attentionPaged({
        ...shape,
        qkv,
        kCache,
        vCache,
        out,
        sequences: side.words(places.map(([s]) => s)),
        positions,
        blockTable: side.words(table, [2, maxBlocks]),
        maxBlocks,
        blockSize,
        rows,
      });
      // k of qkv is left as it was or rotated: only q is promised, so it is compared through the caches.
      side.out(out, kCache, vCache);
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

describe('promises', () => {
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

  test('memory goes back to where it was, and is reused', () => {
    const before = backend.ledger.total;
    const tensors: Tensor[] = [];
    for (let i = 0; i < 20; i++) tensors.push(backend.tensor([1000 + i], { owner: 'a', label: 'x' }));
    for (const i of [3, 7, 4, 19, 0]) backend.release(tensors[i]!);
    backend.release(...tensors);
    const matrix = backend.matrix(100, 100, 'q4', { owner: 'a', label: 'm' });
    backend.releaseMatrix(matrix, matrix);
    expect(backend.ledger.total).toBe(before);
    expect(() => backend.fill({ x: tensors[0]!, value: 0 })).toThrow(/released/);
  });

  test('too much memory is refused with numbers, and the backend goes on', async () => {
    const own = await createWasmBackend();
    expect(() => own.tensor([2 ** 31], { owner: 'a', label: 'giant' })).toThrow(/8589934592 bytes/);
    const x = own.tensor([100], { owner: 'a', label: 'x' });
    own.fill({ x, value: 2 });
    expect((await own.read(x))[99]).toBe(2);
  });

  test('weights and activations that lie past 2 GiB give the same numbers', async () => {
    const own = await createWasmBackend();
    // Never touched, so it costs address space only.
    own.tensor([560_000_000], { owner: 'a', label: 'far' });
    const error = await compare(own, tolerance.reduction, (side) => {
      const weight = side.matrix(33, 70);
      const [x, y, dx] = [side.normal([9, 70]), side.tensor([9, 33]), side.tensor([9, 70])];
      side.backend.linear({ x, weight, y, rows: 9, mode: 'generate' });
      side.backend.linearBackward({ dy: y, weight, dx, rows: 9, accumulate: false });
      const norm = side.tensor([9, 70]);
      const gain = side.normal([70]);
      side.backend.rmsNorm({ x: dx, weight: gain, y: norm, rows: 9, cols: 70, eps: 1e-5 });
      side.out(y, dx, norm);
    });
    expect(own.ledger.total).toBeGreaterThan(2 ** 31);
    expect(error).toBeLessThanOrEqual(1);
  });

  test.each([0, 17, 1.5])('%s threads are refused', async (threads) => {
    await expect(createWasmBackend({ threads })).rejects.toThrow(/1 to 16/);
  });

  test('NaN and infinity are not hidden by the loss, the gate or the norm', async () => {
    const side = new Side(backend, 1);
    const logits = side.tensor([1, 9]);
    backend.write(logits, Float32Array.from([1, 2, NaN, 4, 5, 6, 7, 8, 9]));
    const nll = side.tensor([1]);
    backend.crossEntropy({ logits, targets: side.words([0]), nll, rows: 1, vocab: 9 });
    expect((await backend.read(nll))[0]).toBeNaN();
    const gu = side.tensor([1, 10]);
    backend.write(gu, Float32Array.from([NaN, 1, 1, 1, NaN, 1, 1, 1, 1, 1]));
    const y = side.tensor([1, 5]);
    backend.swiglu({ gu, y, rows: 1, ffn: 5 });
    const gated = await backend.read(y);
    expect([gated[0], gated[4]]).toEqual([NaN, NaN]);
  });

  test('wild ids and short tensors are refused at the call', () => {
    const side = new Side(backend, 1);
    const table = side.matrix(5, 4);
    const y = side.tensor([2, 4]);
    expect(() => backend.embed({ ids: side.words([1, 5]), table, y, rows: 2 })).toThrow(/below 5/);
    expect(() => backend.embed({ ids: side.words([1, 2, 3]), table, y, rows: 3 })).toThrow(/12 are needed/);
  });
});

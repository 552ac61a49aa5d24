import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { documentsOf, headShapes, tablesOf } from './shapes';
import { compare, tolerance } from './twin';

let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend();
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

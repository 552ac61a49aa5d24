import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { firstDifference, Side } from './twin';

let one: Backend;
let three: Backend;
beforeAll(async () => {
  one = await createWasmBackend({ threads: 1 });
  three = await createWasmBackend({ threads: 3 });
});
afterAll(() => {
  three.dispose();
});

/** Outputs of `body` on one and on three threads. */
async function both(body: (side: Side) => void): Promise<[Float32Array[], Float32Array[]]> {
  const results: Float32Array[][] = [];
  for (const backend of [one, three]) {
    const side = new Side(backend, 9);
    body(side);
    const read = [];
    for (const tensor of side.outputs) read.push(await backend.read(tensor));
    results.push(read);
  }
  return [results[0]!, results[1]!];
}

describe('three threads give the bits of one', () => {
  test('in Node a pool really starts', () => {
    expect(three.device).toBe('WASM SIMD, 3 threads');
  });

  test.each([
    [1, 1203, 420],
    [5, 401, 300],
    [130, 36, 520],
    [1201, 20, 65],
  ])('in products of %i rows, %i outputs, %i inputs', async (rows, n, k) => {
    const [a, b] = await both((side) => {
      const weight = side.matrix(n, k);
      const [x, dy] = [side.normal([rows, k]), side.normal([rows, n])];
      const [y, dx] = [side.tensor([rows, n]), side.tensor([rows, k])];
      side.backend.linear({ x, weight, y, rows, mode: 'generate' });
      side.backend.linearBackward({ dy, weight, dx, rows, accumulate: false });
      side.out(y, dx);
    });
    expect(b.map((values, i) => firstDifference(values, a[i]!))).toEqual(a.map(() => -1));
    expect(a[0]!.some((value) => value !== 0)).toBe(true);
  });

  test('in attention, its gradient, the gate, the loss and the optimiser', async () => {
    const [a, b] = await both((side) => {
      const shape = { heads: 6, kvHeads: 3, headDim: 20 };
      const width = 240;
      const lengths = [80, 3, 47, 80];
      const rows = 210;
      const documents: number[] = [];
      let start = 0;
      for (const length of lengths) {
        for (let i = 0; i < length; i++) documents.push(start, start + length);
        start += length;
      }
      const ids = side.words(documents, [rows, 2]);
      const [qkv, dout] = [side.normal([rows, width]), side.normal([rows, 120])];
      const [out, lse, delta, dqkv] = [
        side.tensor([rows, 120]),
        side.tensor([rows, 6]),
        side.tensor([rows, 6]),
        side.tensor([rows, width]),
      ];
      const backend = side.backend;
      backend.attention({ ...shape, qkv, documents: ids, out, lse, rows });
      backend.attentionBackward({
        ...shape,
        qkv,
        documents: ids,
        out,
        lse,
        dout,
        delta,
        dqkv,
        rows,
      });
      const gu = side.normal([rows, 400]);
      const gated = side.tensor([rows, 200]);
      backend.swiglu({ gu, y: gated, rows, ffn: 200 });
      const logits = side.normal([rows, 300]);
      const nll = side.tensor([rows]);
      const targets = side.words(Array.from({ length: rows }, (_, i) => i));
      backend.crossEntropy({ logits, targets, nll, rows, vocab: 300, rowWeights: side.normal([rows]) });
      const param = side.normal([60_001]);
      const [m, v] = [side.normal([60_001]), side.tensor([60_001])];
      backend.fill({ x: v, value: 1 });
      backend.adamw({
        param,
        grad: side.normal([60_001]),
        m,
        v,
        step: 3,
        lr: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.01,
      });
      side.out(out, lse, dqkv, gated, logits, nll, param, m, v);
    });
    expect(b.map((values, i) => firstDifference(values, a[i]!))).toEqual(a.map(() => -1));
  });

  test('and weights loaded past the memory of the start are seen by all of them', async () => {
    const side = new Side(three, 2);
    const big = three.tensor([5_000_000], { owner: 'test', label: 'big' });
    three.fill({ x: big, value: 1 });
    const weight = side.matrix(300, 300);
    const x = side.normal([16, 300]);
    const y = side.tensor([16, 300]);
    three.linear({ x, weight, y, rows: 16, mode: 'generate' });
    const reference = new Side(one, 2);
    const w1 = reference.matrix(300, 300);
    const x1 = reference.normal([16, 300]);
    const y1 = reference.tensor([16, 300]);
    one.linear({ x: x1, weight: w1, y: y1, rows: 16, mode: 'generate' });
    expect(firstDifference(await three.read(y), await one.read(y1))).toBe(-1);
  });
});

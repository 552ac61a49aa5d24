import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend, Tensor } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { compare, Side, tolerance } from './twin';

let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend();
});

describe('memory and refusals', () => {
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

import { beforeAll, describe, expect, test } from 'vitest';
import { linearCases } from '../../../src/compute/opCasesLinear';
import { rowCases } from '../../../src/compute/opCasesRows';
import type { Backend, Tensor } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { holdAgainstReference } from '../../support/backendSuite';

const at = { owner: 'test', label: 'test' };
let backend: Backend;
beforeAll(async () => {
  backend = await createWasmBackend();
});

function words(values: readonly number[]): Tensor {
  const tensor = backend.tensor([values.length], { ...at, dtype: 'u32' });
  backend.write(tensor, Uint32Array.from(values));
  return tensor;
}

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

  test('too much memory is refused with numbers, and the backend keeps working', async () => {
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
    await holdAgainstReference(own, linearCases.linear(9, 70, 33, { mode: 'generate' }));
    await holdAgainstReference(own, linearCases.linearBackward(9, 70, 33));
    await holdAgainstReference(own, rowCases.rmsNorm(9, 70));
    expect(own.ledger.total).toBeGreaterThan(2 ** 31);
  });

  test.each([0, 17, 1.5])('%s threads are refused', async (threads) => {
    await expect(createWasmBackend({ threads })).rejects.toThrow(/1 to 16/);
  });

  test('NaN and infinity are not hidden by the loss, the gate or the norm', async () => {
    const logits = backend.tensor([1, 9], at);
    backend.write(logits, Float32Array.from([1, 2, NaN, 4, 5, 6, 7, 8, 9]));
    const nll = backend.tensor([1], at);
    backend.crossEntropy({ logits, targets: words([0]), nll, rows: 1, vocab: 9 });
    expect((await backend.read(nll))[0]).toBeNaN();
    const gateUp = backend.tensor([1, 10], at);
    backend.write(gateUp, Float32Array.from([NaN, 1, 1, 1, NaN, 1, 1, 1, 1, 1]));
    const y = backend.tensor([1, 5], at);
    backend.swiglu({ gateUp, y, rows: 1, ffn: 5 });
    const gated = await backend.read(y);
    expect([gated[0], gated[4]]).toEqual([NaN, NaN]);
  });

  test('wild ids and short tensors are refused at the call', () => {
    const table = backend.matrix(5, 4, 'f32', at);
    const y = backend.tensor([2, 4], at);
    expect(() => backend.embed({ ids: words([1, 5]), table, y, rows: 2 })).toThrow(/below 5/);
    expect(() => backend.embed({ ids: words([1, 2, 3]), table, y, rows: 3 })).toThrow(/12 are needed/);
  });
});

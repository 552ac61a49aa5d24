import { expect, test } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';

test('a linear with bias, residual and one LoRA segment gives the hand-worked numbers', async () => {
  const b = createReferenceBackend();
  const make = (shape: number[], values: number[]) => {
    const tensor = b.tensor(shape, { owner: 't', label: 'x' });
    b.write(tensor, Float32Array.from(values));
    return tensor;
  };
  const weight = b.matrix(2, 2, 'f32', { owner: 't', label: 'w' });
  b.writeRows(weight, 0, 2, { format: 'f32', values: Float32Array.from([1, 2, 3, 4]) });
  const x = make([1, 2], [1, -1]);
  const y = make([1, 2], [0.5, 0.25]);
  const group = {
    a: make([1, 2], [2, 1]),
    b: make([1, 1], [3]),
    rank: 1,
    scale: 0.5,
    segments: [{ start: 1, count: 1, bRow: 0 }],
  };
  const u = make([1, 1], [0]);
  b.loraDown({ x, group, u, rows: 1, inputs: 2, mode: 'train' });
  b.linear({
    x,
    weight,
    y,
    rows: 1,
    mode: 'train',
    bias: make([2], [10, 20]),
    residual: y,
    lora: { ...group, u },
  });
  // x W^T = (1-2, 3-4) = (-1, -1); u = 2-1 = 1, 0.5 * 1 * 3 = 1.5 on column 1.
  expect([...(await b.read(y))]).toEqual([-1 + 10 + 0.5, -1 + 20 + 0.25 + 1.5]);
});

test('everything released brings the ledger back to zero, and use after release is refused', () => {
  const b = createReferenceBackend();
  const x = b.tensor([64, 3], { owner: 'a', label: 'x' });
  const view = b.view(x, 64, [64]);
  b.release(view);
  expect(b.ledger.total).toBeGreaterThan(0);
  b.release(x);
  expect(b.ledger.total).toBe(0);
  expect(() => b.fill({ x, value: 1 })).toThrow(/released/);
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpCase } from '../../../src/compute/opCase';
import { attentionCases } from '../../../src/compute/opCasesAttention';
import { linearCases } from '../../../src/compute/opCasesLinear';
import { rowCases } from '../../../src/compute/opCasesRows';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { bitsOf } from '../../support/backendSuite';

let one: Backend;
let three: Backend;
beforeAll(async () => {
  one = await createWasmBackend({ threads: 1 });
  three = await createWasmBackend({ threads: 3 });
});
afterAll(() => {
  three.dispose();
});

/** toEqual takes seconds on long arrays. */
const sameBits = (a: Float32Array, b: Float32Array): boolean => {
  const other = bitsOf(b);
  return a.length === b.length && bitsOf(a).every((word, i) => word === other[i]);
};

async function expectSameBits(op: OpCase): Promise<void> {
  const [a, b] = [await op.run(one), await op.run(three)];
  expect(a.map((values, i) => sameBits(values, b[i]!))).toEqual(a.map(() => true));
  expect(a.every((values) => values.some((value) => value !== 0))).toBe(true);
}

describe('three threads give the bits of one', () => {
  test('in Node a pool really starts', () => {
    expect(three.device).toMatch(/^WASM SIMD, 3 threads(, FMA)?$/);
  });

  test.each([
    [1, 1203, 420],
    [5, 401, 300],
    [130, 36, 520],
    [1201, 20, 65],
  ])('in products of %i rows, %i outputs, %i inputs', async (rows, outputs, inputs) => {
    await expectSameBits(linearCases.linear(rows, inputs, outputs, { mode: 'generate' }));
    await expectSameBits(linearCases.linearBackward(rows, inputs, outputs));
  });

  test.each([
    [
      'attention and its gradient',
      attentionCases.attention(210, { heads: 6, kvHeads: 3, headDim: 20 }, [80, 3, 47, 80]),
    ],
    ['the gate', rowCases.swiglu(210, 200)],
    ['the loss', rowCases.crossEntropy(210, 300, true)],
    ['the optimiser', rowCases.adamw(60_001, true)],
  ])('in %s', async (_, op) => {
    await expectSameBits(op);
  });

  test('and weights loaded past the memory of the start are seen by all of them', async () => {
    const big = three.tensor([5_000_000], { owner: 'test', label: 'big' });
    three.fill({ x: big, value: 1 });
    await expectSameBits(linearCases.linear(16, 300, 300, { mode: 'generate' }));
    three.release(big);
  });
});

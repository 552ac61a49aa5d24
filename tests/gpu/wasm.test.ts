/** The WASM backend in a real browser, beside the f64 reference: one thread, and several where the page is isolated. */
import { expect, test } from 'vitest';
import type { Backend } from '../../src/compute/ops';
import { createReferenceBackend } from '../../src/compute/referenceBackend';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { RandomStream } from '../../src/core/rng';

/** y = x W^T and its gradient on 64 rows of 300 inputs and 130 outputs, always the same numbers. */
async function products(backend: Backend): Promise<Float32Array[]> {
  const random = new RandomStream(4);
  const numbers = (count: number) => Float32Array.from({ length: count }, () => random.normal());
  const owner = { owner: 'test', label: 'test' };
  const weight = backend.matrix(130, 300, 'f32', owner);
  backend.writeRows(weight, 0, 130, { format: 'f32', values: numbers(130 * 300) });
  const [x, y, dx] = [
    backend.tensor([64, 300], owner),
    backend.tensor([64, 130], owner),
    backend.tensor([64, 300], owner),
  ];
  backend.write(x, numbers(64 * 300));
  backend.linear({ x, weight, y, rows: 64, mode: 'generate' });
  backend.linearBackward({ dy: y, weight, dx, rows: 64, accumulate: false });
  return [await backend.read(y), await backend.read(dx)];
}

test('one thread in the page agrees with the reference', async () => {
  const backend = await createWasmBackend();
  const [got, want] = [await products(backend), await products(createReferenceBackend())];
  got.forEach((values, i) =>
    values.forEach((value, j) => {
      const target = want[i]![j]!;
      if (!(Math.abs(value - target) <= 1e-3 + 1e-3 * Math.abs(target)))
        expect.fail(`output ${i}[${j}]: ${value}, ${target} is right`);
    }),
  );
  backend.dispose();
});

test('two threads give the same bits as one in an isolated page', async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const [one, two] = [await createWasmBackend(), await createWasmBackend({ threads: 2 })];
  expect(two.device).toBe('WASM SIMD, 2 threads');
  expect(await products(two)).toEqual(await products(one));
  two.dispose();
  one.dispose();
});

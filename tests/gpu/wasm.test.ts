/** The WASM backend in a real browser: threads, fused multiply-adds, weights in their own format. */
import { expect, test } from 'vitest';
import { linearCases } from '../../src/compute/opCasesLinear';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { fusedAvailable } from '../../src/cpu/fused';
import { holdAgainstReference } from '../support/backendSuite';
import { formats } from '../support/opTable';

test('two threads give the same bits as one in an isolated page', async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const [one, two] = [await createWasmBackend(), await createWasmBackend({ threads: 2 })];
  expect(two.device).toMatch(/^WASM SIMD, 2 threads(, FMA)?$/);
  for (const op of [linearCases.linear(64, 300, 530), linearCases.linearBackward(64, 300, 530)])
    expect(await op.run(two)).toEqual(await op.run(one));
  two.dispose();
  one.dispose();
});

test.each([true, false])('weights of every format equal the reference, fused: %s', async (fused) => {
  const backend = await createWasmBackend({ fused, packFrom: 0 });
  expect(backend.device.endsWith('FMA')).toBe(fused && (await fusedAvailable()));
  for (const format of formats)
    for (const rows of [1, 5, 64]) {
      await holdAgainstReference(backend, linearCases.linear(rows, 300, 130, { format, mode: 'generate' }));
      await holdAgainstReference(backend, linearCases.linearBackward(rows, 300, 130, { format }));
    }
  backend.dispose();
});

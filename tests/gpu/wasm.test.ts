/** The WASM backend's threads in a real browser; backends.test.ts holds its numbers against the reference. */
import { expect, test } from 'vitest';
import { linearCases } from '../../src/compute/opCasesLinear';
import { createWasmBackend } from '../../src/compute/wasmBackend';

test('two threads give the same bits as one in an isolated page', async () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
  const [one, two] = [await createWasmBackend(), await createWasmBackend({ threads: 2 })];
  expect(two.device).toBe('WASM SIMD, 2 threads');
  for (const op of [linearCases.linear(64, 300, 130), linearCases.linearBackward(64, 300, 130)])
    expect(await op.run(two)).toEqual(await op.run(one));
  two.dispose();
  one.dispose();
});

import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { expect, test } from 'vitest';
import { fusedAvailable } from '../../../src/cpu/fused';

test('a machine that has relaxed SIMD and a fused instruction says so', async () => {
  // Node 20 has it behind a flag; Chromium and later Nodes without one.
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  const arm = process.arch === 'arm64';
  const told = arm || / fma /.test(await readFile('/proc/cpuinfo', 'utf8').catch(() => ' fma '));
  expect(await fusedAvailable()).toBe(told);
});

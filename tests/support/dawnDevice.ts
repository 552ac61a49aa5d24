/** The device of Dawn on which the tests of a file run. */
import { afterAll, beforeAll } from 'vitest';
import { dawnPossible } from '../../scripts/lib/dawn.mjs';
import { dawnBackend } from '../../scripts/toolsNode';
import type { GpuBackend } from '../../src/compute/gpuBackend';
import type { Variants } from '../../src/gpu/variants';

/** Opens it before the tests, in these forms; what is returned gives it to a test, which is skipped where there is no driver. */
export function dawnDevice(
  forms: Partial<Variants> = {},
): (context: { skip(note: string): never }) => GpuBackend {
  let backend: GpuBackend | null = null;
  beforeAll(async () => {
    if (dawnPossible()) backend = await dawnBackend();
    backend?.useVariants(forms);
  });
  afterAll(() => backend?.dispose());
  return ({ skip }) => backend ?? skip('no driver');
}

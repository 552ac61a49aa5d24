/** Tokens that the device chooses, as a GPU does it and a software adapter does not. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { dawnPossible } from '../../scripts/lib/dawn.mjs';
import { dawnBackend } from '../../scripts/toolsNode';
import type { GpuBackend } from '../../src/compute/gpuBackend';
import { caseName } from '../../src/compute/opCase';
import { holdAgainstReference } from '../support/backendSuite';
import { samplingTable } from '../support/opTable';

let backend: GpuBackend | null = null;
beforeAll(async () => {
  if (dawnPossible()) backend = await dawnBackend();
  backend?.useVariants({ sampling: 'device' });
});
afterAll(() => backend?.dispose());
const opened = ({ skip }: { skip(note: string): never }): GpuBackend => backend ?? skip('no driver');

describe('tokens of the device equal those of the reference', () => {
  test.for(samplingTable.map((one) => [caseName(one), one] as const))(
    '%s',
    { timeout: 300_000 },
    async ([, one], context) => {
      await holdAgainstReference(opened(context), one);
    },
  );
});

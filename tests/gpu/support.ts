import { expect, type TestContext } from 'vitest';
import { createGpuBackend, type GpuBackend, type GpuOptions } from '../../src/compute/gpuBackend';
import { largestError, type OpCase } from '../../src/compute/opCase';
import { createReferenceBackend } from '../../src/compute/referenceBackend';
import { GpuUnavailableError } from '../../src/core/errors';

/** A backend; without an adapter the test is skipped and says so, or fails where REQUIRE_GPU is set. */
export async function gpuBackend(context: TestContext, options?: GpuOptions): Promise<GpuBackend> {
  try {
    const backend = await createGpuBackend(navigator.gpu, options);
    context.onTestFinished(() => {
      backend.dispose();
    });
    return backend;
  } catch (error) {
    if (!(error instanceof GpuUnavailableError) || import.meta.env['REQUIRE_GPU'] === '1') throw error;
    return context.skip(`no GPU adapter: ${error.message} ${error.hint}`);
  }
}

/** Runs cases on both backends; each must stay inside its tolerance and leave no buffer behind. */
export async function holdAgainstReference(backend: GpuBackend, cases: readonly OpCase[]): Promise<void> {
  const reference = createReferenceBackend();
  for (const test of cases) {
    const wanted = await test.run(reference);
    const got = await test.run(backend);
    const name = `${test.kernels.join(', ')} ${test.variant} ${test.shape.join('x')}`;
    expect(largestError(got, wanted, test), name).toBeLessThanOrEqual(1);
    expect(Object.keys(backend.ledger.byOwner()), name).not.toContain('selftest');
  }
  reference.dispose();
}

import type { TestContext } from 'vitest';
import { createGpuBackend, type GpuBackend, type GpuOptions } from '../../src/compute/gpuBackend';
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

/** The kernel variants that a backend runs. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';

/** Whether the backend has kernel variants. */
export const onGpu = (backend: Backend): backend is GpuBackend =>
  backend.kind === 'webgpu' && 'useVariants' in backend;

/** The kernel variants in use as text, where the backend has a choice: they fix the order of every sum. */
export function variantsOf(backend: Backend): string | null {
  return onGpu(backend) ? JSON.stringify(backend.variants()) : null;
}

/** The engine's kernels for a reader: the files, and the forms of each that ran. */
import type { GpuBackend } from '../compute/gpuBackend';
import type { Backend } from '../compute/ops';
import type { KernelInfo } from '../wire/device';
import { kernelSources } from '../gpu/kernels';
import { kernelCode } from '../gpu/pipelines';

/** `backend` is the one in use, null before any work; only WebGPU compiles kernels. */
export function kernelInfos(backend: Backend | null): KernelInfo[] {
  const compiled = backend?.kind === 'webgpu' ? (backend as GpuBackend).recorder.pipelines.compiled : [];
  return Object.entries(kernelSources).map(([name, source]) => ({
    name,
    source,
    compiled: compiled
      .filter(({ spec }) => spec.name === name)
      .map(({ key, spec }) => ({ key, code: kernelCode(spec, key.endsWith(' shared')) })),
  }));
}

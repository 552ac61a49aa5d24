/** What a page can learn of the machine that it runs on. */
import { memoryFacts, type MachineFacts } from '../models/memoryPlan';

/** Asks for an adapter, which starts the browser's GPU process. */
export async function machineFacts(
  backend: 'auto' | 'webgpu' | 'cpu',
  known: { readonly budget: number | null; readonly held: number | null },
): Promise<MachineFacts> {
  const adapter =
    backend !== 'cpu' && 'gpu' in navigator ? await navigator.gpu.requestAdapter().catch(() => null) : null;
  // A software adapter computes in the machine's own memory, where the CPU backend is faster.
  const software = adapter?.info.isFallbackAdapter ?? false;
  return {
    backend: adapter && (backend === 'webgpu' || !software) ? 'webgpu' : 'cpu',
    ...memoryFacts(navigator),
    maxBufferBytes: adapter?.limits.maxBufferSize ?? null,
    features: adapter ? [...adapter.features] : [],
    ...known,
  };
}

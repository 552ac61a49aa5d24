/** The planner's bytes on WebGPU against the peak of the buffer pool's own ledger. */
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { UrlSource } from '../../src/lm/sources';
import { gpuSizer } from '../../src/models/engineMemory';
import { runWork } from '../unit/models/memoryWork';

describe("the planner's bytes on WebGPU are within 10 % of the ledger's peak", () => {
  const bundled = { batch: 2, length: 48, response: 20 };
  const tiny = { batch: 2, length: 32, response: 12 };
  const at = (path: string): UrlSource => new UrlSource(`${location.origin}/${path}`);
  it.each([
    ['a bundled agent that debates', at('models/agent-a'), null],
    ['the bundled student that trains', at('models/student'), bundled],
    ['a tiny random Qwen3', at('tests/golden/lm/qwen3'), tiny],
  ])('for %s', async (_, source, training) => {
    const backend = await createGpuBackend(navigator.gpu);
    const work = { sequences: 4, prompt: 40, reply: 2, training };
    const { planned, peak } = await runWork(backend, source, gpuSizer, work);
    backend.dispose();
    expect(Math.abs(planned / peak - 1)).toBeLessThan(0.1);
  });
});

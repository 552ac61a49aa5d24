/** The planner's bytes on WebGPU against the peak of the buffer pool's own ledger. */
import { describe, expect, it } from 'vitest';
import { createGpuBackend } from '../../src/compute/gpuBackend';
import { UrlSource } from '../../src/lm/sources';
import { gpuSizer } from '../../src/models/engineMemory';
import { runWork } from '../unit/models/memoryWork';

describe("the planner's bytes on WebGPU are within 10 % of the ledger's peak", () => {
  it.each([
    ['a bundled agent that debates', 'public/models/agent-a', null],
    ['the bundled student that trains', 'public/models/student', { batch: 2, length: 48, response: 20 }],
  ])('for %s', async (_, folder, training) => {
    const backend = await createGpuBackend(navigator.gpu);
    const source = new UrlSource(`${location.origin}/${folder.replace(/^public\//, '')}`);
    const work = { sequences: 4, prompt: 40, reply: 2, training };
    const { planned, peak } = await runWork(backend, source, gpuSizer, work);
    backend.dispose();
    expect(Math.abs(planned / peak - 1)).toBeLessThan(0.1);
  });
});

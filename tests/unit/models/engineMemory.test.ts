import { describe, expect, it } from 'vitest';
import { NodeSource } from '../../../scripts/nodeSource';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { parseJson } from '../../../src/core/json';
import { readAll, type FileSource } from '../../../src/core/fileSource';
import { createGpuBackend } from '../../../src/compute/gpuBackend';
import { cpuSizer, gpuSizer } from '../../../src/models/engineMemory';
import { CountingGpu } from '../../support/countingGpu/countingGpu';
import { golden } from '../lm/fixtures';
import { familyFolder } from '../train/golden';
import { runWork, type Work } from './memoryWork';

const agentWork: Work = { sequences: 24, prompt: 60, reply: 12, training: null };
const studentWork: Work = {
  sequences: 4,
  prompt: 40,
  reply: 8,
  training: { batch: 16, length: 56, response: 24 },
};

describe("the planner's bytes on the CPU are within 10 % of the ledger's peak", () => {
  it.each([
    ['a bundled agent that debates', 'public/models/agent-a', agentWork],
    ['the bundled student that trains', 'public/models/student', studentWork],
  ])('for %s', async (_, folder, work) => {
    const backend = await createWasmBackend();
    const { planned, peak } = await runWork(backend, await NodeSource.open(folder), cpuSizer(1), work);
    expect(Math.abs(planned / peak - 1)).toBeLessThan(0.1);
    backend.dispose();
  });

  it.each(['llama-odd', 'qwen2', 'qwen3', 'gguf'])('for a tiny random model of %s', async (name) => {
    const backend = await createWasmBackend();
    const { source } = await golden(name);
    const { planned, peak } = await runWork(backend, source, cpuSizer(1), {
      ...studentWork,
      training: { batch: 8, length: 32, response: 12 },
    });
    expect(Math.abs(planned / peak - 1)).toBeLessThan(0.1);
    backend.dispose();
  });

  it.each(['granite', 'smollm3', 'olmo2', 'gemma2', 'gemma3', 'phi3'] as const)(
    'for a tiny random model of %s',
    async (family) => {
      const backend = await createWasmBackend();
      const { source } = await familyFolder(family);
      const { planned, peak } = await runWork(backend, source, cpuSizer(1), {
        ...studentWork,
        prompt: 20,
        training: { batch: 8, length: 30, response: 12 },
      });
      expect(Math.abs(planned / peak - 1)).toBeLessThan(0.1);
      backend.dispose();
    },
  );
});

/** The model with a longer context than its config.json gives it. */
async function withContext(source: FileSource, tokens: number): Promise<FileSource> {
  const config = parseJson(new TextDecoder().decode(await readAll(source, 'config.json')));
  const bytes = new TextEncoder().encode(
    JSON.stringify({ ...(config as object), max_position_embeddings: tokens }),
  );
  return {
    name: source.name,
    has: (path) => source.has(path),
    list: () => source.list(),
    size: async (path) => (path === 'config.json' ? bytes.length : source.size(path)),
    read: async (path, start, end) =>
      path === 'config.json' ? bytes.slice(start, end) : source.read(path, start, end),
  };
}

it('rows of attention that a GPU takes in parts have their scratch in the plan', async () => {
  const backend = await createGpuBackend(new CountingGpu().gpu);
  const source = await withContext((await golden('llama-odd')).source, 1024);
  const long: Work = { sequences: 2, prompt: 700, reply: 8, training: null };
  const { planned, peak } = await runWork(backend, source, gpuSizer, long);
  expect(planned / peak).toBeGreaterThan(0.9);
  expect(planned / peak).toBeLessThan(1.1);
});

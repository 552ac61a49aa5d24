/** A run's student as a model of its own, through the coordinator and the engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import { BusyError, InterruptedError, ModelError, OutOfMemoryError } from '../../../src/core/errors';
import { MemorySource } from '../../../src/core/fileSource';
import type { ExportProgress, StudentExport } from '../../../src/wire/students';
import { loadModel } from '../../../src/lm/load';
import { loadTokenizer } from '../../../src/lm/tokenizer';
import { openNodeJob, tinyJob, type NodeJob } from '../../support/nodeJob';

let job: NodeJob;
let chosen: StudentExport;

const make = (
  student: StudentExport,
  budget: number | null,
  options?: { signal?: AbortSignal; onProgress?: (progress: ExportProgress) => void },
): Promise<Readonly<Record<string, Uint8Array>>> =>
  job.api.students.exportStudent({ chosen: student, budget }, options);

beforeAll(async () => {
  job = await openNodeJob();
  const { id } = await job.coordinator.start(tinyJob, null);
  await job.coordinator.ended();
  chosen = { runId: id, strategy: 'rsft', seed: 0, format: 'merged' };
}, 120_000);
afterAll(() => job.close());

describe('a student that is exported', () => {
  it('is a folder that loads, with changed weights wherever the adapter is trained', async () => {
    const said: Extract<ExportProgress, { type: 'merge' }>[] = [];
    const files = await make(chosen, null, {
      onProgress: (progress) => progress.type === 'merge' && said.push(progress),
    });
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['model.safetensors', 'config.json', 'tokenizer.json']),
    );
    const own = new MemorySource(
      new Map(Object.entries(files)) as Map<string, Uint8Array<ArrayBuffer>>,
      'own',
    );
    const backend = createReferenceBackend();
    const model = await loadModel(own, backend, { owner: 'own' });
    await loadTokenizer(own, { eosIds: model.config.eosIds });
    expect(said.map(({ done }) => done)).toEqual(Array.from({ length: model.config.layers }, (_, i) => i));
    expect(said[0]?.bytes).toBeGreaterThan(0.9 * files['model.safetensors']!.length);
    expect(said[0]?.bytes).toBeLessThan(1.1 * files['model.safetensors']!.length);
  });

  // tests/unit/train/export.test.ts has those that can.
  it('is no GGUF file where its tokenizer is one of words', async () => {
    const refused = make({ ...chosen, format: 'gguf' }, null);
    await expect(refused).rejects.toBeInstanceOf(ModelError);
  });

  it('is refused before anything is made where the machine has no room, with numbers', async () => {
    const refused = make(chosen, 100_000);
    await expect(refused).rejects.toBeInstanceOf(OutOfMemoryError);
    await expect(refused).rejects.toThrow(/would hold \d+ MB, more than the 1 MB of this machine/);
  });

  it('can be cancelled, and is made by the next call', async () => {
    const controller = new AbortController();
    const stopped = make(chosen, null, {
      signal: controller.signal,
      onProgress: ({ type }) => type === 'merge' && controller.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(Object.keys(await make(chosen, null))).toContain('model.safetensors');
  });

  it('waits for no run: one that works has the machine', async () => {
    const { id } = await job.coordinator.start({ ...tinyJob, seed: 5 }, null);
    await expect(make(chosen, null)).rejects.toBeInstanceOf(BusyError);
    await job.coordinator.stop();
    await job.coordinator.ended();
    expect(id).not.toBe('');
  });
});

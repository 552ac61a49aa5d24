import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../../src/settings/config';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import type { JobStore } from '../../../src/store/jobStore';
import { faultyStore, type Fault } from '../../support/faultyStore';
import { createMemoryStore } from '../../support/memoryStore';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

/** Every write of the run with EXHAUSTIVE=1; else every fourth, which takes seconds. */
const stride = process.env['EXHAUSTIVE'] ? 1 : 4;

/** A run of some forty writes. */
const tiny: RunConfig = {
  ...tinyJob,
  trainQuestions: 2,
  validationQuestions: 1,
  testQuestions: 1,
  nAgents: 2,
  steps: 2,
  batch: 2,
  maxTokens: 24,
  selfCheck: false,
};

const newJob = nodeJobs();

/** Everything that a run has made, as bytes where it is bytes. */
async function made(store: JobStore, id: string) {
  const adapters = await store.listAdapters(id);
  const files = await Promise.all(
    adapters.map(async ({ strategy, seed }) => [
      strategy,
      seed,
      await store.getAdapter({ runId: id, strategy, seed }),
    ]),
  );
  const { timings: _, ...report } = (await store.getReport(id))!;
  return {
    turns: trajectoriesJsonl(await store.getTurns(id)),
    logs: (await store.getLogs(id)).map(({ steps }) => steps.map(({ loss, step }) => [step, loss])),
    files,
    report: JSON.stringify(report, (key, value: unknown) => (/seconds/i.test(key) ? 0 : value)),
  };
}

async function undisturbed() {
  const faulty = faultyStore(createMemoryStore(), -1, 'quota');
  const job = await newJob(faulty.store);
  const { id } = await job.coordinator.start(tiny, null);
  await job.coordinator.ended();
  return { id, writes: faulty.names.length, made: await made(job.store, id) };
}

describe('a write that fails', () => {
  it('at any place of a run is made good a moment later, and a run that was stopped for lack of room resumes to the same bytes', async () => {
    const whole = await undisturbed();
    const kinds: readonly Fault[] = ['quota', 'disk', 'closing', 'abort'];
    for (let at = 0; at < whole.writes; at += stride) {
      const inner = createMemoryStore();
      const fault = kinds[(at / stride) % kinds.length]!;
      const faulty = faultyStore(inner, at, fault, fault === 'quota');
      const job = await newJob(faulty.store);
      const place = `write ${at} (${fault})`;
      // Nobody makes room: the job that waits for it is stopped.
      let told = false;
      job.onEvent = (event) => {
        if (event.type !== 'error' || event.error.details?.['full'] !== true || told) return;
        told = true;
        // The other disk has room at the next try.
        void (fault === 'quota' ? job.coordinator.stop() : job.coordinator.unpause());
      };
      let id: string | null = null;
      try {
        ({ id } = await job.coordinator.start(tiny, null));
      } catch (thrown) {
        // Not begun: nothing of it is left.
        expect(thrown, place).toMatchObject({ code: 'storage' });
        expect(await inner.listRuns(), place).toEqual([]);
      }
      await job.coordinator.ended();
      const ends = job.events.filter((event) => event.type === 'ended');
      if (id !== null) {
        expect(ends, place).toHaveLength(1);
        // What fails once is written a moment later.
        expect([ends[0]!.status, ends[0]!.error], place).toEqual([
          told && fault === 'quota' ? 'interrupted' : 'done',
          null,
        ]);
      }
      // There is room again. What was recorded is there, no lock is left, and the run goes on.
      const again = await newJob(inner);
      const [run] = await again.api.runs.list();
      if (run === undefined) expect(id, place).toBeNull();
      if (run === undefined) continue;
      expect(['interrupted', 'done'], place).toContain(run.status);
      if (run.status === 'interrupted') {
        await again.coordinator.resume(run.id);
        await again.coordinator.ended();
      }
      expect((await inner.getRun(run.id))?.status, place).toBe('done');
      expect(await made(inner, run.id), place).toEqual(whole.made);
      await job.close();
      await again.close();
    }
  }, 600_000);
});

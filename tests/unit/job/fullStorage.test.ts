import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/wire/jobEvents';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import { faultyStore } from '../../support/faultyStore';
import { createMemoryStore } from '../../support/memoryStore';
import { nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

/** A run of some forty writes, and one of them inside it. */
const tiny = {
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
const place = 12;

const newJob = nodeJobs();
const isFull = (event: JobEvent): boolean => event.type === 'error' && event.error.details?.['full'] === true;

/** Starts the run, and resolves when it first lacks room. */
async function untilFull(job: NodeJob): Promise<string> {
  let full = (): void => undefined;
  const told = new Promise<void>((resolve) => (full = resolve));
  job.onEvent = (event) => {
    if (isFull(event)) full();
  };
  const { id } = await job.coordinator.start(tiny, null);
  await told;
  return id;
}

describe('a run that finds no room for what it made', () => {
  it('waits as paused, names what can be deleted, and goes on to the same bytes once there is room', async () => {
    const whole = await newJob();
    const { id } = await whole.coordinator.start(tiny, null);
    await whole.coordinator.ended();

    const inner = createMemoryStore();
    const run = (await whole.store.getRun(id))!;
    const older = { ...run, id: '000000aa', name: 'older-run' };
    await inner.putRun(older);
    await inner.putTurns(
      (await whole.store.getTurns(id)).map((turn) => ({
        turn: { ...turn, runId: older.id },
        timing: { ...turn, startedAt: 0, seconds: 1 },
      })),
    );
    const faulty = faultyStore(inner, place, 'quota', true);
    const job = await newJob(faulty.store);
    expect(await untilFull(job)).toBe(id);
    const told = job.events.find(isFull);
    expect(told).toMatchObject({ runId: id, error: { code: 'storage' } });
    expect(told?.type === 'error' && told.error.hint).toMatch(
      /^Delete older-run \(\d+\.\d MB\)\. The run waits and goes on/,
    );
    expect(job.events.filter(({ type }) => type === 'ended')).toEqual([]);

    // Told to go on too early it says so again, and waits.
    const before = job.events.filter(isFull).length;
    await job.coordinator.unpause();
    await expect.poll(() => job.events.filter(isFull).length, { timeout: 20_000 }).toBe(before + 1);
    faulty.mend();
    await job.coordinator.unpause();
    await job.coordinator.ended();
    expect((await inner.getRun(id))?.status).toBe('done');
    expect(trajectoriesJsonl(await inner.getTurns(id))).toBe(
      trajectoriesJsonl(await whole.store.getTurns(id)),
    );
  });

  it('goes on by itself, and stays paused where the user paused it', async () => {
    const faulty = faultyStore(createMemoryStore(), place, 'quota', true);
    const job = await newJob(faulty.store);
    const id = await untilFull(job);
    await job.coordinator.pause();
    faulty.mend();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect((await job.store.getRun(id))?.status).toBe('paused');
    await job.coordinator.unpause();
    await job.coordinator.ended();
    expect((await job.store.getRun(id))?.status).toBe('done');
  });

  it('can be stopped while it waits', async () => {
    const faulty = faultyStore(createMemoryStore(), place, 'quota', true);
    const job = await newJob(faulty.store);
    await untilFull(job);
    await job.coordinator.stop();
    expect(job.events.at(-1)).toMatchObject({ type: 'runs' });
    expect(job.events.find(({ type }) => type === 'ended')).toMatchObject({ status: 'interrupted' });
  });
});

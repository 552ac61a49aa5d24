import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { DeviceLostError } from '../../../src/core/errors';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const tiny = { ...tinyJob, trainQuestions: 6, testQuestions: 4 };
const newJob = nodeJobs();
afterEach(() => vi.unstubAllGlobals());

/** The real CPU backend, whose device goes away for good at the n-th linear (as a GPU's does: op by op, then `lost`). */
async function mortal(linears: number): Promise<Backend> {
  const backend = await createWasmBackend();
  let left = linears;
  let die: (error: Error) => void = () => undefined;
  const lost = new Promise<Error>((resolve) => (die = resolve));
  return {
    ...backend,
    lost,
    linear(op) {
      if (left-- > 0) return backend.linear(op);
      die(new DeviceLostError('The device was reset.', 'Resume.'));
      throw new Error('device is gone');
    },
  };
}

/** Runs the tiny job; backend i dies after deaths[i] linears. */
async function run(deaths: readonly number[]) {
  let opened = 0;
  const job = await newJob(undefined, () => mortal(deaths[opened++] ?? Infinity));
  const { id } = await job.coordinator.start(tiny, null);
  await job.coordinator.ended();
  const resumed = async () => {
    await job.coordinator.resume(id);
    await job.coordinator.ended();
    return job.api.runs.archive(id);
  };
  return { archive: await job.api.runs.archive(id), opened, events: job.events, resumed };
}

describe('a device that is lost', () => {
  it('in the middle of a job is opened again, and the result is an undisturbed one', async () => {
    const whole = await run([]);
    const disturbed = await run([900]);
    expect(disturbed.opened).toBe(2);
    expect(
      disturbed.events.some((event) => event.type === 'error' && event.error.code === 'device-lost'),
    ).toBe(true);
    expect(disturbed.archive.run.status).toBe('done');
    expect(trajectoriesJsonl(disturbed.archive.turns)).toBe(trajectoriesJsonl(whole.archive.turns));
    expect(disturbed.archive.logs).toEqual(whole.archive.logs);
  });

  it('again and again, with something finished in between, never ends the job', async () => {
    const whole = await run([]);
    const { archive, opened } = await run([900, 2000, 2000, 2000]);
    expect(opened).toBeGreaterThanOrEqual(3);
    expect(archive.run.status).toBe('done');
    expect(trajectoriesJsonl(archive.turns)).toBe(trajectoriesJsonl(whole.archive.turns));
  });

  it('three times with nothing finished in between interrupts the job with its reason, to be resumed', async () => {
    const { archive, opened, resumed } = await run([900, 0, 0]);
    expect(opened).toBe(3);
    expect(archive.run.status).toBe('interrupted');
    expect(archive.run.error?.code).toBe('device-lost');
    expect(archive.turns.length).toBeGreaterThan(0);
    expect((await resumed()).run.status).toBe('done');
  });
});

describe('an engine whose worker ends', () => {
  it('in the middle of a job is started again, and the result is an undisturbed one', async () => {
    const whole = await run([]);
    const job = await newJob();
    let turns = 0;
    job.onEvent = (event) => {
      if (event.type === 'turn' && ++turns === 5) job.killEngine();
    };
    const { id } = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    const archive = await job.api.runs.archive(id);
    expect(archive.run.status).toBe('done');
    expect(trajectoriesJsonl(archive.turns)).toBe(trajectoriesJsonl(whole.archive.turns));
    expect(job.events.some((event) => event.type === 'error' && event.error.code === 'worker')).toBe(true);
  });

  it('each time leaves an interrupted run, and the next resume has a new one', async () => {
    const job = await newJob();
    job.onEvent = (event) => {
      if (event.type === 'load' || event.type === 'device') job.killEngine();
    };
    const { id } = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    const { run: cut } = await job.api.runs.archive(id);
    expect([cut.status, cut.error?.code]).toEqual(['interrupted', 'worker']);
    job.onEvent = () => undefined;
    await job.coordinator.resume(id);
    await job.coordinator.ended();
    expect((await job.api.runs.archive(id)).run.status).toBe('done');
  });

  it('while the network is cut leaves an interrupted run, which goes on once it is there', async () => {
    const job = await newJob();
    let turns = 0;
    job.onEvent = (event) => {
      if (event.type !== 'turn' || ++turns !== 5) return;
      vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
      job.killEngine();
    };
    const { id } = await job.coordinator.start(tiny, null);
    await job.coordinator.ended();
    expect(await job.store.getRun(id)).toMatchObject({ status: 'interrupted', error: { code: 'download' } });
    vi.unstubAllGlobals();
    await job.coordinator.resume(id);
    await job.coordinator.ended();
    expect((await job.store.getRun(id))?.status).toBe('done');
  });

  it('or that answers nothing any more does not hold up a stop', async () => {
    const job = await newJob(undefined, undefined, { patience: 200 });
    let reached = (): void => undefined;
    const debating = new Promise<void>((resolve) => (reached = resolve));
    job.onEvent = (event) => {
      if (event.type !== 'turn') return;
      job.muteEngine();
      reached();
    };
    const { id } = await job.coordinator.start(tiny, null);
    await debating;
    const before = performance.now();
    await job.coordinator.stop();
    expect(performance.now() - before).toBeLessThan(2000);
    job.onEvent = () => undefined;
    expect((await job.api.runs.list())[0]?.status).toBe('interrupted');
    await job.coordinator.resume(id);
    await job.coordinator.ended();
    expect((await job.api.runs.archive(id)).run.status).toBe('done');
  });
});

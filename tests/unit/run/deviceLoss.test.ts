import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../src/compute/ops';
import { createWasmBackend } from '../../../src/compute/wasmBackend';
import { DeviceLostError } from '../../../src/core/errors';
import { trajectoriesJsonl } from '../../../src/core/trajectories';
import { nodeJobs, tinyJob } from './nodeJob';

const tiny = { ...tinyJob, trainQuestions: 6, testQuestions: 4 };
const newJob = nodeJobs();

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
  return { archive: await job.coordinator.archive(id), opened, events: job.events };
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

  it('twice ends the job as failed with its reason, kept to be resumed', async () => {
    const { archive, opened } = await run([900, 900]);
    expect(opened).toBe(2);
    expect(archive.run.status).toBe('failed');
    expect(archive.run.error?.code).toBe('device-lost');
    expect(archive.turns.length).toBeGreaterThan(0);
  });
});

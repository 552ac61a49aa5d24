import { describe, expect, it } from 'vitest';
import { checkRoom, leastBytes } from '../../../src/coordinator/planDisk';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const newJob = nodeJobs();

describe('a run that there is no room for', () => {
  it('is refused before it begins, with the figures and what to delete', async () => {
    const job = await newJob(undefined, undefined, { room: async () => ({ usage: 5e6, quota: 5e6 + 100 }) });
    await expect(job.coordinator.start(tinyJob, null)).rejects.toMatchObject({
      code: 'storage',
      message: expect.stringMatching(/grants 0\.0 MB more \(5\.0 MB of 5\.0 MB/) as string,
      hint: expect.stringMatching(/Delete old runs/) as string,
    });
    expect(await job.api.runs.list()).toEqual([]);
  });

  it('is bounded by what a real run reaches', () => {
    expect(() => checkRoom(tinyJob, { usage: 0, quota: leastBytes(tinyJob) })).not.toThrow();
    expect(() => checkRoom(tinyJob, { usage: 1, quota: leastBytes(tinyJob) })).toThrow();
  });
});

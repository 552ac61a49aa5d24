import { afterEach, describe, expect, it } from 'vitest';
import type { RunConfig } from '../../../src/core/records';
import { trajectoriesJsonl } from '../../../src/run/exports';
import { presets } from '../../../src/run/presets';
import { openNodeJob, type NodeJob } from './nodeJob';

const tiny: RunConfig = {
  ...presets.quick,
  preset: 'custom',
  trainQuestions: 8,
  validationQuestions: 2,
  testQuestions: 6,
  steps: 3,
  batch: 4,
  accept: 'any',
  backend: 'cpu',
};

const open: NodeJob[] = [];
afterEach(async () => {
  for (const job of open.splice(0)) await job.close();
});

async function newJob(store?: NodeJob['store']): Promise<NodeJob> {
  const job = await openNodeJob(store);
  open.push(job);
  return job;
}

/** Runs a config to its end and gives everything that must repeat. */
async function outputs(job: NodeJob, id: string) {
  const archive = await job.coordinator.archive(id);
  expect(archive.run.error).toBeNull();
  expect(archive.run.status).toBe('done');
  const adapter = await job.coordinator.adapter(id, 'rsft', 0);
  return {
    trajectories: trajectoriesJsonl(archive.turns),
    adapter: Object.fromEntries(Object.entries(adapter).map(([name, bytes]) => [name, [...bytes]])),
    arms: archive.report?.arms.map(({ name, n, correct, tokensPerQuestion }) => ({
      name,
      n,
      correct,
      tokensPerQuestion,
    })),
    losses: archive.logs.map(({ steps }) => steps.map(({ loss }) => loss)),
  };
}

async function undisturbed(config: RunConfig) {
  const job = await newJob();
  const { id } = await job.coordinator.start(config, null);
  await job.coordinator.ended();
  return outputs(job, id);
}

describe('a job', () => {
  it('goes from questions to a report with every arm answered', async () => {
    const result = await undisturbed(tiny);
    expect(result.arms?.map(({ name }) => name)).toEqual([
      'base',
      'single',
      'vote:3',
      'debate',
      'vote-equal-tokens',
      'distilled:rsft',
    ]);
    expect(result.arms?.every(({ n }) => n === 6)).toBe(true);
    expect(result.losses[0]).toHaveLength(3);
  });
});

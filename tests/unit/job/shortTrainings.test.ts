/** Trainings that take fewer steps than the settings say: on few traces, and where the held-out loss rises. */
import { describe, expect, it } from 'vitest';
import type { RunArchive } from '../../../src/records/runRecords';
import { boundedSteps } from '../../../src/settings/boundedSteps';
import { presets, withValues, type RunConfig } from '../../../src/settings/config';
import { goneOn, nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const newJob = nodeJobs();

async function finished(job: NodeJob, config: RunConfig): Promise<RunArchive> {
  const { id } = await job.coordinator.start(config, null);
  await job.coordinator.ended();
  const archive = await job.api.runs.wholeArchive(id);
  expect(archive.run.error).toBeNull();
  return archive;
}
const stepsOf = ({ logs }: RunArchive, name: string): number | undefined =>
  logs.find(({ strategy }) => strategy === name)?.steps.at(-1)?.step;
const weights = ({ adapters }: RunArchive): string | undefined =>
  adapters?.find(({ strategy }) => strategy === 'rsft')?.files['adapter_model.safetensors'];

describe('the steps of a training', () => {
  it('are bounded by its traces, and not on those of the presets', () => {
    const { quick, full } = presets;
    // 200 steps of 32 on the 800 traces of quick and the 2,400 of full (scripts/prove/results).
    expect(boundedSteps(quick.steps, quick, 800)).toBe(quick.steps);
    expect(boundedSteps(full.steps, full, 2400)).toBe(full.steps);
    // The reward model of quick: 3,000 steps of 32 on 4,800.
    expect(boundedSteps(quick.pad.reward.steps, quick, 4800)).toBe(quick.pad.reward.steps);
    expect(boundedSteps(200, quick, 10)).toBe(32);
    expect(boundedSteps(200, quick, 0)).toBe(1);
    expect(boundedSteps(200, { batch: 32, maxEpochs: 0 }, 1)).toBe(200);
  });

  it('are as many in the run, of the reward model too', async () => {
    const job = await newJob();
    const few = withValues(tinyJob, {
      strategies: ['rsft', 'pad'],
      steps: 40,
      batch: 4,
      maxEpochs: 2,
      'pad.reward.steps': 100,
      'pad.reward.ownSamples': 0,
      'pad.rl.updates': 1,
      'pad.rl.questions': 2,
      'pad.rl.samples': 2,
    });
    const archive = await finished(job, few);
    const kept = archive.datasets.find(({ strategy }) => strategy === 'rsft')!.kept;
    expect(stepsOf(archive, 'rsft')).toBe(Math.ceil((2 * kept) / 4));
    // 8 training questions, 3 agents, 3 turns each.
    expect(stepsOf(archive, 'reward-model')).toBe((2 * 8 * 3 * 3) / 4);
    const ends = job.events.filter((event) => event.type === 'progress' && event.phase === 'distil').at(-1);
    expect(ends).toMatchObject({
      total: Math.ceil((2 * kept) / 4) + 36 + 1,
      done: Math.ceil((2 * kept) / 4) + 36 + 1,
    });
  });
});

describe('early stopping', () => {
  // A learning rate at which the held-out loss soon rises.
  const eager = withValues(tinyJob, { steps: 60, lr: 0.05, warmup: 0, maxEpochs: 0, validationQuestions: 4 });

  it('ends a training whose held-out loss does not fall and keeps the adapter of its lowest', async () => {
    const job = await newJob();
    const stopped = await finished(job, withValues(eager, { patience: 2 }));
    const held = stopped.logs[0]!.steps.filter(({ eval_loss: loss }) => loss !== undefined);
    const losses = held.map(({ eval_loss: loss }) => loss!);
    const best = losses.indexOf(Math.min(...losses));
    expect(stepsOf(stopped, 'rsft')).toBeLessThan(60);
    expect(held).toHaveLength(best + 1 + 2);

    // To the last step, once with the last adapter and once with the best one.
    const last = await finished(job, eager);
    const kept = await finished(job, withValues(eager, { patience: 1000 }));
    expect(stepsOf(last, 'rsft')).toBe(60);
    expect(kept.logs[0]!.steps).toEqual(last.logs[0]!.steps);
    expect(weights(kept)).not.toBe(weights(last));
    expect(weights(kept)).toBe(weights(stopped));
  });

  it('comes to the same bytes after an interruption', async () => {
    const whole = await finished(await newJob(), withValues(eager, { patience: 2 }));
    const { second, id } = await goneOn(
      newJob,
      withValues(eager, { patience: 2 }),
      (event) => event.type === 'train' && event.log.step === 7,
    );
    const again = await second.api.runs.wholeArchive(id);
    expect(weights(again)).toBe(weights(whole));
    expect(stepsOf(again, 'rsft')).toBe(stepsOf(whole, 'rsft'));
  });
});

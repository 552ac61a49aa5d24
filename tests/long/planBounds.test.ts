import { withValues } from '../../src/settings/config';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../scripts/lib/server.mjs';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunConfig } from '../../src/settings/config';
import { planRun } from '../../src/modelsWorker/planMemory';
import { openAccess } from '../../src/models/hub';
import { nodeJobs, tinyJob } from '../support/nodeJob';

const newJob = nodeJobs();

async function planned(config: RunConfig): Promise<number> {
  const server = await startServer({ root: resolve('public') });
  try {
    const machine = {
      backend: 'cpu',
      deviceMemory: 8,
      maxBufferBytes: null,
      features: [],
      mobile: false,
      budget: null,
      held: null,
    } as const;
    const plan = await planRun(config, machine, {
      base: server.url,
      library: () => Promise.reject(new Error('no storage is needed')),
      webllm: async () => [],
      findWebllm: async () => null,
      hub: openAccess,
      shapes: new Map(),
      sizes: new Map(),
      threads: 1,
    });
    return plan.peak;
  } finally {
    await server.close();
  }
}

/** The peak that the engine's own ledger tells at the end of the run. */
async function measured(config: RunConfig): Promise<number> {
  const job = await newJob();
  await job.coordinator.start(config, null);
  await job.coordinator.ended();
  expect((await job.api.runs.list())[0]?.status).toBe('done');
  const told = job.events.filter(
    (event): event is Extract<JobEvent, { type: 'progress' }> => event.type === 'progress',
  );
  return told.at(-1)?.peakBytes ?? 0;
}

/** As many questions as fill a batch of replies, and few steps: the peak of a longer run is the same. */
const short: RunConfig = {
  ...tinyJob,
  labels: 'gold',
  trainQuestions: 96,
  validationQuestions: 16,
  testQuestions: 70,
  steps: 2,
  batch: 32,
};

describe('the memory plan is at least what the ledger measures, and no more than two thirds above it', () => {
  it.each<[string, Parameters<typeof withValues>[1]]>([
    ['of preset quick’s sizes', {}],
    [
      'with five agents that exchange twice',
      {
        nAgents: 5,
        rounds: 2,
        trainQuestions: 36,
        testQuestions: 40,
        selfCheck: false,
        strategies: ['rsft'],
      },
    ],
    [
      'of process-aware distillation',
      {
        trainQuestions: 24,
        validationQuestions: 8,
        testQuestions: 16,
        selfCheck: false,
        strategies: ['rsft', 'pad'],
        'pad.reward.steps': 2,
        'pad.rl.updates': 1,
      },
    ],
    [
      'of agents that leave before the student learns',
      { schedule: 'agents-out', batch: 8, controls: ['gold-sft'] },
    ],
  ])(
    '%s',
    async (_, change) => {
      const config = withValues(short, change);
      const [plan, peak] = [await planned(config), await measured(config)];
      expect(plan).toBeGreaterThanOrEqual(peak);
      // Texts are planned somewhat longer than they usually are, and a cache gains a quarter when it is full.
      expect(plan).toBeLessThan((5 / 3) * peak);
    },
    300_000,
  );
});

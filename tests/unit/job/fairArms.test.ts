/** The comparison of a whole job is fair: tokens are equal, a student is chosen without the test, a contrast was named before. */
import { describe, expect, it } from 'vitest';
import { contrastHash } from '../../../src/library/primary';
import { trajectoriesJsonl, greedyProtocol } from '../../../src/records/trajectories';
import { evalProtocol } from '../../../src/records/evalProtocol';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const newJob = nodeJobs();

describe('the report of a job', () => {
  it(
    'holds votes that reach the debate’s generated and total tokens, and says how many samples that took',
    { timeout: 240_000 },
    async () => {
      const job = await newJob();
      const { id } = await job.coordinator.start(tinyJob, null);
      await job.coordinator.ended();
      const { report } = await job.api.runs.archive(id);
      const arm = (name: string) => report!.arms.find((one) => one.name === name)!;
      const debate = arm('debate');
      const [generated, total] = [arm('vote-equal-tokens'), arm('vote-equal-total-tokens')];
      expect(generated.budget!.wanted).toBeCloseTo(debate.tokensPerQuestion, 9);
      expect(total.budget!.wanted).toBeCloseTo(debate.tokensPerQuestion + debate.promptTokensPerQuestion, 9);
      for (const one of [generated, total]) expect(one.budget!.reached).toBe(one.budget!.wanted);
      expect(generated.tokensPerQuestion).toBeGreaterThanOrEqual(debate.tokensPerQuestion);
      expect(total.tokensPerQuestion + total.promptTokensPerQuestion).toBeGreaterThanOrEqual(
        total.budget!.wanted,
      );
      expect(total.budget!.samples).toBeGreaterThan(generated.budget!.samples);
    },
  );

  it(
    'has a vote that fell short where samples are limited, and says so in words',
    { timeout: 240_000 },
    async () => {
      const job = await newJob();
      const { id } = await job.coordinator.start({ ...tinyJob, maxSamples: 4 }, null);
      await job.coordinator.ended();
      const { report, turns } = await job.api.runs.archive(id);
      const total = report!.arms.find(({ name }) => name === 'vote-equal-total-tokens')!;
      expect(total.budget!.samples).toBe(4);
      expect(total.budget!.reached).toBeLessThan(0.95 * total.budget!.wanted);
      const further = turns.filter(({ protocol }) => protocol === 'self-consistency');
      expect(new Set(further.map(({ agent }) => agent))).toEqual(new Set([3]));
    },
  );

  it(
    'speaks of the student that the validation questions chose, and names the contrast of before the run with its hash',
    { timeout: 240_000 },
    async () => {
      const job = await newJob();
      const config = {
        ...tinyJob,
        strategies: ['rsft', 'da'],
        primary: 'distilled:da - vote-greedy:3',
      } as const;
      const started = await job.coordinator.start(config, null);
      const before = started.primary;
      await job.coordinator.ended();
      const { report, run, turns } = await job.api.runs.archive(started.id);
      expect(report!.chosen).toMatchObject({ by: 'validation' });
      expect(report!.chosen!.validation.map(({ name, n }) => [name, n])).toEqual([
        ['distilled:rsft', 2],
        ['distilled:da', 2],
      ]);
      const judged = turns.filter(
        ({ split, protocol }) => split === 'validation' && protocol === evalProtocol('base'),
      );
      expect(judged).toEqual([]);
      expect(before).toEqual({
        a: 'distilled:da',
        b: 'vote-greedy:3',
        hash: await contrastHash(before!, run.config),
      });
      expect([report!.primary, run.primary]).toEqual([before, before]);
      const adjusted = report!.pairs.filter((pair) => pair.adjusted === undefined);
      expect(adjusted.map(({ a, b }) => [a, b])).toEqual([['distilled:da', 'vote-greedy:3']]);
    },
  );

  it(
    'is refused before anything is done where the contrast names what the run does not compare',
    { timeout: 240_000 },
    async () => {
      const job = await newJob();
      await expect(
        job.coordinator.start({ ...tinyJob, primary: 'distilled:pad - base' }, null),
      ).rejects.toThrow(/distilled:pad/);
      expect(await job.api.runs.list()).toEqual([]);
    },
  );
});

describe('a recorded debate that answers again', () => {
  it(
    'never says a turn twice: votes take the samples there are, and the greedy agents come along',
    { timeout: 240_000 },
    async () => {
      const first = await newJob();
      const { id } = await first.coordinator.start({ ...tinyJob, nAgents: 3 }, null);
      await first.coordinator.ended();
      const source = await first.api.runs.archive(id);
      const second = await first.coordinator.start(
        { ...tinyJob, agents: [`recorded:run:${id}`], nAgents: 3, controls: ['self-consistency'] },
        null,
      );
      await first.coordinator.ended();
      const replay = await first.api.runs.archive(second.id);
      expect(replay.run.error).toBeNull();
      const said = (archive: typeof replay) =>
        trajectoriesJsonl(archive.turns.filter(({ protocol }) => protocol !== greedyProtocol)).split('\n')
          .length;
      // The recording sampled no training question further: the control is short of tokens and says on how many questions.
      expect(said(replay)).toBe(said(source));
      const control = replay.report!.datasets['control:self-consistency']!;
      expect(control.dropped['short-of-debate-tokens']).toBe(tinyJob.trainQuestions);
      const names = replay.report!.arms.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(['single-greedy', 'vote-greedy:3', 'vote-equal-total-tokens']),
      );
      const accuracy = (archive: typeof replay, name: string) =>
        archive.report!.arms.find((one) => one.name === name)!.correct;
      for (const name of ['single-greedy', 'vote-greedy:3', 'debate', 'vote-equal-tokens'])
        expect(accuracy(replay, name)).toBe(accuracy(source, name));
    },
  );
});

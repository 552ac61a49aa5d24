import { describe, expect, it } from 'vitest';
import { greedyProtocol } from '../../../src/records/trajectories';
import { recordedAgent } from '../../../src/agents/recorded';
import { isExcluded } from '../../../src/distil/source';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const newJob = nodeJobs();

describe('the agents at the student’s decoding', () => {
  it('stand in every comparison, alone (chosen on the validation questions) and as a vote of those that differ, with their pairs', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(
      { ...tinyJob, nAgents: 5, robustQuestions: 2, controls: ['single-teacher'] },
      null,
    );
    await job.coordinator.ended();
    const { turns, report } = await job.api.runs.archive(id);
    const own = turns.filter(({ protocol }) => protocol === greedyProtocol);
    // Of five agents three are different models: greedily the others would say the same again.
    const judged = own.filter(({ split }) => split === 'validation');
    expect(new Set(judged.map(({ agent }) => agent))).toEqual(new Set([0, 1, 2]));
    expect(judged).toHaveLength(3 * tinyJob.validationQuestions);
    for (const split of ['test', 'robust']) {
      const asked = own.filter((turn) => turn.split === split);
      expect(new Set(asked.map(({ agent }) => agent))).toEqual(new Set([0, 1, 2]));
    }
    expect(new Set(own.map(({ sampling }) => sampling.temperature))).toEqual(new Set([0]));
    // The one that the control single-teacher learns from.
    const taught = own.filter(({ split }) => split === 'train');
    expect(new Set(taught.map(({ agent }) => agent)).size).toBe(1);
    expect(taught).toHaveLength(tinyJob.trainQuestions);
    for (const part of [report!, report!.robust!]) {
      const arm = part.arms.find(({ name }) => name === 'single-greedy')!;
      expect(arm.n).toBe(part.arms[0]!.n);
      const vote = part.arms.find(({ name }) => name === 'vote-greedy:3')!;
      expect([vote.n, vote.ties?.questions]).toEqual([
        part.arms[0]!.n,
        Math.round(vote.ties!.share * vote.n),
      ]);
      for (const a of ['distilled:rsft', 'debate', 'vote:5', 'vote-greedy:3', 'control:single-teacher'])
        expect(part.pairs.some((pair) => pair.a === a && pair.b === 'single-greedy')).toBe(true);
      for (const a of ['distilled:rsft', 'debate'])
        expect(part.pairs.some((pair) => pair.a === a && pair.b === 'vote-greedy:3')).toBe(true);
    }
  });

  it('is no sample of a recording: its answers never come among the independent ones', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(tinyJob, null);
    await job.coordinator.ended();
    const { turns } = await job.api.runs.archive(id);
    const greedy = turns.filter(({ protocol }) => protocol === greedyProtocol);
    const agent = recordedAgent('r', greedy);
    const { messages, sampling } = greedy[0]!;
    await expect(agent.generate({ messages, sampling }, {})).rejects.toThrow(/holds no answer/);
  });

  it('is carried along by another training on the same debate, without being asked again', async () => {
    const job = await newJob();
    const { id } = await job.coordinator.start(tinyJob, null);
    await job.coordinator.ended();
    const said = async (run: string): Promise<string[]> =>
      (await job.api.runs.archive(run)).turns
        .filter(({ protocol }) => protocol === greedyProtocol)
        .map(({ questionId, agent, reply }) => `${questionId} ${agent} ${reply}`)
        .sort();
    const second = await job.coordinator.start({ ...tinyJob, strategies: ['da'] }, null, id);
    await job.coordinator.ended();
    expect(await said(second.id)).toEqual(await said(id));
    expect(
      job.events.some(
        (event) =>
          event.type === 'turn' && event.runId === second.id && event.turn.protocol === greedyProtocol,
      ),
    ).toBe(false);
  });
});

it('all turns of an agent are left out of a training by one entry', () => {
  const exclude = new Set(['*/*/1']);
  const at = (agent: number) => ({ questionId: 'q', round: 0, agent });
  expect([0, 1, 2].map((agent) => isExcluded({ exclude }, at(agent)))).toEqual([false, true, false]);
});

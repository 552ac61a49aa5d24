/** Trained students and PEFT folders as agents, on the bundled models in Node. */
import { expect, it } from 'vitest';
import { ConfigError } from '../../../src/core/errors';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import { nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const newJob = nodeJobs();

/** Settings under which the first answers of a debate are greedy, as a student's are. */
const greedy = { ...tinyJob, temperature: 0, selfCheck: false, nAgents: 3, validationQuestions: 0 };

async function finished(job: NodeJob, change: Partial<typeof greedy>) {
  const { id } = await job.coordinator.start({ ...greedy, ...change }, null);
  await job.coordinator.ended();
  const archive = await job.api.runs.archive(id);
  expect(archive.run.error).toBeNull();
  return { id, archive };
}

it('a student that joins the next debate answers as it did in its own run, byte for byte', async () => {
  const job = await newJob();
  const { id, archive } = await finished(job, { strategies: ['rsft', 'da'] });
  const evaluated = new Map(
    archive.turns
      .filter(({ protocol }) => protocol === 'eval:distilled:rsft')
      .map((turn) => [turn.questionId, turn]),
  );
  expect(evaluated.size).toBe(6);
  // Another tab, whose engine has loaded nothing yet.
  const later = await newJob(job.store);

  const agents = ['agent-a', `adapter:${id}/rsft`, `adapter:${id}/da`];
  const next = await finished(later, { agents });
  const opening = next.archive.turns.filter(
    ({ protocol, round, agent, split }) =>
      protocol === 'debate' && round === 0 && agent === 1 && split === 'test',
  );
  expect(opening).toHaveLength(6);
  for (const { questionId, reply, replyIds, messages, answer } of opening) {
    const own = evaluated.get(questionId);
    expect([reply, replyIds, messages, answer]).toEqual([
      own?.reply,
      own?.replyIds,
      own?.messages,
      own?.answer,
    ]);
  }
  // The base says something else, so that the adapter was on.
  const base = archive.turns.filter(({ protocol }) => protocol === 'eval:base');
  expect(base.some(({ questionId, reply }) => reply !== evaluated.get(questionId)?.reply)).toBe(true);

  // Its turns tell the run, the strategy, the files and the model that it speaks with.
  const models = next.archive.report?.agents?.map(({ model }) => model) ?? [];
  expect(models[0]).toBe('agent-a');
  expect(models[1]).toMatch(new RegExp(`^adapter:${id}/rsft@[0-9a-f]{16}\\?base=bundled$`));
  expect(models[2]).toMatch(new RegExp(`^adapter:${id}/da@[0-9a-f]{16}\\?base=bundled$`));
  expect(new Set(opening.map(({ model }) => model))).toEqual(new Set([models[1]]));
  expect(next.archive.run.config.agents[1]).toBe(`adapter:${id}/rsft?base=bundled`);

  // Several adapters of one model share its weights.
  const loads = later.events.flatMap((event) =>
    event.type === 'load' && event.phase === 'ready' ? [event.model] : [],
  );
  expect(loads.sort()).toEqual(['agent-a', 'student']);
}, 180_000);

it('speaks one at a time and with agents unloaded just the same', async () => {
  const job = await newJob();
  const { id } = await finished(job, {});
  const replies = async (schedule: 'together' | 'agents-out' | 'one-at-a-time') => {
    const { archive } = await finished(job, {
      agents: [`adapter:${id}/rsft`, 'agent-a'],
      nAgents: 2,
      schedule,
    });
    return trajectoriesJsonl(archive.turns)
      .split('\n')
      .map((line) => line.replace(/"runId":"[^"]*"/, ''));
  };
  const together = await replies('together');
  expect(await replies('agents-out')).toEqual(together);
  expect(await replies('one-at-a-time')).toEqual(together);
}, 180_000);

it('that nobody trained is refused before a run begins', async () => {
  const job = await newJob();
  await expect(
    job.coordinator.start({ ...greedy, agents: ['adapter:0a1b2c3d/rsft'] }, null),
  ).rejects.toBeInstanceOf(ConfigError);
  expect(await job.api.runs.list()).toEqual([]);
});

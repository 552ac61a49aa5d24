import { beforeAll, describe, expect, it } from 'vitest';
import type { RunArchive } from '../../../src/records/runRecords';
import type { Turn } from '../../../src/records/records';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import { nodeJobs, openNodeJob, tinyJob, type NodeJob } from '../../support/nodeJob';

const newJob = nodeJobs();

async function adapterOf(job: NodeJob, id: string): Promise<unknown> {
  const files = await job.api.runs.adapter({ runId: id, strategy: 'rsft', seed: 0 });
  return Object.entries(files).map(([name, bytes]) => [name, [...bytes]]);
}

/** Imports into a fresh store and goes on to the end. */
async function goneOn(jsonl: string, report: string) {
  const job = await newJob();
  const found = await job.api.runs.importTrajectories({ text: jsonl, name: 'trajectories.jsonl', report });
  expect(found.run.status).toBe('interrupted');
  await job.coordinator.resume(found.run.id);
  await job.coordinator.ended();
  const archive = await job.api.runs.archive(found.run.id);
  expect(archive.run.error).toBeNull();
  expect(archive.run.status).toBe('done');
  return { job, found, archive };
}

const refused = async (jsonl: string, report: string | null) =>
  (await newJob()).api.runs.importTrajectories({ text: jsonl, name: 'some.jsonl', report }).then(
    () => 'imported',
    (thrown: Error & { code: string }) => `${thrown.code}: ${thrown.message}`,
  );

describe('a debate that comes as trajectories.jsonl', () => {
  let source: RunArchive;
  let adapter: unknown;
  let jsonl: string;
  const only = (keep: (turn: Turn) => boolean): string => trajectoriesJsonl(source.turns.filter(keep));
  /** Questions that some turn answered rightly. */
  const solved = (): ReadonlySet<string> =>
    new Set(
      source.turns
        .filter((turn) => turn.correct && !turn.protocol.startsWith('eval:'))
        .map(({ questionId }) => questionId),
    );

  beforeAll(async () => {
    const job = await openNodeJob();
    const { id } = await job.coordinator.start(tinyJob, null);
    await job.coordinator.ended();
    source = await job.api.runs.archive(id);
    expect(source.run.error).toBeNull();
    adapter = await adapterOf(job, id);
    jsonl = trajectoriesJsonl(source.turns);
    await job.close();
  });

  it('with its report is the same run: the same adapter bytes and the same arms', async () => {
    const { job, found, archive } = await goneOn(jsonl, JSON.stringify(source.report));
    expect(found).toMatchObject({ questions: 16, incomplete: 0, unknown: 0 });
    expect(archive.questions).toEqual(source.questions);
    expect(trajectoriesJsonl(archive.turns).replaceAll(found.run.id, source.run.id)).toBe(jsonl);
    expect(await adapterOf(job, found.run.id)).toEqual(adapter);
    const arms = ({ report }: RunArchive) => report!.arms.map(({ secondsPerQuestion: _, ...arm }) => arm);
    expect(arms(archive)).toEqual(arms(source));
  });

  it('without it takes texts and right answers from the turns, and leaves out what no agent answered correctly', async () => {
    const job = await newJob();
    const found = await job.api.runs.importTrajectories({
      text: jsonl,
      name: 'trajectories.jsonl',
      report: null,
    });
    const archive = await job.api.runs.archive(found.run.id);
    const right = solved();
    expect(found).toMatchObject({ questions: right.size, incomplete: 0, unknown: 16 - right.size });
    const told = new Map(source.questions.map((question) => [question.id, question]));
    for (const { id, text, gold, answerType, split } of archive.questions) {
      expect({ text, gold, answerType, split }).toEqual({
        text: told.get(id)?.text,
        gold: told.get(id)?.gold,
        answerType: told.get(id)?.answerType,
        split: told.get(id)?.split,
      });
    }
    expect(archive.run.config).toMatchObject({ nAgents: 3, rounds: 2, protocol: 'debate' });
  });

  it('without independent samples has no vote at equal tokens and no greedy agent, and the other arms', async () => {
    const report = JSON.stringify(source.report);
    const { archive } = await goneOn(
      only(({ protocol }) => protocol === 'debate'),
      report,
    );
    const names = source.report!.arms.map(({ name }) => name);
    expect(names).toContain('vote-equal-tokens');
    expect(archive.report!.arms.map(({ name }) => name)).toEqual(
      names.filter((name) => !/^vote-equal|-greedy/.test(name)),
    );
  });

  it('leaves out debates that broke off, and counts them', async () => {
    const [broken] = source.questions;
    const text = only(({ questionId, round }) => questionId !== broken!.id || round === 0);
    const { found, archive } = await goneOn(text, JSON.stringify(source.report));
    expect(found).toMatchObject({ questions: 15, incomplete: 1, unknown: 0 });
    expect(archive.questions.some(({ id }) => id === broken!.id)).toBe(false);
  });

  it('can be trained on by another strategy, as any debate', async () => {
    const { job, found } = await goneOn(jsonl, JSON.stringify(source.report));
    const { id } = await job.coordinator.start({ ...tinyJob, strategies: ['da'] }, null, found.run.id);
    await job.coordinator.ended();
    const { run, report } = await job.api.runs.archive(id);
    expect(run.error).toBeNull();
    expect(report!.arms.map(({ name }) => name)).toContain('distilled:da');
  });

  it('is refused with what is wrong with it', async () => {
    expect(await refused('', null)).toMatch(/^import: some.jsonl has 0 turns/);
    expect(await refused(`${jsonl}{"half`, null)).toMatch(/^import: some.jsonl line \d+ is not JSON/);
    expect(
      await refused(
        only(({ split }) => split !== 'test'),
        null,
      ),
    ).toMatch(/^config: .* 0 test questions/);
    expect(await refused(jsonl, 'no report')).toMatch(/^import: The report is not JSON/);
    expect(await refused(jsonl, '{"config": {}}')).toMatch(/^import: The report has no items/);
    const other = { ...source.report!, items: [{ id: 'x', question: 'Why?', answer: '1', verdicts: {} }] };
    expect(await refused(jsonl, JSON.stringify(other))).toMatch(/^import: .* of different runs/);
  });
});

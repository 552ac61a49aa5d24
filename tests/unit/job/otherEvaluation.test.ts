/** Other evaluation sets on a debate that is used again, on the bundled models in Node. */
import { expect, it } from 'vitest';
import type { RunArchive } from '../../../src/records/runRecords';
import type { Question } from '../../../src/records/records';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const newJob = nodeJobs();
const config = { ...tinyJob, oodQuestions: 2, selfCheck: false };

async function ended(job: NodeJob, id: string): Promise<RunArchive> {
  await job.coordinator.ended();
  const archive = await job.api.runs.wholeArchive(id);
  expect(archive.run.error).toBeNull();
  return archive;
}

const ofSplit = ({ questions }: RunArchive, split: string): readonly string[] =>
  questions.filter((one) => one.split === split).map(({ id }) => id);

/** As a file would hold them. */
const file = (count: number): Question[] =>
  generateQuestions({ seed: 9, split: 'test', count }).map(({ origin: _, ...rest }, i) => ({
    ...rest,
    origin: `f:${i}`,
  }));

it('the training is taken over, its turns are used again, and agents answer only what lacks turns', async () => {
  const job = await newJob();
  const first = await job.api.control.start({ config, questions: null });
  const source = await ended(job, first.id);
  job.events.splice(0);
  const { id } = await job.api.control.start({
    config: { ...config, oodQuestions: 0, steps: config.steps },
    questions: null,
    sets: { own: file(3) },
    from: first.id,
    evaluation: { oodQuestions: 3, evalSets: ['vehicles', 'own=own.jsonl'], evalQuestions: 2 },
  });
  const again = await ended(job, id);
  for (const split of ['train', 'validation', 'test'])
    expect(ofSplit(again, split)).toEqual(ofSplit(source, split));
  expect(ofSplit(again, 'ood')).toHaveLength(3);
  expect(ofSplit(again, 'ood').slice(0, 2)).toEqual(ofSplit(source, 'ood'));
  expect(again.report?.evalSets?.map(({ name, file: of, arms }) => [name, of, arms[0]?.n])).toEqual([
    ['vehicles', null, 2],
    ['own', 'own.jsonl', 2],
  ]);
  expect(again.run.config).toMatchObject({
    oodQuestions: 3,
    evalQuestions: 2,
    evalSets: ['vehicles', 'own=own.jsonl'],
  });
  expect(job.events.filter(({ type }) => type === 'train')).toEqual([]);
  const known = new Set(source.questions.map((question) => question.id));
  const agents = job.events.flatMap((event) =>
    event.type === 'turn' && !event.turn.protocol.startsWith('eval:') ? [event.turn.questionId] : [],
  );
  expect(agents.length).toBeGreaterThan(0);
  expect(agents.filter((question) => known.has(question))).toEqual([]);
  const arm = (of: RunArchive, name: string) => of.report?.arms.find((one) => one.name === name)?.correct;
  for (const name of ['debate', 'distilled:rsft']) expect(arm(again, name)).toBe(arm(source, name));
});

it('a set that is no longer asked leaves no turns behind', async () => {
  const job = await newJob();
  const first = await job.api.control.start({ config, questions: null });
  const source = await ended(job, first.id);
  const { id } = await job.api.control.start({
    config,
    questions: null,
    from: first.id,
    evaluation: { oodQuestions: 0 },
  });
  const again = await ended(job, id);
  const gone = new Set(ofSplit(source, 'ood'));
  expect(gone.size).toBe(2);
  expect(again.turns.filter(({ questionId }) => gone.has(questionId))).toEqual([]);
  expect(again.report?.ood).toBeNull();
});

it('nothing is asked again where nothing else is asked for', async () => {
  const job = await newJob();
  const first = await job.api.control.start({ config, questions: null });
  const source = await ended(job, first.id);
  const { id } = await job.api.control.start({
    config: { ...config, oodQuestions: 0 },
    questions: null,
    from: first.id,
  });
  expect((await ended(job, id)).questions).toEqual(source.questions);
});

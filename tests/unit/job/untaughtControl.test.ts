/** A control that finds no trace of its kind is left out of the comparison, which says why; the students are compared all the same. */
import { expect, it } from 'vitest';
import type { RunConfig } from '../../../src/settings/config';
import { reportMarkdown } from '../../../src/eval/markdown';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const newJob = nodeJobs();

/** Questions without worked solutions. */
async function ran(change: Partial<RunConfig>) {
  const asked = (['train', 'test'] as const).flatMap((split) =>
    generateQuestions({ seed: 4, split, count: 6 }).map(({ solution: _, ...question }) => question),
  );
  const config: RunConfig = {
    ...tinyJob,
    trainQuestions: 6,
    validationQuestions: 0,
    testQuestions: 3,
    questions: 'own.jsonl',
    ...change,
  };
  const job = await newJob();
  const { id } = await job.coordinator.start(config, asked);
  await job.coordinator.ended();
  const archive = await job.api.runs.archive(id);
  const ends = job.events.filter((event) => event.type === 'progress' && event.phase === 'distil').at(-1);
  return { ...archive, ends };
}

it('beside a strategy the run goes on without it', async () => {
  const { run, report, datasets, ends } = await ran({
    strategies: ['rsft'],
    controls: ['gold-sft', 'self-consistency'],
    distilSeeds: 2,
  });
  expect(run.error).toBeNull();
  const names = report!.arms.map(({ name }) => name);
  expect(names).toContain('control:self-consistency');
  expect(names).not.toContain('control:gold-sft');
  expect(report!.datasets['control:gold-sft']?.kept).toBe(0);
  expect(datasets.map(({ strategy }) => strategy)).toContain('gold-sft');
  const said = reportMarkdown(report!);
  expect(said).toContain(
    'The control "worked solutions" was not trained. No worked solution comes with any of the 6 training questions',
  );
  expect(said.match(/was not trained\./g)).toHaveLength(1);
  // Its steps are no longer waited for.
  expect(ends).toMatchObject({ total: (ends as { done: number }).done });
});

it('a run that trains nothing else says that there is nothing to learn from', async () => {
  const { run } = await ran({ strategies: [], controls: ['gold-sft'] });
  expect(run.error?.code).toBe('nothing-to-learn');
});

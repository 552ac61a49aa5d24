/** Training, test and evaluation files from the start of a run to its report, on the bundled models in Node. */
import { expect, it } from 'vitest';
import { packArchive, unpackArchive } from '../../../src/records/archiveFile';
import { reportMarkdown } from '../../../src/eval/markdown';
import { parseReport } from '../../../src/records/reportSchema';
import type { Question } from '../../../src/records/records';
import { questionId } from '../../../src/tasks/questionText';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { nodeJobs, tinyJob } from '../../support/nodeJob';

const newJob = nodeJobs();

/** As a file would hold them: words that the bundled models know. */
const file = (split: 'train' | 'test', count: number): Question[] =>
  generateQuestions({ seed: 3, split, count }).map(({ origin: _, ...rest }, i) => ({
    ...rest,
    origin: `f:${i}`,
  }));

const choices: Question[] = file('test', 30)
  .slice(20)
  .map((question) => ({
    ...question,
    id: questionId(`${question.text}\n${question.gold}\n1`),
    answerType: 'choice',
    options: ['1', question.gold],
    gold: 'B',
  }));

it('a run on files of its own reports every arm on the test file and on each evaluation set', async () => {
  const config = {
    ...tinyJob,
    trainFile: 'train.jsonl',
    testFile: 'test.jsonl',
    evalSets: ['quiz=quiz.csv', 'ood'],
    evalQuestions: 4,
    selfCheck: false,
  };
  const job = await newJob();
  const { id } = await job.api.control.start({
    config,
    questions: file('train', 30),
    test: file('test', 8),
    sets: { quiz: choices },
  });
  await job.coordinator.ended();
  const archive = await job.api.runs.wholeArchive(id);
  expect(archive.run.error).toBeNull();
  const { report } = archive;
  expect(report?.splits).toMatchObject({ test: 6, ood: 4, quiz: 4 });
  expect(report?.evalSets?.map(({ name, file: of, answerTypes }) => [name, of, answerTypes])).toEqual([
    ['quiz', 'quiz.csv', ['choice']],
  ]);
  const arms = ['base', 'single', 'single-greedy', 'vote-greedy:3', 'vote:3', 'debate', 'distilled:rsft'];
  for (const set of [report?.ood, report?.evalSets?.[0]]) {
    expect(set?.arms.map(({ name }) => name)).toEqual(arms);
    expect(set?.arms.every(({ n }) => n === 4)).toBe(true);
    // The debate beside its own first vote.
    expect(set?.pairs.some(({ a, b }) => a === 'debate' && b === 'vote:3')).toBe(true);
  }
  expect(report?.overlap).toMatchObject({ policy: 'drop', repeated: {} });
  expect(new Set(archive.turns.map(({ split }) => split))).toContain('quiz');

  // It comes back whole from a file, and its report as tables.
  expect(unpackArchive(packArchive(archive))).toEqual(archive);
  expect(parseReport(JSON.parse(JSON.stringify(report)))).toEqual(JSON.parse(JSON.stringify(report)));
  const markdown = reportMarkdown(report!);
  expect(markdown).toContain('## quiz (quiz.csv)');
  expect(markdown).toMatch(/training questions were held against/);
}, 120_000);

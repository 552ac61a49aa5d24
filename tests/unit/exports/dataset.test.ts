/** A run's debate in the formats of other tools; the run that ships with the app is the case. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ExportError } from '../../../src/core/errors';
import { exportDataset, type DatasetExport } from '../../../src/exports/dataset';
import { datasetFormatNames, datasetFormats, type DatasetFormat } from '../../../src/exports/formats';
import { leftOutTexts } from '../../../src/exports/leftOut';
import type {
  AgentArkRow,
  MessagesRow,
  PreferenceRow,
  PromptRow,
  SampleRow,
  SftRow,
  StepwiseRow,
} from '../../../src/exports/rows';
import type { ExportedRun } from '../../../src/exports/source';
import { unpackArchive } from '../../../src/records/archiveFile';
import type { Turn } from '../../../src/records/records';
import { readQuestionFile } from '../../../src/tasks/readQuestionFile';
import { parseRows } from '../../../src/train/batch';
import { makeTurn } from '../../support/makeTurn';

const run: ExportedRun = unpackArchive(readFileSync('public/recorded/run.json.gz'));
/** Enough where every byte of two exports is compared. */
const small: ExportedRun = { ...run, questions: run.questions.filter((_, i) => i % 16 === 0) };
const trainingFormats = datasetFormatNames.filter((format) => format !== 'lm-eval');
const questionOf = new Map(run.questions.map((question) => [question.id, question]));

function rowsOf<T>({ files }: DatasetExport, path: string): T[] {
  const text = files.get(path) ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

async function trainRows<T>(format: DatasetFormat, archive = run): Promise<T[]> {
  return rowsOf<T>(await exportDataset(archive, format), 'train.jsonl');
}

async function refusalOf(format: DatasetFormat, archive: ExportedRun): Promise<string> {
  const thrown = await exportDataset(archive, format).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(ExportError);
  const { message, hint } = thrown as ExportError;
  expect(hint).not.toBe('');
  return message;
}

const withTurns = (change: (turn: Turn) => Turn | null): ExportedRun => ({
  ...run,
  datasets: [],
  turns: run.turns.flatMap((turn) => change(turn) ?? []),
});

describe('an export', () => {
  it.each(datasetFormatNames)('of %s has rows of its schema alone, as many as it counts', async (format) => {
    const made = await exportDataset(run, format);
    expect([...made.files.keys()]).toEqual(made.counts.files.map(({ path }) => path));
    for (const { path, rows } of made.counts.files) {
      const read = rowsOf<object>(made, path);
      expect(read).toHaveLength(rows);
      expect(rows).toBeGreaterThan(0);
      for (const row of read) v.parse(datasetFormats[format].row, row);
    }
  });

  it.each(trainingFormats)(
    'of %s has no question of a test set, and none twice in two files',
    async (format) => {
      const { files } = await exportDataset(run, format);
      expect([...files.keys()]).toEqual(['train.jsonl', 'valid.jsonl']);
      const asked = run.questions.filter(({ split }) => split === 'test' || split === 'ood');
      expect(asked.length).toBe(300);
      for (const [path, text] of files) {
        // Rows name their question by its id or by its text.
        const held = run.questions.filter(
          (question) => text.includes(`"${question.id}"`) || text.includes(JSON.stringify(question.text)),
        );
        const wanted = path === 'train.jsonl' ? 'train' : 'validation';
        expect(held.length).toBeGreaterThan(20);
        expect(new Set(held.map(({ split }) => split))).toEqual(new Set([wanted]));
      }
      const texts = [...files.values()].join('\n');
      expect(asked.filter(({ text }) => texts.includes(text))).toEqual([]);
    },
  );

  it('of a training set leaves a question out that somebody moved to the test set', async () => {
    const moved = small.questions[0]!.id;
    const other = {
      ...small,
      questions: small.questions.map((one) => (one.id === moved ? { ...one, split: 'test' } : one)),
    };
    for (const format of trainingFormats) {
      const { files } = await exportDataset(other, format);
      expect([...files.values()].join('')).not.toContain(questionOf.get(moved)!.text);
    }
  });

  it('has the same bytes again', async () => {
    for (const format of datasetFormatNames)
      expect((await exportDataset(small, format)).files).toEqual((await exportDataset(small, format)).files);
  });
});

describe('trl-sft and messages', () => {
  it('hold the traces that the strategy was trained on', async () => {
    const { traces } = run.datasets.find(({ strategy }) => strategy === 'rsft')!;
    const rows = await trainRows<SftRow>('trl-sft');
    expect(rows.map(({ prompt, completion }) => ({ prompt, target: completion[0].content }))).toEqual(
      traces.map(({ messages, target }) => ({ prompt: messages, target })),
    );
  });

  it('are read again as rows to train on, with the same text', async () => {
    const sft = await exportDataset(run, 'trl-sft');
    const messages = await exportDataset(run, 'messages');
    expect(parseRows(sft.files.get('train.jsonl')!)).toEqual(parseRows(messages.files.get('train.jsonl')!));
  });

  it('hold another strategy or control by its name, and say which there are', async () => {
    const made = await exportDataset(run, 'messages', { strategy: 'self-consistency' });
    expect(made.counts.strategy).toBe('self-consistency');
    expect(rowsOf(made, 'train.jsonl')).toHaveLength(424);
    await expect(exportDataset(run, 'messages', { strategy: 'da' })).rejects.toMatchObject({
      code: 'export',
      hint: 'It has those of rsft, self-consistency, single-teacher.',
    });
  });

  it('take what RSFT takes where a run has trained on no rows', async () => {
    const rows = await trainRows<MessagesRow>('messages', { ...run, datasets: [] });
    expect(rows).toEqual(await trainRows<MessagesRow>('messages'));
  });

  it('never take what a reward model learns from: wrong replies are among it', async () => {
    const wrong = run.datasets.map((one, i) => (i === 0 ? { ...one, strategy: 'rsft+pad' } : one));
    const { counts } = await exportDataset({ ...run, datasets: wrong }, 'trl-sft');
    expect(counts.strategy).toBe('self-consistency');
  });
});

describe('preference', () => {
  it('pairs a right with a wrong turn of one question and agent', async () => {
    const rows = await trainRows<PreferenceRow>('preference');
    const said = new Map(
      run.turns
        .filter(({ protocol }) => protocol === 'debate')
        .map((turn) => [`${turn.questionId}/${turn.agent}/${turn.round}`, turn]),
    );
    for (const row of rows) {
      const right = said.get(`${row.question_id}/${row.writer}/${row.chosen_round}`)!;
      const wrong = said.get(`${row.question_id}/${row.writer}/${row.rejected_round}`)!;
      expect([right.correct, wrong.correct]).toEqual([true, false]);
      expect([row.chosen[0].content, row.rejected[0].content]).toEqual([
        right.reply.trim(),
        wrong.reply.trim(),
      ]);
    }
  });

  it('says how many questions have no pair, and in words that a run has none', async () => {
    const { counts } = await exportDataset(run, 'preference');
    expect(leftOutTexts(counts.leftOut)[0]).toMatch(
      /^\d+ questions on which nobody was both right and wrong$/,
    );
    const right = withTurns((turn) => (turn.correct ? turn : null));
    expect(await refusalOf('preference', right)).toMatch(/no agent was both right and wrong/);
  });
});

describe('prm', () => {
  it('has a verdict for each step, and steps that together are the reply', async () => {
    const rows = await trainRows<StepwiseRow>('prm');
    const replies = new Set(run.turns.map(({ reply }) => reply.trim()));
    expect(rows.length).toBeGreaterThan(7000);
    const whole = rows.filter(({ completions }) => replies.has(completions.join(' ')));
    expect(whole.length / rows.length).toBeGreaterThan(0.99);
    // The agents' fixed gaps: some steps are wrong.
    const verdicts = rows.flatMap(({ labels }) => labels);
    expect(verdicts.filter((label) => !label).length).toBeGreaterThan(1000);
  });

  it('puts text in which nothing is computed before the step that follows', async () => {
    const [question] = run.questions;
    const told = makeTurn({
      ...run.turns[0]!,
      questionId: question!.id,
      protocol: 'debate',
      split: 'train',
      round: 0,
      agent: 0,
      reply: 'First I count. 3 * 2 = 6. Well. 6 - 2 = 5. That is all.',
      correct: false,
    });
    const { solution: _, ...asked } = question!;
    const rows = await trainRows<StepwiseRow>('prm', {
      ...run,
      questions: [asked],
      turns: [told],
      datasets: [],
    });
    expect(rows).toMatchObject([
      { completions: ['First I count. 3 * 2 = 6.', 'Well. 6 - 2 = 5.'], labels: [true, false] },
    ]);
  });

  it('says in words that a run has no steps', async () => {
    const silent = withTurns((turn) => ({ ...turn, reply: 'It is seven' }));
    const questions = run.questions.map(({ solution: _, ...question }) => question);
    expect(await refusalOf('prm', { ...silent, questions })).toMatch(/has a step that can be checked/);
  });
});

describe('grpo and agentark', () => {
  it.each(['grpo', 'agentark'] as const)(
    '%s is read again as a question file, with the same answers',
    async (format) => {
      const { files } = await exportDataset(run, format);
      const read = readQuestionFile(new TextEncoder().encode(files.get('train.jsonl')), 'train.jsonl');
      const wanted = run.questions.filter(({ split }) => split === 'train');
      expect(read.rejected).toEqual([]);
      expect(read.questions.map(({ text, gold, answerType }) => [text, gold, answerType])).toEqual(
        wanted.map(({ text, gold, answerType }) => [text, gold, answerType]),
      );
      // The bare answer is no worked solution, which steps would be held to.
      expect(read.questions.filter(({ solution }) => solution !== undefined)).toEqual([]);
    },
  );

  it('hold the options of choices, and are read again as such', async () => {
    const questions = run.questions.map((question) => ({
      ...question,
      answerType: 'choice' as const,
      options: ['none', 'some', 'all'],
      gold: 'B',
    }));
    const made = await exportDataset({ ...run, questions }, 'grpo');
    const read = readQuestionFile(new TextEncoder().encode(made.files.get('train.jsonl')), 'train.jsonl');
    expect(read.questions[0]).toMatchObject({
      answerType: 'choice',
      gold: 'B',
      options: ['none', 'some', 'all'],
    });
    expect(rowsOf<PromptRow>(made, 'train.jsonl')[0]!.prompt.at(-1)!.content).toContain('B. some');
  });

  it('agentark has every turn with its verdict', async () => {
    const [first] = await trainRows<AgentArkRow>('agentark');
    expect(first!.solutions).toHaveLength(9);
    expect(first!.labels).toEqual(first!.solutions.map(({ is_correct }) => is_correct));
  });

  it('say in words that no question has an answer', async () => {
    const questions = run.questions.map((question) => ({ ...question, gold: '' }));
    expect(await refusalOf('grpo', { ...run, questions })).toMatch(
      /No training question .* has a right answer/,
    );
    expect(
      await refusalOf(
        'agentark',
        withTurns(() => null),
      ),
    ).toMatch(/no turn about a training question/);
  });
});

describe('lm-eval', () => {
  it('logs what the report counts by both filters', async () => {
    const { files, counts } = await exportDataset(run, 'lm-eval');
    const student = counts.files.find(({ path }) => path.startsWith('distilled_rsft/'))!;
    const rows = rowsOf<SampleRow>({ files, counts }, student.path);
    const right = (filter: string): number =>
      rows.filter((row) => row.filter === filter && row.exact_match === 1).length;
    const arm = run.report!.arms.find(({ name }) => name === 'distilled:rsft')!;
    expect([right('strict-match'), right('flexible-extract')]).toEqual([
      arm.strict.correct,
      arm.flexible!.correct,
    ]);
    expect(rows).toHaveLength(2 * arm.n);
    expect(student.path).toMatch(/\/samples_arklet_test_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}\.jsonl$/);
  });

  it('hashes what lm-eval hashes: the doc as JSON with an indent of two, the prompt, the target', async () => {
    const { files } = await exportDataset(run, 'lm-eval');
    const row = JSON.parse([...files.values()][0]!.split('\n')[0]!) as SampleRow;
    const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect([row.doc_hash, row.prompt_hash, row.target_hash]).toEqual([
      sha(JSON.stringify(row.doc, null, 2)),
      sha(row.arguments.gen_args_0.arg_0),
      sha(row.target),
    ]);
  });

  it('says in words that no student has answered', async () => {
    const debated = withTurns((turn) => (turn.protocol.startsWith('eval:') ? null : turn));
    expect(await refusalOf('lm-eval', debated)).toMatch(/no answer of a student/);
  });
});

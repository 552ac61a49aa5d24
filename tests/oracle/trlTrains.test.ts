/** TRL trains from every exported set, unedited: SFT, DPO, a reward model, a process reward model and GRPO, two steps each. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportDataset } from '../../src/exports/dataset';
import type { PreferenceRow, SftRow, StepwiseRow } from '../../src/exports/rows';
import { unpackArchive } from '../../src/records/archiveFile';
import type { Question } from '../../src/records/records';

const root = resolve(import.meta.dirname, '../..');
const python = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
const folder = join(root, '.cache/oracle-trl');
const formats = ['trl-sft', 'preference', 'prm', 'grpo'] as const;

interface Trained {
  readonly rows: number;
  readonly eval: number;
  readonly steps: number;
  readonly losses: readonly number[];
}
type Results = {
  readonly sft: Trained & { readonly prompt: string; readonly learnt: string };
  readonly dpo: Trained;
  readonly reward: Trained & { readonly chosen: string };
  readonly prm: Trained & { readonly labels: readonly number[] };
  readonly grpo: Trained & { readonly rewarded: readonly (readonly [string, string])[] };
};

describe('TRL', () => {
  let results: Results;
  let questions: readonly Question[];
  const rows = (format: string, file = 'train.jsonl'): string[] =>
    readFileSync(join(folder, format, file), 'utf8')
      .trimEnd()
      .split('\n');
  const first = <T>(format: string): T => JSON.parse(rows(format)[0]!) as T;
  const plain = (text: string): string => text.replace(/\s+/g, '');

  beforeAll(async () => {
    const whole = unpackArchive(readFileSync(join(root, 'public/recorded/run.json.gz')));
    // Forty questions are enough to see that rows are read.
    const kept = whole.questions.filter(({ split }) => split !== 'test');
    questions = [...kept.slice(0, 30), ...kept.slice(-10)];
    const ids = new Set(questions.map(({ id }) => id));
    const run = { ...whole, questions, turns: whole.turns.filter(({ questionId }) => ids.has(questionId)) };
    rmSync(folder, { recursive: true, force: true });
    for (const format of formats) {
      mkdirSync(join(folder, format), { recursive: true });
      const { files } = await exportDataset(run, format);
      for (const [path, text] of files) writeFileSync(join(folder, format, path), text);
    }
    const env = {
      ...process.env,
      OMP_WAIT_POLICY: 'PASSIVE',
      HF_HUB_OFFLINE: '1',
      HF_HOME: join(folder, 'home'),
    };
    await promisify(execFile)(python, ['-W', 'ignore', join(root, 'tests/oracle/trlTrains.py'), folder], {
      env,
    });
    results = JSON.parse(readFileSync(join(folder, 'trl.json'), 'utf8')) as Results;
  });

  it.each([
    ['sft', 'trl-sft'],
    ['dpo', 'preference'],
    ['reward', 'preference'],
    ['prm', 'prm'],
    ['grpo', 'grpo'],
  ] as const)('%s takes all rows of %s and two steps', (trainer, format) => {
    const { rows: train, eval: held, steps, losses } = results[trainer];
    expect([train, held]).toEqual([rows(format).length, rows(format, 'valid.jsonl').length]);
    expect([steps, losses.length, losses.every(Number.isFinite)]).toEqual([2, 2, true]);
  });

  it('learns by heart the completion and its end, not the prompt', () => {
    const { prompt, completion } = first<SftRow>('trl-sft');
    expect(results.sft.prompt).toBe(prompt[0]!.content);
    expect(plain(results.sft.learnt)).toBe(plain(completion[0].content));
  });

  it('sees the question before the preferred turn', () => {
    const { prompt, chosen } = first<PreferenceRow>('preference');
    expect(plain(results.reward.chosen)).toBe(plain(prompt[0]!.content + chosen[0].content));
  });

  it('has one label a step', () => {
    expect(results.prm.labels).toEqual(first<StepwiseRow>('prm').labels.map(Number));
  });

  it('hands the right answer to the reward function', () => {
    const known = new Map(questions.map(({ text, gold }) => [text, gold]));
    expect(results.grpo.rewarded.length).toBeGreaterThan(0);
    for (const [question, solution] of results.grpo.rewarded) expect(known.get(question)).toBe(solution);
  });
});

/** A run as a project for many machines. That TRL trains from it unedited is in tests/oracle/cluster.test.ts. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { trlConfigs } from '../../../src/exports/cluster/configs';
import { clusterProject } from '../../../src/exports/cluster/project';
import { unpackArchive } from '../../../src/records/archiveFile';

const whole = unpackArchive(readFileSync('public/recorded/run.json.gz'));
const questions = whole.questions.filter(({ split }, i) => split === 'test' || i % 16 === 0);
const run = { ...whole, questions };

it('holds data, settings, test vectors and a README, and no test question', async () => {
  const { files, missing } = await clusterProject(run);
  expect(missing).toEqual([]);
  expect([...files.keys()].filter((path) => !path.startsWith('data/')).sort()).toEqual([
    'README.md',
    'configs/dpo.yaml',
    'configs/grpo.yaml',
    'configs/prm.yaml',
    'configs/settings.json',
    'configs/sft.yaml',
    'vectors.jsonl',
  ]);
  const text = [...files.values()].join('\n');
  expect(questions.filter(({ split, text: asked }) => split === 'test' && text.includes(asked))).toEqual([]);
  expect(text).not.toMatch(/undefined|NaN/);
});

it('writes PAD’s settings out where TRL’s defaults are another objective', () => {
  const { grpo } = trlConfigs(run.run.config);
  const { rl } = run.run.config.pad;
  // TRL: beta 0.0, loss_type dapo, scale_rewards group, temperature 1.0, num_generations 8.
  expect(grpo).toMatchObject({
    beta: rl.klWeight,
    epsilon: 0.2,
    loss_type: rl.normalisation,
    scale_rewards: 'none',
    temperature: rl.temperature,
    num_generations: rl.samples,
    num_iterations: rl.iterations,
    max_steps: rl.updates,
  });
});

it('goes without a set for which the run has nothing, and says so; a run with nothing at all is refused', async () => {
  const turns = run.turns.filter(({ correct }) => correct);
  const { files, missing } = await clusterProject({ ...run, turns });
  expect(missing.map(({ format }) => format)).toEqual(['preference']);
  expect(files.get('README.md')).toContain(
    '- data/preference: In tidy-garnet no agent was both right and wrong',
  );
  await expect(clusterProject({ ...run, questions: [] })).rejects.toMatchObject({ code: 'export' });
});

it('has as many verdicts of both kinds among its vectors as tell rules apart', async () => {
  const { files } = await clusterProject(run);
  const rows = files
    .get('vectors.jsonl')!
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { correct: boolean });
  expect(rows.length).toBeGreaterThan(300);
  const right = rows.filter(({ correct }) => correct).length;
  expect(Math.min(right, rows.length - right)).toBeGreaterThan(50);
});

/** The model card of an adapter: data, seed, figures, base and its revision. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { modelCard } from '../../../src/exports/modelCard';
import { unpackArchive } from '../../../src/records/archiveFile';

const { run, report } = unpackArchive(readFileSync('public/recorded/run.json.gz'));
const hub = 'hf:HuggingFaceTB/SmolLM2-135M-Instruct';
const commit = '12fd25f77366fa6b3b4b768ec3050bf629380bac';
const onHub = {
  run: { ...run, config: { ...run.config, student: hub } },
  report: { ...report!, commits: { [hub]: commit } },
  strategy: 'rsft',
  seed: 0,
};

it('names the base as the hub reads it, with the commit that was run', () => {
  const card = modelCard(onHub);
  expect(card).toMatch(/^---\nbase_model: HuggingFaceTB\/SmolLM2-135M-Instruct\nlibrary_name: peft\n/);
  expect(card).toContain(`revision \`${commit}\``);
});

it('names no base to the hub that is not there', () => {
  const card = modelCard({ ...onHub, run });
  expect(card).not.toContain('base_model:');
  expect(card).toContain('A LoRA adapter on `bundled`');
});

it('has data, seed and the figures of the report', () => {
  const card = modelCard(onHub);
  const [arm] = report!.arms.filter(({ name }) => name === 'distilled:rsft');
  expect(card).toContain('Traces: 798, of strategy rsft, labels gold');
  expect(card).toContain('800 for training and 300 for the test');
  expect(card).toContain('Seed of the run: 0; distillation seed: 0; run: ');
  expect(card).toContain(`| ${(100 * arm!.accuracy).toFixed(1)} % |`);
  expect(card).not.toMatch(/undefined|NaN|null/);
});

it('says of a run without a report that it was not evaluated', () => {
  expect(modelCard({ ...onHub, report: null })).toContain('The run has not been evaluated.');
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usesOnlyBundled } from '../../../src/specs/runModels';

describe('a run on the bundled models alone', () => {
  const plain = { agents: ['bundled'], personas: [{}], student: 'bundled' };

  it('names no other model for an agent, a persona or the student', () => {
    expect(usesOnlyBundled(plain)).toBe(true);
    expect(usesOnlyBundled({ ...plain, agents: ['bundled', 'hf:a/b'] })).toBe(false);
    expect(usesOnlyBundled({ ...plain, personas: [{ model: 'webllm:some-model' }] })).toBe(false);
    expect(usesOnlyBundled({ ...plain, student: 'local:mine' })).toBe(false);
  });

  it('may name one by its id', () => {
    expect(usesOnlyBundled({ ...plain, student: 'arklet-student' })).toBe(true);
  });
});

it('no module compares a name with the text of "bundled": src/specs has it', () => {
  const root = resolve(import.meta.dirname, '../../../src');
  const compared = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      /\.(ts|svelte)$/.test(file) &&
      !file.startsWith('specs') &&
      /(?<!(?:source|place|id) )(?:[=!]==|\?\?) 'bundled'/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(compared).toEqual([]);
});

/** Every importer against files that were changed at random: typed errors alone, within 2 s and 10 times the memory of the file. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { importerNames, type Counts } from '../../scripts/fuzz/types';

const root = join(import.meta.dirname, '../..');

it('every importer refuses 10,000 changed files with an error that a user can act on, or takes them', () => {
  const args = ['scripts/cli.mjs', 'fuzz', '--cases', '10000', '--seed', '1', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  const result = JSON.parse(stdout) as { cases: number; byImporter: Record<string, Counts> };
  expect(Object.keys(result.byImporter)).toEqual([...importerNames]);
  expect(result.cases).toBe(10_000 * importerNames.length);
  for (const [name, { cases, typed, untyped, hung, overMemory }] of Object.entries(result.byImporter)) {
    expect({ name, cases, untyped, hung, overMemory }, stderr.slice(0, 4000)).toEqual({
      name,
      cases: 10_000,
      untyped: 0,
      hung: 0,
      overMemory: 0,
    });
    // Both ends are reached: else the changes are too mild or too harsh to show anything.
    expect(typed, name).toBeGreaterThan(cases / 20);
    expect(typed, name).toBeLessThan(cases - 50);
  }
  expect(status).toBe(0);
});

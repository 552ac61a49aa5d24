import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { root } from '../../../scripts/lib/root.mjs';

const program = (last: string): string => `
  const { endProcess } = await import(${JSON.stringify(`file://${root}/scripts/lib/endProcess.mjs`)});
  setInterval(() => {}, 1000);
  process.stdout.write('x'.repeat(1_000_000));
  process.stderr.write('said');
  process.exitCode = 3;
  ${last}
`;
const run = (last: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', program(last)], {
    timeout: last === '' ? 3_000 : 20_000,
    encoding: 'utf8',
  });

it('a command ends when it is done, though something it used is still open, and all that it wrote is out', () => {
  const { status, stdout, stderr } = run('endProcess();');
  expect([status, stdout.length, stderr]).toEqual([3, 1_000_000, 'said']);
});

it('without it, what is open keeps it alive', () => {
  expect(run('').signal).toBe('SIGTERM');
});

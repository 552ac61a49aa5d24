/** A hundred seeded faults of every kind: each run ends with the bytes of an undisturbed one, and nothing recorded is lost. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { kinds } from '../../scripts/chaos/faults';

const faults = 100;

interface Tally {
  readonly faults: number;
  readonly survived: number;
  readonly lost: number;
  readonly differing: number;
}

async function chaos(...args: readonly string[]): Promise<Tally & { byKind: Record<string, Tally> }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['scripts/cli.mjs', 'chaos', ...args, '--json'],
    { maxBuffer: 2 ** 26 },
  ).catch((thrown: { stdout?: string; stderr?: string }) => {
    if (thrown.stdout?.startsWith('{')) return { stdout: thrown.stdout };
    throw new Error(thrown.stderr ?? '', { cause: thrown });
  });
  return JSON.parse(stdout) as Tally & { byKind: Record<string, Tally> };
}

it('a run survives whatever a laptop does to it', async () => {
  const { byKind, ...sum } = await chaos('--faults', String(faults), '--seed', '17');
  expect(sum).toEqual({ faults, survived: faults, lost: 0, differing: 0 });
  expect(Object.keys(byKind).sort()).toEqual(Object.keys(kinds).sort());
});

it('and one that loses what was recorded is caught', async () => {
  const {
    faults: struck,
    lost,
    differing,
  } = await chaos(...['--faults', '2', '--seed', '3', '--only', 'coordinator', '--break']);
  expect(struck).toBe(2);
  expect(lost + differing).toBeGreaterThan(0);
});

/** A copy of the project as it is after `npm ci`: nothing is built in it. Every command of the README's table works there, in any order. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';

const root = resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'arklet-clone-'));
const made = ['node_modules', 'dist', 'prebuilt', '.cache', 'runs', '.git', 'src/cpu/build'];

beforeAll(() => {
  cpSync(root, copy, {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => !made.includes(relative(root, path)),
  });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // The app is built once, as one of the commands would: a minute for each of them proves no more.
  cpSync(ensureBuild(), join(copy, 'dist'), { recursive: true, preserveTimestamps: true });
  // Copied folders are new; what lies in them is as old as it was.
  utimesSync(join(copy, 'dist/.built'), new Date(), new Date());
});
beforeEach(() => rmSync(join(copy, 'src/cpu/build'), { recursive: true, force: true }));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [`scripts/${script}.mjs`, ...args], { cwd: copy, encoding: 'utf8' });
}

const out = (name: string): string => join(copy, 'runs', name);
const onCpu = ['--device', 'cpu'];
const lm = (verb: string, ...args: string[]): string[] => ['lm', verb, '--model', 'student', ...args];
const rows = join(copy, 'rows.jsonl');
const sizes = [
  '--train-questions',
  '16',
  '--test-questions',
  '8',
  '--steps',
  '2',
  '--n-agents',
  '2',
  '--rounds',
  '0',
];

/** A short form of each command: how it is called, and the exit code. */
const calls: readonly (readonly [name: string, script: string, args: readonly string[], status: number])[] = [
  ['lm', 'cli', lm('tokenize', '--text', 'Tom has 12 apples.'), 0],
  ['lm', 'cli', lm('generate', '--prompt', 'Tom has 12 apples.', '--max-tokens', '4', ...onCpu), 0],
  ['lm', 'cli', lm('logits', '--ids', '40,56,9', '--out', out('logits.npy'), ...onCpu), 0],
  [
    'lm',
    'cli',
    lm('train', '--data', rows, '--steps', '2', '--batch', '1', '--rank', '2', '--out', out('lm'), ...onCpu),
    0,
  ],
  [
    'lm',
    'cli',
    lm('export', '--format', 'merged', '--adapter', out('lm'), '--out', out('merged'), ...onCpu),
    0,
  ],
  ['selftest', 'cli', ['selftest', '--kernel', 'swiglu', '--json', ...onCpu], 0],
  ['selftest', 'cli', ['selftest', '--kernel', 'swiglu', '--json'], 0],
  ['distil', 'cli', ['distil', '--backend', 'cpu', ...sizes, '--out', out('distil')], 0],
  ['kit', 'cli', ['kit', '--out', out('kit')], 0],
  ['site', 'cli', ['site', '--space', '--out', out('site')], 0],
  ['counts', 'cli', ['counts', '--json'], 0],
  ['test', 'commands/test', ['--only', 'wasm'], 0],
  // The long ones up to where they ask for more, or name what there is.
  ['check:webllm', 'cli', ['check:webllm'], 2],
  ['perf', 'cli', ['perf', '--rounds', 'none'], 2],
  ['prove', 'prove/prove', ['--only', 'nothing'], 2],
  ['isa', 'cli', ['isa', '--family', 'nothing'], 2],
  ['fuzz', 'cli', ['fuzz', '--cases', 'none'], 2],
  ['chaos', 'cli', ['chaos', '--faults', 'none'], 2],
];

it('no command of the table is left out here', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const table = readme.split('\n').filter((line) => line.startsWith('| `npm '));
  const named = table.flatMap((line) =>
    [...line.matchAll(/`npm (?:run )?(?:-s )?([\w:]+)/g)].map((match) => match[1]!),
  );
  expect(named.length).toBeGreaterThan(5);
  // These have tests of their own below, and this very test is part of the last.
  const tried = new Set([...calls.map(([name]) => name), 'start', 'bench', 'test:long']);
  expect(named.filter((name) => !tried.has(name))).toEqual([]);
});

it.each(calls)('%s works right after npm ci: %s %j ends with %i', (_, script, args, status) => {
  writeFileSync(rows, `${JSON.stringify({ prompt: 'Tom has 2 apples.', completion: '#### 2' })}\n`);
  const result = run(script, ...args);
  expect([result.status, result.stderr.includes('This is a bug in Arklet')], result.stderr).toEqual([
    status,
    false,
  ]);
});

it('a build says that it builds, and what is wrong', () => {
  const { status, stderr } = run('commands/build');
  const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('wasm: '));
  expect([status, said]).toEqual([0, ['Building dist/ ...']]);
});

it('npm start serves the app', async () => {
  const server = spawn(process.execPath, ['scripts/commands/start.mjs'], {
    cwd: copy,
    env: { ...process.env, PORT: '0' },
  });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = /http:\S+/.exec(line.toString())![0];
    expect((await fetch(url)).status).toBe(200);
  } finally {
    server.kill();
  }
});

/** Its peers are fetched once from the registry: without them nothing is compared. */
it.runIf(existsSync(join(root, '.cache/peers/bundled.txt')))('bench compares', () => {
  cpSync(join(root, '.cache/peers'), join(copy, '.cache/peers'), { recursive: true });
  const result = run('cli', 'bench', '--json', '--only', 'nothing', '--rounds', '1');
  expect(result.status, result.stderr).toBe(0);
});

it('two commands at once compile the kernels once', async () => {
  const args = ['scripts/cli.mjs', ...lm('generate', '--prompt', 'Tom', '--max-tokens', '1', ...onCpu)];
  const both = [1, 2].map(() => spawn(process.execPath, args, { cwd: copy }));
  const said = await Promise.all(
    both.map(async (child) => {
      let text = '';
      child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
      const [status] = (await once(child, 'close')) as [number];
      expect(status, text).toBe(0);
      return text;
    }),
  );
  expect(said.join('').match(/wasm: plain \d/g)).toHaveLength(1);
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'arklet-commands-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

function command(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['scripts/cli.mjs', ...args], { cwd: root, encoding: 'utf8' });
}

interface Generated {
  completions: { text: string; ids: number[]; logprobs: number[]; finishReason: string; seed: number }[];
  usage: { prompt: number; completion: number };
}

const question = 'Tom has 12 apples. He buys 9 more. How many apples does Tom have now?';

function generate(...flags: string[]): Generated {
  const result = command('lm', 'generate', '--model', 'student', '--chat', '--prompt', question, ...flags);
  expect(result.status, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as Generated;
}

test('bad arguments end with 2, an error document and nothing on stdout', () => {
  for (const args of [
    ['lm', 'dance'],
    ['lm', 'generate', '--model', 'no-such-model', '--prompt', 'x'],
    ['lm', 'generate', '--model', 'agent-a', '--prompt', question, '--n', 'many', '--device', 'cpu'],
    ['selftest', '--kernel-name', 'x'],
    ['distil', '--rounds', '-4', '--out', join(work, 'bad')],
    ['distil', 'quick'],
  ]) {
    const { status, stdout, stderr } = command(...args);
    expect([args, status, stdout], stderr).toEqual([args, 2, '']);
    const last = stderr.trim().split('\n').at(-1) ?? '';
    const { error } = JSON.parse(last) as { error: { code: string; message: string; hint: string } };
    expect(error.code).toBe('config');
    expect(error.message.length * error.hint.length).toBeGreaterThan(0);
  }
});

test('completion i of a sampled batch is what its own seed gives alone', () => {
  const flags = ['--temperature', '1', '--max-tokens', '24', '--device', 'cpu'];
  const batch = generate('--n', '3', '--seed', '5', ...flags).completions;
  expect(batch.map(({ seed }) => seed)).toEqual([5, 6, 7]);
  expect(generate('--seed', '6', ...flags).completions).toEqual([batch[1]]);
  expect(new Set(batch.map(({ ids }) => ids.join())).size).toBeGreaterThan(1);
});

test('WebGPU in the browser and the CPU in Node write the same greedy reply', () => {
  const [gpu, cpu] = ['chromium', 'cpu'].map((device) => generate('--max-tokens', '24', '--device', device));
  expect(gpu!.completions[0]!.ids).toEqual(cpu!.completions[0]!.ids);
  expect(gpu!.usage).toEqual(cpu!.usage);
});

test('an interrupted training keeps its checkpoint, and the same command ends as an undisturbed one does', async () => {
  const data = join(work, 'rows.jsonl');
  const row = (a: number): string =>
    JSON.stringify({ prompt: `Tom has ${a} apples.`, completion: `${a} + 1 = ${a + 1}. #### ${a + 1}` });
  writeFileSync(data, [2, 3, 4, 5, 6].map((a) => `${row(a)}\n`).join(''));
  const flags = ['--steps', '400', '--batch', '2', '--rank', '4', '--save-every', '20', '--device', 'cpu'];
  const args = (out: string): string[] => [
    'lm',
    'train',
    '--model',
    'student',
    '--data',
    data,
    '--out',
    out,
    ...flags,
  ];
  const files = (out: string): [string, Buffer] => [
    readFileSync(join(out, 'log.jsonl'), 'utf8'),
    readFileSync(join(out, 'adapter/adapter_model.safetensors')),
  ];
  const [whole, parts] = [join(work, 'whole'), join(work, 'parts')];
  expect(command(...args(whole)).status).toBe(0);

  const first = spawn(process.execPath, ['scripts/cli.mjs', ...args(parts)], { cwd: root });
  first.stderr.on('data', (text: Buffer) => {
    if (text.includes('step 30:')) first.kill('SIGINT');
  });
  const [status] = (await once(first, 'exit')) as [number];
  expect(status).toBe(130);
  expect(existsSync(join(parts, 'checkpoint.safetensors'))).toBe(true);
  expect(existsSync(join(parts, 'adapter'))).toBe(false);
  expect(command(...args(parts)).status).toBe(0);

  const [wholeLog, wholeAdapter] = files(whole);
  const [partsLog, partsAdapter] = files(parts);
  expect(partsAdapter.equals(wholeAdapter)).toBe(true);
  expect(partsLog).toBe(wholeLog);
  expect(wholeLog.trim().split('\n')).toHaveLength(400);
});

test('the selftest passes a kernel, and fails it when its output is corrupted', () => {
  const passing = command('selftest', '--json', '--kernel', 'swiglu');
  expect(passing.status, passing.stderr).toBe(0);
  const { kernels } = JSON.parse(passing.stdout) as {
    kernels: { name: string; maxError: number; pass: boolean }[];
  };
  expect(kernels.length).toBeGreaterThan(0);
  expect(kernels.every(({ name, maxError, pass }) => name === 'swiglu' && pass && maxError <= 1)).toBe(true);
  const broken = command('selftest', '--json', '--kernel', 'swiglu', '--break', 'swiglu');
  expect(broken.status).toBe(1);
});

test('the headless job writes its files, and the same seed writes the same bytes', () => {
  const run = (name: string): string => {
    const out = join(work, name);
    const sizes = ['--train-questions', '24', '--test-questions', '12', '--steps', '3', '--seed', '3'];
    const result = command('distil', '--backend', 'cpu', ...sizes, '--out', out);
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout.trim().split('\n').at(-1)).toBe(join(out, 'report.json'));
    return out;
  };
  const [first, second] = [run('first'), run('second')];
  for (const file of ['trajectories.jsonl', 'adapters/rsft-0/adapter_model.safetensors']) {
    expect(readFileSync(join(first, file)).equals(readFileSync(join(second, file))), file).toBe(true);
  }
  const report = JSON.parse(readFileSync(join(first, 'report.json'), 'utf8')) as {
    arms: { name: string; n: number }[];
    items: unknown[];
  };
  const names = [
    'base',
    'single',
    'single-greedy',
    'vote-greedy:3',
    'vote:3',
    'debate',
    'vote-equal-tokens',
    'vote-equal-total-tokens',
    'distilled:rsft',
    'control:self-consistency',
    'control:single-teacher',
  ];
  expect(report.arms.map(({ name, n }) => [name, n])).toEqual(names.map((name) => [name, 12]));
  expect(report.items).toHaveLength(12);
  for (const file of ['timings.jsonl', 'report.md', 'run.arklet.json.gz']) {
    expect(existsSync(join(first, file)), file).toBe(true);
  }
  // The browser's own folder is for going on with an unfinished run.
  expect(existsSync(join(first, '.browser'))).toBe(false);
});

test('a folder in which a run works is refused to another run', async () => {
  const args = ['distil', '--backend', 'cpu', '--out', join(work, 'shared')];
  const first = spawn(process.execPath, ['scripts/cli.mjs', ...args], { cwd: root });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    first.stderr.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('debate')) resolve();
    });
    first.on('exit', () => reject(new Error(said)));
  });
  const { status, stdout, stderr } = command(...args);
  first.removeAllListeners('exit');
  first.kill('SIGINT');
  await once(first, 'exit');
  expect([status, stdout]).toEqual([1, '']);
  const last = stderr.trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ error: { code: 'busy' } });
});

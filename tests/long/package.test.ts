/** The published package: its tarball by npx, in an empty folder with an empty cache. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'arklet-package-'));
const cwd = join(work, 'empty');
const env = { ...process.env, npm_config_cache: join(work, 'cache'), npm_config_update_notifier: 'false' };
let tarball = '';
let files: readonly string[] = [];

beforeAll(() => {
  mkdirSync(cwd);
  const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', work], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(packed.status, packed.stderr).toBe(0);
  // Newer versions of npm answer with an object by names.
  const told = JSON.parse(packed.stdout.slice(packed.stdout.search(/^[[{]/m))) as Readonly<
    Record<string, { filename: string; files: { path: string }[] }>
  >;
  const [{ filename, files: listed }] = Object.values(told) as [(typeof told)[string]];
  tarball = join(work, filename);
  files = listed.map(({ path }) => path);
}, 600_000);
afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));

const arklet = (...args: string[]): string[] => ['--yes', '--package', tarball, 'arklet', ...args];

function npx(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync('npx', arklet(...args), { cwd, env, encoding: 'utf8' });
}

it('holds the built app, licence and commands, and no sources or tests', () => {
  expect(files).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.html', 'scripts/arklet.mjs']),
  );
  expect(files.filter((path) => /^(src|tests|docs|public|\.)|dist\/\./.test(path))).toEqual([]);
});

it('serves the app, isolated, until it is stopped', async () => {
  const child = spawn('npx', arklet('--port', '0'), { cwd, env, detached: true });
  const ended = once(child, 'close');
  try {
    const [line] = (await Promise.race([
      once(child.stdout, 'data'),
      ended.then(() => Promise.reject(new Error('npx ended'))),
    ])) as [Buffer];
    const page = await fetch(/http:\S+/.exec(line.toString())![0]);
    expect([page.status, page.headers.get('cross-origin-opener-policy')]).toEqual([200, 'same-origin']);
    expect(await page.text()).toContain('<title>Arklet</title>');
  } finally {
    process.kill(-child.pid!, 'SIGINT');
  }
  await ended;
});

it('distils, and writes its results in the folder where it was called', () => {
  const sizes = ['--train-questions', '16', '--test-questions', '8', '--steps', '2', '--backend', 'cpu'];
  const { status, stdout, stderr } = npx('distil', ...sizes, '--out', 'mine');
  expect(status, stderr).toBe(0);
  expect(stdout.trim().split('\n').at(-1)).toBe(join(cwd, 'mine/report.json'));
  const report = JSON.parse(readFileSync(join(cwd, 'mine/report.json'), 'utf8')) as { arms: { n: number }[] };
  expect(report.arms.map(({ n }) => n)).toEqual(report.arms.map(() => 8));
  expect(existsSync(join(cwd, 'mine/adapters/rsft-0/adapter_model.safetensors'))).toBe(true);
});

it('makes a kit from which the job runs, and names the devices that it can measure', () => {
  expect(npx('kit', '--out', 'kit').status).toBe(0);
  const checked = npx('kit', '--check', '--out', 'kit');
  expect(checked.status, checked.stderr).toBe(0);
  const bench = npx('bench', '--device', 'dawn');
  expect([bench.status, bench.stderr]).toEqual([2, expect.stringContaining('Devices: chromium, cpu.')]);
});

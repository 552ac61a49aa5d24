/** How the headless job ends when something goes wrong: with the right code, a hint that helps, and nothing left behind. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withPage } from '../../scripts/lib/browser.mjs';
import type { JobEvent } from '../../src/wire/jobEvents';

const root = resolve(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'arklet-ends-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const sizes = [
  '--train-questions',
  '24',
  '--test-questions',
  '8',
  '--steps',
  '3',
  '--seed',
  '3',
  '--backend',
  'cpu',
];
const argsFor = (out: string): string[] => ['scripts/cli.mjs', 'distil', ...sizes, '--out', out];

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  readonly stderr: string;
}

/** Runs the job; `act` is called with each piece of what it says. */
async function job(
  out: string,
  act: (child: ChildProcess, said: string) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, argsFor(out), { cwd: root });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    act(child, stderr);
  });
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const error = last.startsWith('{"error"') ? (JSON.parse(last) as { error: Ended['error'] }).error : null;
  return { status, signal, error, stderr };
}

describe('arguments that are wrong', () => {
  it('are found before anything starts, and leave nothing behind', () => {
    const file = join(work, 'file');
    const cli = join(root, 'scripts/cli.mjs');
    writeFileSync(file, '');
    const tries: [string[], RegExp][] = [
      [['--out'], /--out has no value/],
      [['--out', '--seed', '3'], /--out has no value/],
      [['--out='], /--out has an empty value/],
      [['--seed'], /--seed has no value/],
      [['--out', file], /is a file/],
      [['--out', join(file, 'x')], /is a file/],
      [['--out', '/proc/x'], /cannot be made/],
      [['--no-such-flag', '3', '--out', join(work, 'a')], /no flag --no-such-flag/],
      [['--rounds', '-4', '--out', join(work, 'b')], /Rounds is -4.*\(--rounds\)/],
      [['--backend', 'abacus', '--out', join(work, 'c')], /Backend is "abacus".*\(--backend\)/],
      [['--agents', 'no-such-model', '--out', join(work, 'd')], /no-such-model/],
    ];
    for (const [args, message] of tries) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'distil', ...args], {
        cwd: root,
        encoding: 'utf8',
        timeout: 120_000,
      });
      expect([args, status, stdout], stderr).toEqual([args, 2, '']);
      const { error } = JSON.parse(stderr.trim().split('\n').at(-1)!) as { error: Ended['error'] & object };
      expect(`${error.message} ${error.hint}`).toMatch(message);
      expect(error.hint).not.toMatch(/bug in Arklet/);
    }
    expect(readdirSync(work)).toEqual(['file']);
    expect(existsSync(join(root, 'true'))).toBe(false);
  });
});

/** The browser of a job, by the lock of its profile. */
const browserOf = (out: string): number =>
  Number(readlinkSync(join(out, '.browser/SingletonLock')).split('-').at(-1));

describe('a job', () => {
  it('that is stopped at any moment ends with 130, and the same command resumes to the same bytes', async () => {
    const whole = join(work, 'whole');
    expect((await job(whole)).status).toBe(0);
    const out = join(work, 'stopped');
    const begin = async (signal: NodeJS.Signals, milliseconds: number): Promise<void> => {
      const child = spawn(process.execPath, argsFor(out), { cwd: root, stdio: 'ignore' });
      setTimeout(() => child.kill(signal), milliseconds);
      const [status, by] = (await once(child, 'close')) as [number | null, string | null];
      // A job that was quicker than the signal is done.
      expect([130, 0], String(milliseconds)).toContain(status);
      expect(by).toBeNull();
    };
    // From the first moments on; Node itself takes some 0.1 s to hear signals.
    for (const [i, milliseconds] of [400, 1000, 2000, 3000, 4500, 6000].entries())
      await begin(i % 2 === 0 ? 'SIGINT' : 'SIGTERM', milliseconds);
    for (const phase of ['debate', 'distil', 'evaluate', 'done']) {
      let sent = false;
      const { status, signal } = await job(out, (child, said) => {
        if (sent || !said.includes(`${phase} `)) return;
        sent = true;
        child.kill('SIGTERM');
      });
      expect(signal, phase).toBeNull();
      expect([130, 0], phase).toContain(status);
    }
    expect((await job(out)).status).toBe(0);
    for (const file of ['trajectories.jsonl', 'adapters/rsft-0/adapter_model.safetensors'])
      expect(readFileSync(join(out, file)).equals(readFileSync(join(whole, file))), file).toBe(true);
  });

  it('whose browser is killed says to run the same command again, which resumes', async () => {
    const out = join(work, 'killed');
    let killed = false;
    const { status, error, stderr } = await job(out, (_, said) => {
      if (killed || !said.includes('debate ')) return;
      killed = true;
      process.kill(browserOf(out), 'SIGKILL');
    });
    expect(status, stderr).toBe(1);
    expect(error).toMatchObject({
      code: 'browser',
      hint: expect.stringMatching(/^Run the same command again/) as string,
    });
    expect((await job(out)).status).toBe(0);
  });

  it('whose storage goes away in the middle ends with that error', async () => {
    const outcome = await withPage({ out: join(work, 'gone') }, async (page, { out }) => {
      let cut = false;
      await page.exposeFunction('arkletEvent', async (event: JobEvent) => {
        if (cut || event.type !== 'progress' || event.phase !== 'debate' || event.done === 0) return;
        cut = true;
        // What a browser does that closes the connection.
        for (const worker of page.workers()) {
          await worker.evaluate(() => {
            IDBDatabase.prototype.transaction = () => {
              throw new DOMException('The database connection is closing.', 'InvalidStateError');
            };
          });
        }
      });
      await page.waitForFunction(() => window.arklet !== undefined);
      const flags = { 'train-questions': '48', 'test-questions': '8', steps: '3', backend: 'cpu' };
      return page.evaluate((request) => window.arklet!.distil(request), {
        flags,
        questions: null,
        from: null,
        keys: {},
        out,
      });
    });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'storage', hint: expect.stringContaining('data of this site was cleared') as string },
    });
  });
});

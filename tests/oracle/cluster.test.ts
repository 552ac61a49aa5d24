/** The cluster project as exported, on one CPU: its files compile, its test vectors hold, and TRL takes two steps from run.sh. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const python = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
const folder = join(root, '.cache/oracle-cluster');
const student = join(root, 'public/models/student');
const run = promisify(execFile);

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  const archive = join(root, 'public/recorded/run.json.gz');
  const args = [join(root, 'scripts/cli.mjs'), 'export:cluster', '--run', archive, '--out', folder];
  await run(process.execPath, args, { cwd: root });
});

it('has Python that compiles and shell that parses', async () => {
  const files = await readdir(folder);
  const scripts = files.filter((name) => name.endsWith('.py'));
  expect(scripts.sort()).toEqual(['jobs.py', 'prm.py', 'rewards.py', 'test_rewards.py']);
  await run(python, ['-m', 'py_compile', ...scripts], { cwd: folder });
  for (const script of ['run.sh', 'slurm.sbatch']) await run('bash', ['-n', script], { cwd: folder });
});

it('has rewards that are our verdicts on every test vector', async () => {
  const { stdout } = await run(python, ['test_rewards.py'], { cwd: folder });
  expect(stdout.trim()).toBe("400 of 400 verdicts are Arklet's");
});

it.each(['grpo', 'prm'])('trains by %s, two steps, and leaves an adapter', async (step) => {
  const env = {
    ...process.env,
    LAUNCH: `${python} -W ignore`,
    HF_HUB_OFFLINE: '1',
    HF_HOME: join(folder, 'home'),
    OMP_WAIT_POLICY: 'PASSIVE',
  };
  const args = ['run.sh', step, student, '--use_cpu', '--bf16', 'false', '--max_steps', '2'];
  await run('bash', args, { cwd: folder, env, maxBuffer: 1e8 });
  expect(await readdir(join(folder, `out-${step}`))).toContain('adapter_model.safetensors');
});

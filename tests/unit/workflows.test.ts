/** What GitHub and Docker are told: workflows that can be read, whose commands are there, and an image made of files that are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, '.github/workflows');
const { scripts, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly string[];
};

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes': number;
  readonly needs?: string;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Scripts of package.json and files that a command line names and that are not there. */
function missing(text: string): string[] {
  const commands = [...text.matchAll(/\bnpm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name);
  const named = [...text.matchAll(/\bnode ((?:scripts|tests)\/\S+)/g)].map(([, path = '']) => path);
  return [
    ...commands.filter((name) => scripts[name] === undefined),
    ...named.filter((path) => !existsSync(join(root, path))),
  ];
}

const workflows = readdirSync(folder).map((name): [string, Workflow] => [
  name,
  parse(readFileSync(join(folder, name), 'utf8'), { strict: true, uniqueKeys: true }) as Workflow,
]);

describe.each(workflows)('%s', (file, { name, on, permissions, jobs }) => {
  it('can be run by hand, and may only read unless a job says more', () => {
    expect(file).toBe(`${name}.yml`);
    expect(Object.keys(on)).toContain('workflow_dispatch');
    expect(permissions).toEqual({ contents: 'read' });
  });

  it('has jobs with an end, after jobs that are there, of pinned actions and of commands that are there', () => {
    for (const [id, job] of Object.entries(jobs)) {
      expect(job['runs-on'], id).toMatch(/^(ubuntu-latest|macos-\d+)$/);
      expect(job['timeout-minutes'], id).toBeGreaterThan(0);
      if (job.needs !== undefined) expect(jobs[job.needs], id).toBeDefined();
      for (const step of job.steps) {
        expect((step.uses === undefined) === (step.run !== undefined), id).toBe(true);
        if (step.uses !== undefined) expect(step.uses).toMatch(/^actions\/[\w-]+@v\d+$/);
      }
      expect(missing(job.steps.map(({ run = '' }) => run).join('\n')), id).toEqual([]);
    }
  });
});

it('the public CI has a job on a real GPU and one on WebKit', () => {
  const { jobs } = workflows.find(([name]) => name === 'ci.yml')![1];
  const runs = (id: string): string => jobs[id]!.steps.map(({ run = '' }) => run).join('\n');
  expect(jobs['gpu']!['runs-on']).toMatch(/^macos/);
  expect(runs('gpu')).toMatch(/--browser chromium --require-gpu/);
  expect(runs('webkit')).toMatch(/--browser webkit/);
});

it('the image is made of files that are there and runs a file of the package', () => {
  const lines = readFileSync(join(root, 'Dockerfile'), 'utf8').split('\n');
  expect(missing(lines.join('\n'))).toEqual([]);
  const copied = lines.flatMap((line) => /^COPY (?!--)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
  expect(copied.length).toBeGreaterThan(2);
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  const [, entry = ''] = /ENTRYPOINT \["node", "\/arklet\/([^"]+)"\]/.exec(lines.join('\n')) ?? [];
  expect(files).toContain(entry);
});

it('the package names files that are there, apart from what is built for it', () => {
  const built = ['dist', 'prebuilt'];
  const named = files.filter((path) => !path.startsWith('!') && !built.includes(path));
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('the package holds every module that its commands import', () => {
  const held = new Set(files);
  const imported = files
    .filter((path) => path.endsWith('.mjs'))
    .flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/(?:from |import\()'(\.[^']+\.mjs)'/g)].map(
        ([, target = '']) => [path, join(path, '..', target)] as const,
      ),
    );
  // What a clone alone does: the comparison with peers.
  const clone = ['scripts/bench/compare.mjs'];
  expect(imported.length).toBeGreaterThan(20);
  expect(imported.filter(([, target]) => !held.has(target) && !clone.includes(target))).toEqual([]);
});

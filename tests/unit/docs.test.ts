/** What the documentation names is there: files, links, commands, flags, rooms; and its figures are the committed results'. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Results } from '../../scripts/maintain/docs/results';
import { resultsPage, withHeadline } from '../../scripts/maintain/docs/resultsPage';
import { scalingPictures } from '../../scripts/maintain/docs/scalingResults';
import { configFlags } from '../../src/settings/flags';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const there = (path: string): boolean => existsSync(join(root, path));

function files(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/node_modules|^src\/cpu\/build|^scripts\/prove\/results/.test(path));
}

const pages = ['README.md', ...files('docs', /\.md$/)];
const lines = pages.flatMap((page) =>
  read(page)
    .split('\n')
    .map((text, i) => ({ at: `${page}:${i + 1}`, page, text })),
);

/** The heading as GitHub links to it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function anchors(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map((match) => anchor(match[1] ?? ''));
}

it('the README fits on a screen or two and shows the page', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(91);
  const pictures = [...read('README.md').matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(pictures).toEqual(['docs/arklet-dark.png', 'docs/arklet.png']);
  for (const path of pictures) expect(statSync(join(root, path)).size, path).toBeLessThan(150_000);
});

it('results.md and the figures of the README are what `npm run docs` writes', () => {
  const results = new Results(root);
  expect(read('docs/results.md')).toBe(resultsPage(results));
  expect(read('README.md')).toBe(withHeadline(read('README.md'), results));
});

it('the pictures of results.md are what `npm run docs` writes, and there are no others', () => {
  const pictures = scalingPictures(new Results(root));
  const folder = join(root, 'docs/pictures');
  expect(existsSync(folder) ? readdirSync(folder).sort() : []).toEqual([...pictures.keys()].sort());
  for (const [name, picture] of pictures) expect(read(`docs/pictures/${name}`)).toBe(picture);
});

it('every committed result stands in results.md', () => {
  const committed = readdirSync(join(root, 'scripts/prove/results')).map((name) => name.replace('.json', ''));
  const reads = files('scripts/maintain/docs', /\.ts$/).map(read).join('\n');
  expect(committed.length).toBeGreaterThan(10);
  expect(committed.filter((name) => !reads.includes(`'${name}'`))).toEqual([]);
});

it('links lead to pages and headings that are there', () => {
  const broken = lines.flatMap(({ at, page, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^https?:/.test(link)) return [];
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!there(target)) return [`${at} ${link}`];
      return heading === undefined || anchors(target).includes(heading) ? [] : [`${at} ${link}`];
    }),
  );
  expect(broken).toEqual([]);
});

const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
it('paths that the pages name are there', () => {
  const missing = lines.flatMap(({ at, text }) =>
    [...text.matchAll(/(?<![\w./-])((?:src|tests|scripts|workers|public|docs|\.ci)\/[\w./-]*\w)/g)].flatMap(
      ([, path = '']) => (there(path) || path.includes('NAME') ? [] : [`${at} ${path}`]),
    ),
  );
  expect(missing).toEqual([]);
});

it('tests that the pages name are there', () => {
  const tests = new Set(files('tests', /\.test\.ts$/).map((path) => path.split('/').at(-1)));
  const missing = lines.flatMap(({ at, text }) =>
    [...text.matchAll(/(?<![\w/])([\w.]+\.test\.ts)\b/g)].flatMap(([, name = '']) =>
      tests.has(name) ? [] : [`${at} ${name}`],
    ),
  );
  expect(missing).toEqual([]);
});

describe('commands', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
  const commands = lines.flatMap(({ at, text }) =>
    [...text.matchAll(/\bnpm (run (?:-s )?)?([a-z][\w:-]*)([^`&#]*)/g)].map(
      ([, run, name = '', rest = '']) => ({
        at,
        name,
        run: run !== undefined,
        rest,
      }),
    ),
  );
  const sources = [
    ...files('scripts', /\.(mjs|ts|py)$/).filter((path) => !path.startsWith('scripts/maintain/docs/')),
    ...files('src', /\.ts$/),
    ...files('tests/oracle', /\.ts$/),
  ]
    .map(read)
    .join('\n');

  it('are scripts of package.json', () => {
    const unknown = commands.filter(({ name, run }) =>
      run ? scripts[name] === undefined : !['ci', 'pack', 'start', 'test'].includes(name),
    );
    expect(commands.length).toBeGreaterThan(20);
    expect(unknown.map(({ at, name }) => `${at} ${name}`)).toEqual([]);
  });

  it('of package.json stand in contracts.md or CONTRIBUTING.md', () => {
    const told = commands.filter(({ at }) => /^docs\/CON/i.test(at)).map(({ name }) => name);
    // Parts of `npm test`.
    const parts = ['check', 'lint', 'format'];
    expect(Object.keys(scripts).filter((name) => !told.includes(name) && !parts.includes(name))).toEqual([]);
  });

  it('distil has every flag that the pages give it', () => {
    const own = new Set([...configFlags, 'preset', 'from', 'out', 'json']);
    const unknown = commands
      .filter(({ name }) => name === 'distil')
      .flatMap(({ at, rest }) =>
        [...rest.matchAll(/--([a-z][\w-]*)/g)].flatMap(([, flag = '']) =>
          own.has(flag) ? [] : [`${at} --${flag}`],
        ),
      );
    expect(unknown).toEqual([]);
  });

  it('read every flag that the pages name', () => {
    const own = new Set(configFlags);
    const known = (flag: string): boolean =>
      own.has(flag) || new RegExp(`'${flag}'|--${flag}\\b`).test(sources);
    const unknown = lines.flatMap(({ at, text }) =>
      [...text.matchAll(/(?<![\w-])--([a-z][\w-]*\w|[a-z])\b/g)].flatMap(([, flag = '']) =>
        known(flag) ? [] : [`${at} --${flag}`],
      ),
    );
    expect(unknown).toEqual([]);
  });
});

it('architecture.md names every room, and no other', () => {
  const [, table = ''] = read('docs/architecture.md').split('## The rooms');
  const told = [...(table.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  const silent = folders.filter((room) => !told.includes(room));
  expect(silent).toEqual([]);
  expect(told.filter((room) => !folders.includes(room ?? ''))).toEqual([]);
});

it('adding.md counts the edits that it lists', () => {
  const page = read('docs/adding.md');
  const lists = [...page.matchAll(/\*\*(\d+) edits?\*\*.*\n\n((?:(?:\d+\.|  ) .+\n)+)/g)];
  expect(lists.length).toBe([...page.matchAll(/\*\*\d+ edits?\*\*/g)].length);
  expect(lists.map(([, told]) => Number(told))).toEqual(
    lists.map(([, , list = '']) => [...list.matchAll(/^\d+\. /gm)].length),
  );
});

it('architecture.md names every worker and every dependency', () => {
  const page = read('docs/architecture.md');
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Readonly<
    Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
  >;
  // What the page is built from; the package's own dependencies are what its commands load.
  const built = ['src', 'workers'].flatMap((folder) =>
    files(folder, /\.(ts|svelte)$/).flatMap((path) =>
      [...read(path).matchAll(/(?:from |import\()'((?:@[\w-]+\/)?[\w-]+)/g)].map(([, name = '']) => name),
    ),
  );
  const shipped = [...new Set(built)].filter((name) => devDependencies[name] !== undefined);
  expect(shipped.length).toBeGreaterThan(8);
  const named = [...files('workers', /\.worker\.ts$/), ...shipped, ...Object.keys(dependencies)];
  expect(named.filter((name) => !page.includes(name))).toEqual([]);
});

/** What stands in comments: blocks, line ends, and Python's. */
function comments(text: string, python: boolean): string {
  const found = python
    ? [...text.matchAll(/"""[\s\S]*?"""|(?<=^|\s)#.*$/gm)]
    : [...text.matchAll(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|(?<=^|\s)\/\/.*$/gm)];
  return found.map(([comment]) => comment).join('\n');
}

it('pages that comments cite are there, with the section they name', () => {
  const cited = ['src', 'tests', 'scripts', 'workers'].flatMap((folder) =>
    files(folder, /\.(ts|mjs|js|mts|svelte|wgsl|css|py|sh|html)$/)
      .filter((path) => !path.startsWith('tests/cases/'))
      .flatMap((path) => {
        const text = comments(read(path), path.endsWith('.py') || path.endsWith('.sh'));
        return [...text.matchAll(/(?<![\w/.-])([\w./-]+\.md)\b(?:'s)?(?: section (\d+))?/g)].map(
          ([, page = '', section]) => ({ path, page, section }),
        );
      }),
  );
  const broken = cited.filter(({ page, section }) => {
    // Written by a run, no page of ours.
    if (page === 'report.md') return false;
    return !there(page) || (section !== undefined && !read(page).includes(`\n## ${section} `));
  });
  expect(cited.length).toBeGreaterThan(20);
  expect(broken).toEqual([]);
});

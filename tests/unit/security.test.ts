/** docs/SECURITY.md on what ships: packages, licences, install scripts. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/SECURITY.md');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages).filter(([path]) => path !== '');
const manifestOf = (path: string): Manifest => JSON.parse(read(join(path, 'package.json'))) as Manifest;
/** Names of packages that the page's sources import. */
const imported = ['src', 'workers'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|svelte)$/.test(path))
    .flatMap((path) => [...read(join(folder, path)).matchAll(/(?:from |import\()'((?:@[\w-]+\/)?[\w-]+)/g)])
    .map(([, name = '']) => name)
    .filter((name) => `node_modules/${name}` in packages),
);

/** Where a package finds another, as Node looks for it: beside itself, then further up. */
function found(from: string, name: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === '') return null;
  }
}

/** What the app and the published package are made of: what is imported, what package.json depends on, and all that these need. */
const shipped = new Set<string>();
function add(from: string, name: string): void {
  const path = found(from, name);
  if (path === null || shipped.has(path)) return;
  shipped.add(path);
  for (const needed of Object.keys(manifestOf(path).dependencies ?? {})) add(path, needed);
}
const own = JSON.parse(read('package.json')) as Required<Manifest>;
for (const name of [...imported, ...Object.keys(own.dependencies)]) add('', name);

const installScripts = ['preinstall', 'install', 'postinstall'] as const;
const runsAtInstall = ({ scripts = {} }: Manifest): boolean => installScripts.some((name) => name in scripts);

/** Rows of the table under a heading: the texts of their cells. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const [, part = ''] = page.split(`### ${heading}\n`);
  const [section = ''] = part.split(/\n#{2,3} /);
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('docs/SECURITY.md', () => {
  it('names the licence of every package that the app is built from', () => {
    const byLicence = new Map<string, Set<string>>();
    for (const path of shipped) {
      const { license = 'none', name } = manifestOf(path);
      byLicence.set(license, (byLicence.get(license) ?? new Set()).add(name));
    }
    const wanted = [...byLicence]
      .map(([licence, names]) => [licence, [...names].sort().join(', ')] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    expect(rowsUnder('Licences')).toEqual(wanted);
  });

  it('names every package that runs a script when it is installed, and why that is let', () => {
    const running = locked
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => [path.replace('node_modules/', ''), shipped.has(path) ? 'the app' : 'development']);
    expect(rowsUnder('Install scripts').map(([name, where]) => [name, where])).toEqual(running);
    for (const [, , why = ''] of rowsUnder('Install scripts')) expect(why.length).toBeGreaterThan(20);
  });

  it('has the lock file on its side: no other package has such a script, and each is held to its hash', () => {
    for (const [path, { hasInstallScript, integrity, resolved }] of locked) {
      expect(integrity ?? '', path).toMatch(/^sha512-/);
      expect(resolved ?? 'https://registry.npmjs.org/', path).toMatch(/^https:\/\/registry\.npmjs\.org\//);
      // Optional ones of other systems are not here.
      if (existsSync(join(root, path, 'package.json')) && hasInstallScript !== true)
        expect(runsAtInstall(manifestOf(path)), path).toBe(false);
    }
  });
});

/** docs/SECURITY.md on what ships: packages, licences, install scripts. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/SECURITY.md');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, Locked>> };
const locked = Object.entries(packages).filter(([path]) => path !== '');
const shipped = locked.filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true);

const manifestOf = (path: string): Manifest => JSON.parse(read(join(path, 'package.json'))) as Manifest;
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
    for (const [path] of shipped) {
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
      .map(([path, { dev }]) => [
        path.replace('node_modules/', ''),
        dev === true ? 'development' : 'the app',
      ]);
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

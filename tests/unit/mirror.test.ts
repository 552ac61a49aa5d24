import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const tests = import.meta.dirname;

/** Tests of what is beside src, by their folder here. */
const elsewhere: Readonly<Record<string, string>> = { scripts: 'scripts' };

const files = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.test.ts') && file.includes('/'));
const roomOf = (file: string): string => file.split('/')[0]!;
const placeOf = (room: string): string => elsewhere[room] ?? `src/${room}`;

/** Paths from the root that a test imports: itself and by modules of the tests, or also by what those import of the sources. */
function imported(file: string, throughSources: boolean, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const path = [file, `${file}.ts`].find((name) => name.endsWith('.ts') && existsSync(join(root, name)));
  if (path === undefined || !(throughSources || file.startsWith('tests/'))) return seen;
  const text = readFileSync(join(root, path), 'utf8');
  for (const [, target] of text.matchAll(/(?:from |import\()'(\.{1,2}\/[^']+)'/g))
    imported(posix.join(posix.dirname(path), target!), throughSources, seen);
  return seen;
}

test('every folder of tests is one of src', () => {
  const rooms = [...new Set(files.map(roomOf))];
  expect(rooms.filter((room) => !existsSync(join(root, placeOf(room))))).toEqual([]);
});

test('a test is in the folder of what it tests', () => {
  const strangers = files.filter((name) => {
    const file = `tests/unit/${name}`;
    const place = placeOf(roomOf(name));
    // A test of the sources' text names their folder; one that runs a whole job reaches what it tests through the job.
    if (readFileSync(join(root, file), 'utf8').includes(`${place}'`)) return false;
    const wholeJob = [...imported(file, false)].some((path) => path.endsWith('/nodeJob'));
    return ![...imported(file, wholeJob)].some((path) => path.startsWith(`${place}/`));
  });
  expect(strangers).toEqual([]);
});

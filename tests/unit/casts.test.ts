/** A double cast ("as unknown as T") and "as never" switch the type check off: the sources do without them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

const doubleCast = /\bas\s+(?:unknown|object)\s*\)?\s*as\b|\bas\s+(?:never|any)\b/g;

/** The text without comments; good enough for a search, not for a parser. */
const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

const found = Object.fromEntries(
  ['src', 'workers'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|svelte)$/.test(name) && !/^cpu.(assembly|build)\b/.test(name))
      .flatMap((name) => {
        const path = `${folder}/${name.split(sep).join('/')}`;
        const count = [...code(readFileSync(join(root, path), 'utf8')).matchAll(doubleCast)].length;
        return count > 0 ? [[path, count] as const] : [];
      }),
  ),
);

test('a double cast is seen over lines and in brackets, and not in a comment', () => {
  const seen = (text: string): number => [...code(text).matchAll(doubleCast)].length;
  expect(seen('a as unknown as B; (c as\n unknown) as D; f(e as never)')).toBe(3);
  expect(seen('// as unknown as it is\n/* as unknown as */ a as B; b as unknown;')).toBe(0);
});

test('no source holds a double cast', () => {
  expect(found).toEqual({});
});

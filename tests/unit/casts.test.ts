/** A double cast ("as unknown as T") and "as never" switch the type check off: those that are left are listed with their reason. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** By file from the root: how many it holds, and why they cannot be typed. */
const allowed: Readonly<Record<string, { readonly count: number; readonly because: string }>> = {
  'src/cpu/kernels.ts': { count: 1, because: 'exports of a WASM module have no types of their own' },
  'src/cpu/pool.ts': { count: 1, because: 'a proxy that passes each call of a WASM export to the threads' },
  'src/agents/transformers/host.ts': {
    count: 2,
    because: 'options that the library takes but does not declare',
  },
  'src/records/reportSchema.ts': { count: 1, because: 'a checked record of a file, of an open schema' },
  'src/library/keptQuestions.ts': { count: 1, because: 'a checked record of a file, of an open schema' },
  'src/settings/scopes.ts': { count: 1, because: 'a value by a path that only the settings table knows' },
  'src/settings/flags.ts': { count: 1, because: 'a value by a path that only the settings table knows' },
  'src/store/database.ts': { count: 1, because: 'a row of a store whose name is a variable' },
  'src/settings/config.ts': { count: 4, because: 'an object built key by key from the settings table' },
};

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

test('only files of the list hold double casts, and no more than it says', () => {
  expect(found).toEqual(
    Object.fromEntries(Object.entries(allowed).map(([file, { count }]) => [file, count])),
  );
});

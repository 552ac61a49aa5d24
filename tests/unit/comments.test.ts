/** Comments are written as an engineer of the field writes them: one list of folders, one list of words. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { expect, it } from 'vitest';
import { rejectedInComment } from './ui/rejectedWords';

const root = resolve(import.meta.dirname, '../..');

/** Folders whose comments are held to it. */
const folders = ['src', 'workers'];

/** Texts of block, line and markup comments. Addresses and globs in strings are no comments. */
function commentsOf(source: string): string[] {
  const found = source.matchAll(
    /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\*([\s\S]*?)\*\/|(?<![:\\'"`/])\/\/([^\n]*)|<!--([\s\S]*?)-->/g,
  );
  return [...found].flatMap(([, block, line, markup]) => block ?? line ?? markup ?? []);
}

const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((name) => /\.(ts|svelte|css)$/.test(name)),
);

it('comments are seen in every form, and strings are not', () => {
  const source = "/** One\n * told */ const a = 'http://x'; // two\n<!-- three -->\nconst b = '// no';";
  expect(commentsOf(source).map((text) => text.replace(/\s+/g, ' ').trim())).toEqual([
    '* One * told',
    'two',
    'three',
  ]);
  expect(rejectedInComment('It goes on as it was told')).toHaveLength(2);
  expect(rejectedInComment('They cannot be told apart; `tell` is called, the lies of a route')).toHaveLength(
    1,
  );
});

it('no comment holds a rejected word', () => {
  const held = files.flatMap((file) =>
    commentsOf(readFileSync(join(root, file), 'utf8')).flatMap((text) =>
      rejectedInComment(text).map((found) => `${file}: ${text.replace(/\s+/g, ' ').trim()}: ${found}`),
    ),
  );
  expect(held).toEqual([]);
});

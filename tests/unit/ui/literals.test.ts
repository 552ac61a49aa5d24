/** Every word of the page is in src/ui/strings: components hold none of their own. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../../src/ui');
const spoken = new Set(['aria-label', 'aria-description', 'title', 'placeholder', 'alt', 'label']);
const word = /\p{L}{2,}/u;

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Texts of the markup, and literal values of attributes that are read aloud or shown. */
function literals(node: Node, found: string[] = []): string[] {
  if (node.type === 'Text' && word.test(String(node['data']))) found.push(String(node['data']).trim());
  if (node.type === 'Attribute') {
    const { name, value } = node as unknown as { name: string; value: unknown };
    if (spoken.has(name) && Array.isArray(value)) for (const part of value) literals(part as Node, found);
    return found;
  }
  if (['StyleSheet', 'ExpressionTag', 'StyleDirective'].includes(node.type)) return found;
  for (const [key, child] of Object.entries(node)) {
    if (key === 'instance' || key === 'module' || key === 'css') continue;
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) literals(one, found);
  }
  return found;
}

const of = (source: string): string[] =>
  literals(parse(source, { modern: true }).fragment as unknown as Node);

it('sees a literal in the markup and in an attribute, and not one in an expression or a class', () => {
  expect(of('<p class="help">Hello there</p><i title="A tip">{text}</i>')).toEqual(['Hello there', 'A tip']);
  expect(of('{#if a}<b>{strings.x} · 3</b>{/if}')).toEqual([]);
});

it('finds none in any component', () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.svelte'),
  );
  expect(files.length).toBeGreaterThan(30);
  const held = files.flatMap((name) => {
    const path = join(root, name);
    return of(readFileSync(path, 'utf8')).map((text) => `${relative(root, path)}: ${text}`);
  });
  expect(held).toEqual([]);
});

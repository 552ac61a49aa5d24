/** `npm run docs`: writes the pages of docs/ that are made from the sources. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withSources } from './node.mjs';

const docs = resolve(import.meta.dirname, '../docs');
await withSources(async (load) => {
  const { settingsPage } = await load('/scripts/settingsPage.ts');
  mkdirSync(docs, { recursive: true });
  writeFileSync(join(docs, 'settings.md'), settingsPage());
});
console.error('Wrote docs/settings.md.');

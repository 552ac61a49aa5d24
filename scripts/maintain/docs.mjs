/** `npm run docs`: writes the pages of docs/ that are made from the sources. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withSources } from '../lib/node.mjs';
import { root } from '../lib/root.mjs';

const docs = join(root, 'docs');
await withSources(async (load) => {
  const { settingsPage } = /** @type {typeof import('./settingsPage')} */ (
    await load('/scripts/maintain/settingsPage.ts')
  );
  mkdirSync(docs, { recursive: true });
  writeFileSync(join(docs, 'settings.md'), settingsPage());
});
console.error('Wrote docs/settings.md.');

/** `npm run docs [-- --picture]`: writes the pages of docs/ that are made from the sources and from the committed results. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takePicture } from './docs/picture.mjs';
import { withSources } from '../node.mjs';
import { root } from '../lib/root.mjs';

const [docs, readme] = [join(root, 'docs'), join(root, 'README.md')];
await withSources(async (load) => {
  const { settingsPage } = /** @type {typeof import('./settingsPage')} */ (
    await load('/scripts/maintain/settingsPage.ts')
  );
  const { Results } = /** @type {typeof import('./docs/results')} */ (
    await load('/scripts/maintain/docs/results.ts')
  );
  const { resultsPage, withHeadline } = /** @type {typeof import('./docs/resultsPage')} */ (
    await load('/scripts/maintain/docs/resultsPage.ts')
  );
  const results = new Results(root);
  writeFileSync(join(docs, 'settings.md'), settingsPage());
  writeFileSync(join(docs, 'results.md'), resultsPage(results));
  writeFileSync(readme, withHeadline(readFileSync(readme, 'utf8'), results));
});
console.error('Wrote docs/settings.md, docs/results.md and the figures of README.md.');
if (process.argv.includes('--picture')) {
  await takePicture(join(docs, 'arklet.png'));
  console.error('Took docs/arklet.png.');
}

/** `npm run docs [-- --picture]`: writes the pages of docs/ that are made from the sources and from the committed results. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takePictures } from './docs/picture.mjs';
import { withSources } from '../node.mjs';
import { endProcess } from '../lib/endProcess.mjs';
import { root } from '../lib/root.mjs';

const [docs, readme] = [join(root, 'docs'), join(root, 'README.md')];
const pictures = join(docs, 'pictures');
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
  const { scalingPictures } = /** @type {typeof import('./docs/scalingResults')} */ (
    await load('/scripts/maintain/docs/scalingResults.ts')
  );
  const results = new Results(root);
  writeFileSync(join(docs, 'settings.md'), settingsPage());
  writeFileSync(join(docs, 'results.md'), resultsPage(results));
  for (const [name, picture] of scalingPictures(results)) {
    mkdirSync(pictures, { recursive: true });
    writeFileSync(join(pictures, name), picture);
  }
  writeFileSync(readme, withHeadline(readFileSync(readme, 'utf8'), results));
});
console.error('Wrote docs/settings.md, docs/results.md with its pictures, and the figures of README.md.');
if (process.argv.includes('--picture')) {
  await takePictures(join(docs, 'arklet.png'), join(docs, 'arklet-dark.png'));
  console.error('Took docs/arklet.png and docs/arklet-dark.png.');
}
endProcess();

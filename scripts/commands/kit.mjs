/**
 * `npm run kit [-- --out FOLDER]`: a folder that runs from a USB stick with any static server, models included.
 * `npm run kit -- --check [--out FOLDER]`: holds a folder to its list of files, and runs the tiny job from it in a browser.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { chromium } from 'playwright';
import { ensureBuild } from '../lib/build.mjs';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
import { startServer } from '../lib/server.mjs';
import { root } from '../lib/root.mjs';

const list = 'FILES.sha256';
/** Small enough for seconds. */
const tiny =
  '#preset=quick&backend=cpu&train-questions=16&validation-questions=4&test-questions=12&steps=4&batch=4&max-tokens=48';

/** @param {string} file */
const hash = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * Paths of all files under a folder, with "/" between their parts, in order.
 * @param {string} folder
 */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** @param {string} megabytes */
const readme = (megabytes) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Arklet: read me</title>
  </head>
  <body>
    <h1>Arklet, to carry along</h1>
    <p>This folder (${megabytes} MB) holds the whole app with its bundled models. It needs no network.</p>
    <h2>Start</h2>
    <ol>
      <li>Serve this folder with any static server, for example one of:
        <pre>python3 -m http.server 8000
npx serve
php -S localhost:8000</pre>
      </li>
      <li>Open <a href="app/">http://localhost:8000/app/</a> in Chrome, Edge, Firefox or Safari.</li>
      <li>Press "Run on the bundled models".</li>
    </ol>
    <p>Opening a file by double click does not work: browsers give modules and storage only to pages of a server.</p>
    <p>After the first visit the app stays in the browser: the stick can go, and the server can stop.</p>
    <h2>Whole?</h2>
    <p><code>sha256sum -c ${list}</code> in this folder holds every file to its sum.</p>
  </body>
</html>
`;

/**
 * Makes the folder; returns {files, bytes}. Throws when other files lie there.
 * @param {string} out
 */
export function makeKit(out) {
  writableFolder(out);
  const dist = ensureBuild();
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, list))) {
    throw badArgument(`${out} holds other files.`, 'Name an empty folder, or an older kit.');
  }
  rmSync(out, { recursive: true, force: true });
  writableFolder(out);
  cpSync(dist, join(out, 'app'), { recursive: true });
  for (const hidden of ['.built', '.vite'])
    rmSync(join(out, 'app', hidden), { recursive: true, force: true });
  cpSync(join(root, 'LICENSE'), join(out, 'LICENSE'));
  const bytes = filesUnder(out).reduce((sum, file) => sum + statSync(join(out, file)).size, 0);
  writeFileSync(join(out, 'README.html'), readme((bytes / 1e6).toFixed(1)));
  const sums = filesUnder(out).map((file) => `${hash(join(out, file))}  ${file}\n`);
  writeFileSync(join(out, list), sums.join(''));
  return { files: sums.length, bytes };
}

/**
 * What differs from the list: missing, changed and unknown files.
 * @param {string} out
 */
function differences(out) {
  if (!existsSync(join(out, list))) return [`${list} is missing`];
  const wanted = new Map(
    readFileSync(join(out, list), 'utf8')
      .trim()
      .split('\n')
      .map((line) => /** @type {const} */ ([line.slice(66), line.slice(0, 64)])),
  );
  const found = filesUnder(out).filter((file) => file !== list);
  return [
    ...[...wanted.keys()].filter((file) => !found.includes(file)).map((file) => `${file} is missing`),
    ...found.filter((file) => !wanted.has(file)).map((file) => `${file} does not belong here`),
    ...found
      .filter((file) => wanted.has(file) && hash(join(out, file)) !== wanted.get(file))
      .map((file) => `${file} is damaged`),
  ];
}

/**
 * Serves the folder as a plain host does, and runs the tiny job with every other address out of reach.
 * @param {string} out
 */
async function tryOut(out) {
  const server = await startServer({ root: out, plain: true });
  const browser = await chromium.launch({ executablePath: await findChromium(), args: chromiumArgs });
  /** @type {string[]} */
  const outside = [];
  try {
    const page = await browser.newPage();
    let loads = 0;
    await page.route('**/*', (route) => {
      const url = route.request().url();
      if (url.startsWith(server.url) || /^(blob|data):/.test(url)) return route.continue();
      outside.push(url);
      return route.abort();
    });
    // The host sends no isolation headers: the first visit reloads itself once to have threads. The driver's calls into a page would
    // count as use of it, and keep it from that.
    const threads =
      availableParallelism() > 1 && page.waitForEvent('load', { predicate: () => ++loads === 2 });
    await page.goto(`${server.url}app/${tiny}`);
    await threads;
    await page.getByText('Recorded run').first().waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Run on the bundled models' }).click();
    await page
      .locator('[role=status]', { hasText: 'Done: done' })
      .waitFor({ state: 'attached', timeout: 240_000 });
  } finally {
    await browser.close();
    await server.close();
  }
  return outside.map((url) => `the page asked for ${url}`);
}

/**
 * What is wrong with a folder, in words: files that differ from its list, else addresses outside that the job asked for.
 * @param {string} out
 */
export async function checkKit(out) {
  const damage = differences(out);
  return damage.length > 0 ? damage : tryOut(out);
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name === 'out');
  const { check, out = 'runs/kit', ...unknown } = flags;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0) throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --check, --out.');
  const folder = resolve(out);
  if (!check) {
    const { files, bytes } = makeKit(folder);
    console.error(`${files} files, ${(bytes / 1e6).toFixed(1)} MB`);
    console.log(folder);
    return 0;
  }
  const problems = await checkKit(folder);
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? `${folder} is whole, and the job runs from it` : `${folder} is not usable`,
  );
  return problems.length === 0 ? 0 : 1;
}

/**
 * What every panel of the built app does, checked in a browser without WebGPU: one check a panel, on one puppeteer page.
 */
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { patience } from '../lib/firefox.mjs';
import { parseJson, readJson } from '../lib/json.mjs';
/** @import {ElementHandle, KeyInput, Page} from 'puppeteer-core' */
/** @import {Report, RunArchive} from '../lib/product' */

/** @type {readonly {key: KeyInput, name: string}[]} */
const views = [
  { key: '1', name: 'Debate' },
  { key: '2', name: 'Distil' },
  { key: '3', name: 'Compare' },
];
/** @type {readonly {key: KeyInput, panel: string}[]} */
const panels = [
  { key: 'u', panel: 'runs' },
  { key: 's', panel: 'settings' },
  { key: 'w', panel: 'kernels' },
  { key: 'a', panel: 'ask' },
];

/** @param {boolean} condition @param {string} what @returns {asserts condition} */
function hold(condition, what) {
  if (!condition) throw new Error(what);
}

/**
 * Waits until `test(...args)` is true in the page.
 * @param {Page} page
 * @param {(...args: string[]) => unknown} test
 * @param {string[]} args
 */
export const until = (page, test, ...args) =>
  page.waitForFunction(test, { timeout: patience, polling: 50 }, ...args);
/** @param {Page} page @param {string} text */
export const appears = (page, text) =>
  until(page, (wanted) => document.body.innerText.includes(wanted), text);
/**
 * The file input that the button with these words stands for.
 * @param {string} name
 */
const filePick = (name) =>
  `::-p-xpath(//label[contains(., "${name}")]/preceding-sibling::input[@type = "file"][1])`;
/**
 * Clicks what the path finds, once it stands still.
 * @param {Page} page
 * @param {string} path
 */
const click = (page, path) => page.locator(`::-p-xpath(${path})`).click();
/**
 * Clicks the button that is labelled so, or whose words begin so, once it can be pressed.
 * @param {Page} page
 * @param {string} name
 */
export const press = async (page, name) => {
  const label = `@aria-label = "${name}" or not(@aria-label) and starts-with(normalize-space(.), "${name}")`;
  await click(page, `//button[not(@disabled)][${label}]`);
};
/**
 * What the selector finds, once it is there.
 * @param {Page} page
 * @param {string} selector
 */
const found = async (page, selector) =>
  /** @type {ElementHandle<HTMLInputElement>} */ (await page.waitForSelector(selector));
/** @param {Page} page @param {KeyInput[]} names */
const keys = async (page, ...names) => {
  for (const name of names) await page.keyboard.press(name);
};
/** @param {Page} page @param {string} selector */
const count = (page, selector) => page.$$eval(selector, (nodes) => nodes.length);
/** @param {Page} page @param {string} selector @returns {Promise<string>} */
const textOf = (page, selector) =>
  page.$eval(selector, (node) => /** @type {HTMLElement} */ (node).innerText);
/** @param {Page} page @param {string} name */
const flag = (page, name) =>
  page.evaluate((wanted) => new URLSearchParams(location.hash.slice(1)).get(wanted), name);
/**
 * Waits until the address says so.
 * @param {Page} page
 * @param {string} name
 * @param {string} value
 */
const flagged = (page, name, value) =>
  until(
    page,
    (wanted, expected) => new URLSearchParams(location.hash.slice(1)).get(wanted) === expected,
    name,
    value,
  );
/** @param {Page} page */
const closePanel = async (page) => {
  await keys(page, 'Escape');
  await until(page, () => document.querySelector('dialog[open]') === null);
};
/**
 * Shows one of the three steps.
 * @param {Page} page
 * @param {string} name
 */
export const showView = async (page, name) => {
  await click(page, `//*[@id = "tab-${name.toLowerCase()}"]`);
  await page.waitForSelector(`#panel-${name.toLowerCase()}`);
};
/** @param {string} name */
const chip = (name) => `//button[@aria-pressed and starts-with(normalize-space(.), "${name}")]`;

/**
 * Waits for a whole file of that ending in a folder of downloads.
 * @param {string} folder
 * @param {string} ending
 */
async function downloaded(folder, ending) {
  for (
    const end = Date.now() + patience;
    Date.now() < end;
    await new Promise((next) => setTimeout(next, 100))
  ) {
    const names = readdirSync(folder);
    const found = names.find((name) => name.endsWith(ending));
    // Firefox makes an empty file of that name before the one with the bytes (.part), which takes its place.
    if (found && !names.some((name) => name.endsWith('.part')) && statSync(join(folder, found)).size > 0)
      return join(folder, found);
  }
  throw new Error(`no ${ending} was downloaded`);
}

/**
 * Each filter lists as many questions as it counts; the slider takes a debate through time.
 * @param {Page} page
 */
async function debate(page) {
  await showView(page, 'Debate');
  for (const name of ['Unanimous', 'Split', 'Flipped', 'Wrong vote', 'Corrective']) {
    const button = await found(page, `::-p-xpath(${chip(name)})`);
    const said = (await button.evaluate((node) => node.innerText)).replace(/\D/g, '');
    hold(Number(said) > 0, `${name} counts nothing`);
    await click(page, chip(name));
    await until(
      page,
      (wanted) => document.querySelector('[role=option]')?.getAttribute('aria-setsize') === wanted,
      said,
    );
    await click(page, chip(name));
  }
  await click(page, chip('Flipped'));
  await page.locator('[role=option]').click();
  await appears(page, 'The vote flipped from');
  const slider = await found(page, '.scrubber input[type=range]');
  await slider.focus();
  await keys(page, 'Home');
  const waiting = await slider.evaluate((node) => Number(/** @type {HTMLInputElement} */ (node).max) - 1);
  await until(
    page,
    (wanted) => String(document.body.innerText.match(/has not answered yet/g)?.length) === wanted,
    String(waiting),
  );
  hold(
    !(await page.evaluate(() => document.body.innerText)).includes('The vote flipped from'),
    'told too early',
  );
  await keys(page, 'End');
  await appears(page, 'The vote flipped from');
  await click(page, chip('Flipped'));
}

/**
 * Every step of the tour rings something that is on the page.
 * @param {Page} page
 */
async function tour(page) {
  await press(page, 'Tour');
  const seen = [];
  for (;;) {
    await page.waitForSelector('.guided');
    const card = '[aria-label="Guided tour"]';
    seen.push(await textOf(page, `${card} h2`));
    const [, at, all] = /(\d+) of (\d+)/.exec(await textOf(page, `${card} .count`)) ?? [];
    hold(Number(at) === seen.length, `step ${at} came as number ${seen.length}`);
    if (at === all) break;
    await press(page, 'Next');
    await until(
      page,
      (before) =>
        /** @type {HTMLElement | null} */ (document.querySelector('[aria-label="Guided tour"] h2'))
          ?.innerText !== before,
      seen.at(-1) ?? '',
    );
  }
  hold(new Set(seen).size === seen.length && seen.length > 5, 'the tour repeats itself');
  await press(page, 'Done');
  await until(page, () => document.querySelector('.guided') === null);
}

/**
 * "?" opens the map of keys, and the keys of the map do what it says.
 * @param {Page} page
 */
async function help(page) {
  await keys(page, '?');
  await page.waitForSelector('dialog[open] kbd');
  hold((await count(page, 'dialog[open] kbd')) > 15, 'the map of keys is short');
  await closePanel(page);
  for (const { key, name } of views) {
    await keys(page, key);
    await page.waitForSelector(`#panel-${name.toLowerCase()}`);
  }
  for (const { key, panel } of panels) {
    await keys(page, key);
    await page.waitForSelector('dialog[open] h2');
    await flagged(page, 'panel', panel);
    await closePanel(page);
  }
}

/**
 * One key for large type, one to leave.
 * @param {Page} page
 */
async function stage(page) {
  const size = () => page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
  const before = await size();
  await keys(page, 'm');
  await appears(page, 'Presentation mode');
  hold((await size()) === '22px', `type on the stage is ${await size()}`);
  await flagged(page, 'stage', 'on');
  await keys(page, 'm');
  await until(page, () => document.querySelector(':root.stage') === null);
  hold((await size()) === before, 'the type stays large');
}

/**
 * What is changed stands in the address, and a reload reads it from there.
 * @param {Page} page
 */
async function settings(page) {
  await press(page, 'Settings');
  await click(page, '//dialog//summary[starts-with(normalize-space(.), "Machine")]');
  const seed = await found(
    page,
    '::-p-xpath(//dialog//div[label[normalize-space(.) = "Seed"]]/input[@type = "number"])',
  );
  await seed.click({ count: 3 });
  await page.keyboard.type('77');
  await keys(page, 'Tab');
  await flagged(page, 'seed', '77');
  await closePanel(page);
}

/**
 * A file of questions: those read, and each row left out with its line.
 * @param {Page} page
 * @param {string} folder of downloads
 */
async function questionFile(page, folder) {
  const file = join(folder, 'mixed.jsonl');
  const good = [2, 3, 4].map((n) =>
    JSON.stringify({ question: `Tom has ${n} pens and buys 2 more. How many?`, answer: `#### ${n + 2}` }),
  );
  writeFileSync(file, [...good, '{"question": "no answer here"}', 'not json at all'].join('\n'));
  await press(page, 'Settings');
  await (await found(page, filePick('Use a file of your own'))).uploadFile(file);
  await appears(page, '3 questions read, 2 rows left out');
  const lines = await page.$$eval('dialog[open] table', (tables) =>
    [...(tables.at(-1)?.tBodies[0]?.rows ?? [])].map((row) => row.cells[0]?.innerText),
  );
  hold(lines.join() === '4,5', `left out are lines ${lines.join()}`);
  await press(page, 'Use these questions');
  await appears(page, 'mixed.jsonl: 3 questions');
  await press(page, 'Use the bundled problems instead');
  await closePanel(page);
}

/**
 * The student before and after and the ensemble answer a question on the CPU; an unknown word is named.
 * @param {Page} page
 */
async function playground(page) {
  await press(page, 'Ask');
  await page.waitForSelector('dialog[open] .adapters label');
  await page.locator('.example').click();
  await keys(page, 'Enter');
  await until(page, () => document.querySelectorAll('.arms .answer').length === 3);
  const field = await found(page, 'dialog[open] textarea');
  await field.click({ count: 3 });
  await page.keyboard.type('Anna has 3 giraffes. How many giraffes does Anna have now?');
  await keys(page, 'Enter');
  await until(page, () =>
    /** @type {HTMLElement | null} */ (document.querySelector('#ask-error'))?.innerText.includes(
      '"giraffes"',
    ),
  );
  await closePanel(page);
}

/**
 * Exports the first stored run in the open panel, as the kind of file whose button begins so; resolves with its path.
 * @param {Page} page
 * @param {string} kind
 * @param {string} folder
 * @param {string} ending
 */
async function exported(page, kind, folder, ending) {
  await page.locator('dialog[open] .run details summary').click();
  await click(page, `//dialog//li//details//button[starts-with(normalize-space(.), "${kind}")]`);
  return downloaded(folder, ending);
}

/**
 * The report of the only stored run, as its exported file has it.
 * @param {Page} page
 * @param {string} folder of downloads
 * @returns {Promise<Report>}
 */
export async function savedReport(page, folder) {
  await press(page, 'Runs');
  const file = await exported(page, 'Report (.json)', folder, '.report.json');
  return readJson(file);
}

/**
 * A stored run leaves as one file, goes into the trash, comes back from each, and is compared with the recorded one.
 * @param {Page} page
 * @param {string} folder of downloads
 */
async function runs(page, folder) {
  await press(page, 'Runs');
  await page.waitForSelector('dialog[open] .run');
  const name = await page.$eval(
    'dialog[open] .run .name',
    (node) => /** @type {HTMLInputElement} */ (node).value,
  );
  const file = await exported(page, 'Whole run', folder, '.json.gz');
  /** @type {RunArchive} */
  const archive = parseJson(gunzipSync(readFileSync(file)).toString('utf8'));
  hold(
    archive.run.name === name && archive.turns.length > 0 && archive.report !== null,
    'the file is not the run',
  );
  hold(archive.run.config.seed === Number(await flag(page, 'seed')), 'the run did not follow the address');

  const gone = async () => {
    await press(page, `Delete ${name}`);
    await appears(page, 'No run is stored');
  };
  await gone();
  await closePanel(page);
  await press(page, 'Undo');
  await press(page, 'Runs');
  await page.waitForSelector('dialog[open] .run');
  await gone();
  await click(page, '//summary[starts-with(., "Trash (1)")]');
  await press(page, `Restore: ${name}`);
  await page.waitForSelector('dialog[open] .run');
  await gone();
  await click(page, '//summary[starts-with(., "Trash (1)")]');
  await press(page, `Delete for good: ${name}`);
  await until(page, () => !document.body.innerText.includes('Deleted runs'));

  await (await found(page, filePick('Import a run'))).uploadFile(file);
  await until(page, () => document.querySelector('dialog[open]') === null);
  await appears(page, 'Stored run');
  await press(page, 'Runs');
  await page.waitForSelector('dialog[open] .run');
  for (const box of await page.$$('dialog[open] input[aria-label^="Compare "]')) await box.click();
  await press(page, 'Compare 2 runs');
  await page.waitForSelector('::-p-xpath(//dialog//*[contains(., "from the baseline")])');
  hold((await count(page, 'dialog[open] figure polyline[data-run="1"]')) > 0, 'the second curve is missing');
  await closePanel(page);
}

/** @typedef {{what: string, check: (page: Page, downloads: string) => Promise<void>}} Check */

/**
 * On the recorded run, before any other.
 * @type {readonly Check[]}
 */
export const recordedChecks = [
  { what: 'filters and the slider of the debate', check: debate },
  { what: 'every step of the tour', check: tour },
  { what: 'the map of keys, and the keys', check: help },
  { what: 'presentation mode', check: stage },
  { what: 'settings, seen in the address', check: settings },
  { what: 'a question file', check: questionFile },
  { what: 'the playground on the CPU', check: playground },
];

/**
 * With one stored run.
 * @type {readonly Check[]}
 */
export const storedChecks = [{ what: 'export, bin, undo, import and comparison of runs', check: runs }];

/** Runs, the playground, the keyboard and two tabs: the built app with its real workers and storage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import type { RunArchive } from '../../src/records/runRecords';
import { makeArchive } from '../ui/fixtures/archive';
import { launchChromium } from './chromium';
import { tiny } from './tinyRun';
import { emptyScreens } from './screens';
import { makeConfig } from '../support/makeConfig';

const server = await startServer({ root: ensureBuild() });
const screens = emptyScreens('runs');
const patience = 240_000;
const long = '#preset=quick&backend=cpu&train-questions=600&test-questions=200&steps=150&max-tokens=48';

let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(patience);
  page = await context.newPage();
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterEach(() => context.close());

const said = (on: Page, text: string) => on.locator('[role=status]', { hasText: text });
const press = (key: string) => page.keyboard.press(key);

describe('the recorded run', () => {
  const shipped = readFileSync('public/recorded/adapters/rsft-0/adapter_model.safetensors');
  const adapter = 'Adapter rsft, seed 0 (.zip)';

  beforeEach(async () => {
    await context.close();
    context = await browser.newContext({
      serviceWorkers: 'block',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
  });

  async function saved(button: string): Promise<Buffer> {
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: button }).click();
    return readFileSync(await (await saving).path());
  }
  const weightsOf = (zip: Buffer) => Buffer.from(unzipSync(zip)['adapter_model.safetensors']!);

  /** Names of the files of a run's adapter in the browser's own storage. */
  const stored = (runId: string) =>
    page.evaluate(async (id) => {
      let folder = await navigator.storage.getDirectory();
      for (const name of ['arklet', 'runs', id, 'adapters', 'rsft-0'])
        folder = await folder.getDirectoryHandle(name);
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names.sort();
    }, runId);

  it('leaves with the adapter that ships, and a copy that comes back stores it', async () => {
    await page.goto(`${server.url}#panel=runs`);
    await page.getByText('Export', { exact: true }).click();
    expect(weightsOf(await saved(adapter)).equals(shipped)).toBe(true);
    const file = await saved('Whole run with its adapters (.json.gz)');
    const archive = JSON.parse(gunzipSync(file).toString()) as RunArchive;
    expect(archive.adapters?.map(({ strategy, seed }) => [strategy, seed])).toEqual([['rsft', 0]]);

    // Into a page that ships nothing of it.
    await page.route('**/recorded/**', (route) => route.fulfill({ status: 404 }));
    await page.reload();
    await page.getByText('No recorded run came with this build.').waitFor();
    await page
      .getByLabel('Import a run')
      .setInputFiles({ name: 'run.json.gz', mimeType: 'application/gzip', buffer: file });
    await page.getByText('Stored run').waitFor();
    expect(await stored(archive.run.id)).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    await press('u');
    await page.getByText('Export', { exact: true }).click();
    expect(weightsOf(await saved(adapter)).equals(shipped)).toBe(true);
    await press('Escape');
    await press('a');
    await page.getByLabel(`RSFT of ${archive.run.name}`).waitFor();
    expect(complaints).toEqual([]);
  });

  it('gives settings and seed to the next run and to a link, which holds nothing else of it', async () => {
    const made = makeArchive(8);
    const config = makeConfig({ seed: 7, steps: 55, questions: 'mine.csv' });
    const run = { ...made.run, note: 'between us', config };
    await page.route('**/recorded/run.json.gz', (route) =>
      route.fulfill({
        body: gzipSync(JSON.stringify({ ...made, run })),
        contentType: 'application/gzip',
      }),
    );
    await page.goto(`${server.url}#panel=runs&preset=full`);
    await page.getByRole('button', { name: /^Copy a link to its settings/ }).click();
    await page.getByRole('button', { name: /^Copied/ }).waitFor();
    const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    expect(link.origin + link.pathname + link.search).toBe(server.url);
    const held = Object.fromEntries(new URLSearchParams(link.hash.slice(1)));
    // The file of its questions by name, for it to be asked for; not what it holds.
    expect(held).toEqual({ preset: 'quick', seed: '7', steps: '55', questions: 'mine.csv' });

    await page.getByRole('button', { name: 'Use its settings' }).click();
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
    await page.waitForURL(/preset=quick&/);
    const now = new URLSearchParams(new URL(page.url()).hash.slice(1));
    expect([now.get('seed'), now.get('steps'), now.get('questions')]).toEqual(['7', '55', 'mine.csv']);
    await page.getByRole('dialog').getByText('These settings need mine.csv').waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('the playground', () => {
  it('asks the recorded student and the ensemble on a first visit, and names unknown words', async () => {
    await page.goto(`${server.url}#panel=ask`);
    const field = page.getByLabel('Your question');
    await field.waitFor();
    await page.getByLabel(/RSFT of/).waitFor();
    await page.locator('.example').first().click();
    await press('Enter');
    const answers = page.getByRole('region', { name: 'Answers' });
    await answers.locator('article').nth(2).locator('.answer').waitFor();
    expect(await answers.locator('article').count()).toBe(3);
    expect(await answers.locator('article').nth(2).locator('li').count()).toBe(9);
    await page.screenshot({ path: join(screens, 'playground.png') });
    await field.fill('Anna has 3 giraffes. How many giraffes does Anna have now?');
    await press('Enter');
    await page.getByRole('alert').filter({ hasText: '"giraffes"' }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('by keyboard alone', () => {
  it('a run is started, finished, noted, deleted, taken back after a reload, and asked', async () => {
    await page.goto(server.url + tiny);
    await page.getByRole('option').first().waitFor();
    await press('r');
    await said(page, 'Done: done').waitFor({ state: 'attached' });
    await press('u');
    const note = page.getByRole('textbox', { name: /^Note/ });
    await note.waitFor();
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const at = await page.evaluate(() => {
          const node = document.activeElement;
          return node?.getAttribute('aria-label') ?? node?.textContent ?? '';
        });
        if (name.test(at.trim())) return;
        await press('Tab');
      }
      throw new Error(`no way by Tab to ${name.source}`);
    };
    await tabTo(/^Note/);
    await page.keyboard.type('by hand');
    await press('Tab');
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('input.note')?.value === 'by hand',
    );
    await press('Escape');
    await press('u');
    await note.waitFor();
    expect(await note.inputValue()).toBe('by hand');
    await tabTo(/^Delete /);
    await press('Enter');
    await page.getByText('No run is stored').waitFor();

    await page.reload();
    await press('u');
    await page.getByText('Trash (1)').waitFor();
    await tabTo(/^Trash/);
    await press('Enter');
    await tabTo(/^Restore/);
    await press('Enter');
    await note.waitFor();
    expect(await note.inputValue()).toBe('by hand');
    expect(
      await page
        .getByRole('dialog')
        .getByText(/about \d/)
        .first()
        .innerText(),
    ).toMatch(/[kM]B/);
    await press('Escape');

    await press('a');
    await page.getByLabel('Your question').waitFor();
    await page
      .getByLabel(/RSFT of/)
      .first()
      .waitFor();
    await page.keyboard.type('Anna has 7 pens. She finds 2 more. How many pens does Anna have now?');
    await press('Enter');
    await page.locator('.arms .answer').nth(2).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('two tabs', () => {
  it('never train at once, and the other offers to go on when the first is closed', async () => {
    await page.goto(server.url + long);
    await page.getByRole('button', { name: 'Run on the bundled models' }).click();
    await said(page, 'Debate: running').waitFor({ state: 'attached' });
    const other = await context.newPage();
    await other.goto(server.url + long);
    // It follows the run of the first tab; a second start or a question is refused.
    await other.getByRole('button', { name: 'Pause' }).waitFor();
    await other.goto(`${server.url}#panel=ask`);
    await other.reload();
    await other.locator('.example').first().click();
    await other.keyboard.press('Enter');
    await other.getByText(/A run is in progress\. Stop or finish/).waitFor();
    await other.keyboard.press('Escape');
    await page.close();
    await other.getByText(/was interrupted during/).waitFor();
    await other.getByRole('button', { name: /^Resume / }).click();
    await said(other, 'running').waitFor({ state: 'attached' });
    await other.getByRole('button', { name: 'Stop' }).click();
    await other.getByText(/was interrupted during/).waitFor();
  });
});

describe('presentation mode', () => {
  it('restarts by one key with the fixed seed', async () => {
    await page.goto(`${server.url}${long}&seed=3&stage=on`);
    await page.getByText('Presentation mode').first().waitFor();
    await page.getByRole('option').first().waitFor();
    await press('r');
    await said(page, 'Debate: running').waitFor({ state: 'attached' });
    await press('r');
    await page.getByText(/R again stops it and starts a new one/).waitFor();
    await press('r');
    // The new run has begun: until then the status is the old one's.
    await page
      .getByText(/^[a-z]+-[a-z]+-2$/)
      .first()
      .waitFor();
    await said(page, 'Debate: running').waitFor({ state: 'attached' });
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize)).toBe('22px');
    await page.screenshot({ path: join(screens, 'stage.png') });
    await press('x');
    await page.getByText(/was interrupted during/).waitFor();
  });
});

/** The built app in a real browser: what a person does from the first paint to the comparison. */
import { gzipSync } from 'node:zlib';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { makeArchive } from '../ui/fixtures/archive';
import { launchChromium } from './chromium';
import { tiny } from './tinyRun';

const root = ensureBuild();
let violations: string[] = [];
const server = await startServer({ root, onViolation: (report) => violations.push(report) });
const patience = 240_000;

/** Small enough for seconds, large enough to be interrupted in each phase. */
const small =
  '#preset=quick&backend=cpu&train-questions=96&validation-questions=8&test-questions=48&steps=40&batch=8&max-tokens=48';

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
  context = await browser.newContext({ viewport: { width: 1280, height: 900 }, serviceWorkers: 'block' });
  page = await context.newPage();
  complaints = [];
  violations = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith('blob:'))
      complaints.push(request.url());
  });
});
afterEach(() => context.close());

const run = () => page.getByRole('button', { name: 'Run on the bundled models' });
const said = (text: string) => page.locator('[role=status]', { hasText: text });

/** Text of every row of the table of arms but its seconds, which no two runs share. */
async function armRows(): Promise<string[]> {
  await page.getByRole('tab', { name: /Compare/ }).click();
  const table = page.getByRole('region', { name: 'Who got how many right' });
  await table.locator('tbody tr').first().waitFor();
  // Intervals of differences come one by one from a bootstrap; until then their place holds an ellipsis.
  for (;;) {
    const rows = await table.locator('tbody tr').all();
    const texts = await Promise.all(
      rows.map(async (row) => (await row.locator('th, td:not(:last-child)').allInnerTexts()).join(' | ')),
    );
    if (!texts.some((text) => text.includes('…'))) return texts;
    await page.waitForTimeout(50);
  }
}

async function finish(): Promise<string[]> {
  await said('Done: done').waitFor({ state: 'attached', timeout: patience });
  return armRows();
}

/** Reloads once the job is well inside the phase. */
async function reloadDuring(phase: string): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('[role=status]')].some((node) => node.textContent === wanted) &&
      (document.querySelector('progress')?.value ?? 0) > 0.1,
    `${phase}: running`,
    { timeout: patience, polling: 10 },
  );
  await page.reload();
}

describe('the first paint', () => {
  it('is the recorded run that the build carries', async () => {
    expect(existsSync(join(root, 'recorded/run.json.gz'))).toBe(true);
    await page.goto(server.url);
    await page.getByText('Recorded run').first().waitFor();
    await page.getByRole('region', { name: 'Result' }).waitFor();
    expect(await page.getByRole('option').count()).toBeGreaterThan(3);
    expect(complaints).toEqual([]);
  });

  it('needs no GPU, no worker and no second host', async () => {
    await page.route('**/recorded/run.json.gz', (route) =>
      route.fulfill({ body: gzipSync(JSON.stringify(makeArchive(1164))), contentType: 'application/gzip' }),
    );
    await page.route('**/*.worker-*.js', (route) => route.abort());
    await page.goto(server.url);
    await page.getByText(/Distilling lifted the student/).waitFor({ timeout: 10_000 });
    for (const step of ['Distil', 'Compare', 'Debate']) {
      await page.getByRole('tab', { name: new RegExp(step) }).click();
      await page.getByRole('tabpanel', { name: new RegExp(step) }).waitFor();
    }
    expect(complaints).toEqual([]);
  });
});

describe('Run on the bundled models', () => {
  it('reaches the comparison with settings from the address, under a strict policy and without WebGPU', async () => {
    const bare = await launchChromium({ webgpu: false });
    try {
      page = await bare.newPage();
      page.on('console', (message) => {
        if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
      });
      await page.goto(server.url + tiny);
      await page.getByText('How to turn WebGPU on').waitFor();
      await run().click();
      const rows = await finish();
      expect(rows.map((row) => row.split(/ \| |\n/)[0]?.trim())).toEqual(
        expect.arrayContaining(['Base student', 'Vote after the debate', 'Distilled: RSFT']),
      );
      for (const row of rows) expect(row).toMatch(/\d+ \/ 12/);
      await page.getByRole('region', { name: 'Result' }).waitFor();
      expect([...complaints, ...violations]).toEqual([]);
    } finally {
      await bare.close();
    }
  });

  it('resumes after a reload in debate, training and evaluation, to the same result as an undisturbed run', async () => {
    await page.goto(server.url + small);
    await run().click();
    const undisturbed = await finish();

    for (const phase of ['Debate', 'Distil', 'Evaluate']) {
      const fresh = await browser.newContext({
        viewport: { width: 1280, height: 900 },
        serviceWorkers: 'block',
      });
      page = await fresh.newPage();
      await page.goto(server.url + small);
      await run().click();
      await reloadDuring(phase);
      await page.getByText(new RegExp(`was interrupted during ${phase.toLowerCase()}`)).waitFor();
      await page.getByRole('button', { name: /^Resume / }).click();
      expect(await finish(), `interrupted during ${phase}`).toEqual(undisturbed);
      await fresh.close();
    }
    expect(complaints).toEqual([]);
  });

  it('stops on request, and keeps what was made', async () => {
    await page.goto(server.url + small);
    await run().click();
    await said('Debate: running').waitFor({ state: 'attached', timeout: patience });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText(/was interrupted during/).waitFor({ timeout: patience });
    await page.getByRole('button', { name: 'Runs' }).click();
    const item = page.getByRole('dialog').getByRole('listitem');
    expect(await item.count()).toBe(1);
    expect(await item.innerText()).toMatch(/interrupted/);
  });
});

describe('a question file', () => {
  async function choose(name: string, text: string): Promise<void> {
    await page.goto(server.url + tiny);
    await page.getByRole('button', { name: 'Settings' }).click();
    await page
      .getByLabel('Use a file of your own')
      .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  }

  it('shows every row that was left out with its line and its reason', async () => {
    const good = Array.from({ length: 3 }, (_, i) =>
      JSON.stringify({
        question: `Tom has ${i + 2} pens and buys 2 more. How many?`,
        answer: `#### ${i + 4}`,
      }),
    );
    await choose('mixed.jsonl', [...good, '{"question": "no answer here"}', 'not json at all'].join('\n'));
    await page.getByText('3 questions read, 2 rows left out').waitFor();
    const rejected = page.getByRole('dialog').locator('table').last().locator('tbody tr');
    expect(await rejected.count()).toBe(2);
    expect((await rejected.locator('td').first().allInnerTexts())[0]).toBe('4');
    for (const row of await rejected.all()) {
      expect((await row.locator('td').nth(1).innerText()).trim()).not.toBe('');
    }
  });

  it('that holds no question at all is refused in words', async () => {
    await choose('empty.jsonl', '');
    const notice = page.locator('.notice');
    await notice.first().waitFor();
    expect(await notice.first().innerText()).toMatch(/^empty\.jsonl is empty\./);
  });

  it('of words that the bundled models lack is said to teach nothing, found again after a reload, and ends in one sentence', async () => {
    const rows = Array.from({ length: 12 }, (_, i) =>
      JSON.stringify({
        question: `Natalia sold clips to ${i + 2} of her friends in April. How many clips did Natalia sell?`,
        answer: `#### ${1000 + i}`,
      }),
    );
    await choose('gsm.jsonl', rows.join('\n'));
    await page.getByRole('button', { name: 'Use these questions' }).click();
    const words = page.getByText(/The bundled models know only \d+ of the \d+ words of gsm\.jsonl\./);
    await words.first().waitFor();
    await page.waitForURL(/questions-hash=[0-9a-f]{16}/);
    await page.goto(`${page.url().replace('&panel=settings', '')}&rounds=0`);
    await page.reload();
    await page.getByRole('button', { name: 'Run on gsm.jsonl' }).click();
    await page.getByText(/Not started\. The bundled models know only/).waitFor();
    await page.getByRole('button', { name: 'Run anyway' }).click();
    await page.getByText(/No agent solved any of the \d+ training questions/).waitFor({ timeout: patience });
    await page.getByText('Distil (failed)').waitFor();
    expect(await page.locator('.notice').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe('a run archive', () => {
  it('that is damaged is refused in words', async () => {
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Runs' }).click();
    await page.getByLabel('Import a run').setInputFiles({
      name: 'run.json.gz',
      mimeType: 'application/gzip',
      buffer: Buffer.from([0x1f, 0x8b, 8, 0]),
    });
    await page.getByText(/run\.json\.gz is not a run of Arklet/).waitFor();
  });
});

/** Debate, Distil and Compare of the built app in a real browser, on the recorded run and on a small one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import type { RunArchive } from '../../src/records/runRecords';
import { makeArchive } from '../ui/fixtures/archive';
import { launchChromium } from './chromium';

const root = ensureBuild();
const server = await startServer({ root });
const recorded = JSON.parse(
  gunzipSync(readFileSync(join(root, 'recorded/run.json.gz'))).toString('utf8'),
) as RunArchive;
const patience = 240_000;

let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: 'block',
    reducedMotion: 'reduce',
  });
  page = await context.newPage();
});
afterEach(() => context.close());

type View = 'debate' | 'distil' | 'compare';

async function open(step: View, settings = ''): Promise<void> {
  await page.goto(`${server.url}#preset=quick${settings}&step=${step}`);
  await page.locator(`#panel-${step}`).waitFor();
}

describe('the debate', () => {
  it('is described in sentences, and moved through time by the keys of one slider', async () => {
    await open('debate');
    await page.getByRole('button', { name: /^Flipped/ }).click();
    const story = page.getByRole('region', { name: 'What happened' });
    await story.getByText(/The vote flipped from/).waitFor();
    expect(await story.innerText()).toMatch(/changed to[\s\S]*(after reading|on its own)/);

    const slider = page.getByRole('slider', { name: 'Through time' });
    const turns = Number(await slider.getAttribute('max'));
    const { nAgents, rounds } = recorded.run.config;
    expect(turns).toBe(nAgents * (rounds + 1));
    await slider.focus();
    await page.keyboard.press('Home');
    expect(await slider.getAttribute('aria-valuetext')).toMatch(
      new RegExp(`^Turn 1 of ${turns}: Alone, Ada`),
    );
    expect(await page.getByText('has not answered yet').count()).toBe(turns - 1);
    expect(await story.getByText(/The vote flipped from/).count()).toBe(0);
    for (let turn = 1; turn < turns; turn++) await page.keyboard.press('ArrowRight');
    expect(await page.getByText('has not answered yet').count()).toBe(0);
    await story.getByText(/The vote flipped from/).waitFor();
  });

  it('counts the questions of every filter, and each list is as long as its count', async () => {
    await open('debate');
    for (const name of ['Unanimous', 'Split', 'Flipped', 'Wrong vote', 'Corrective']) {
      const chip = page.getByRole('button', { name: new RegExp(`^${name} \\d`) });
      const count = Number((await chip.innerText()).replace(/\D/g, ''));
      expect(count, name).toBeGreaterThan(0);
      expect(count, name).toBeLessThan(recorded.questions.length);
      await chip.click();
      expect(await page.locator('[role=option]').first().getAttribute('aria-setsize')).toBe(String(count));
      await chip.click();
    }
  });
});

describe('the training', () => {
  it('shows what the student answered to fixed questions during training', async () => {
    await open('distil');
    const asked = recorded.logs[0]!.probes!;
    const slider = page.getByRole('slider', { name: /step|training/ });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.getByText('Before training').waitFor();
    expect(await page.getByText(asked[0]!.answers[1]!.reply, { exact: true }).count()).toBeGreaterThan(0);
    await page.keyboard.press('End');
    await page.getByText(`After step ${asked.at(-1)!.step}`).waitFor();
    const table = page.getByRole('table', { name: 'Eval samples by training step' });
    expect(await table.locator('tbody tr').count()).toBe(asked[0]!.answers.length);
  });

  it('leaves a trace out by one key and trains the next strategy on the same debate without it', async () => {
    const made = makeArchive(24);
    const { run, report } = made;
    // What it was made of: one exchange and no controls.
    const config = { ...run.config, rounds: 1, controls: [] };
    const archive = { ...made, run: { ...run, config }, report: report && { ...report, config } };
    await page.route('**/recorded/run.json.gz', (route) =>
      route.fulfill({ body: gzipSync(JSON.stringify(archive)), contentType: 'application/gzip' }),
    );
    await open('distil', '&backend=cpu&rounds=1&controls=&steps=3&batch=4&rank=4');
    const list = page.getByRole('listbox', { name: 'Browse the traces' });
    await list.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Left out 1' }).waitFor();
    await page.getByText('1 trace left out by hand').waitFor();
    await page.getByRole('button', { name: 'Train on this debate' }).click();
    await page
      .locator('[role=status]', { hasText: 'Done: done' })
      .waitFor({ state: 'attached', timeout: patience });
    await page.getByRole('tab', { name: /Distil/ }).click();
    await page.getByText(/trained without 1 entry/).waitFor();
    const dropped = page.getByRole('row', { name: /Traces excluded by hand/ });
    expect(await dropped.innerText()).toMatch(/\b1\b/);
  });
});

describe('the comparison', () => {
  it('measures every arm against the baseline that was chosen, in the table, in words and in cells', async () => {
    await open('compare');
    const { report } = recorded;
    const pair = report!.pairs.find(({ a, b }) => a === 'distilled:rsft' && b === 'debate')!;
    await page.getByLabel('Compare against').selectOption('|debate');
    const row = page.getByRole('row', { name: /Distilled: RSFT/ }).first();
    await row
      .getByText((100 * Math.abs(pair.difference)).toFixed(1))
      .first()
      .waitFor();
    const verdict = page.getByRole('region', { name: 'In plain words' });
    expect(await verdict.innerText()).toMatch(/worse than the debate|cannot be told apart/);
    const cells = page.getByRole('table', { name: /who is right/ });
    expect(await cells.innerText()).toContain(`${pair.aOnly} only Distilled: RSFT right`);
    expect(await cells.innerText()).toContain(`${pair.bOnly} only Vote after the debate right`);
    await page.getByLabel('Look at').selectOption('vote:3');
    expect(await verdict.innerText()).toMatch(/^In plain words\s+The vote of 3/);
  });

  it('leads from an answer to like training traces, and on to the turn that one was made of', async () => {
    await open('compare');
    await page.getByRole('button', { name: /^Gained/ }).click();
    await page.locator('[role=option]').first().click();
    const thread = page.getByRole('region', { name: 'From the answer back to its teachers' });
    await thread.getByText(/similarity, not causation/).waitFor();
    await thread
      .getByText(/of the steps alike/)
      .first()
      .waitFor({ timeout: 30_000 });
    expect(await thread.locator('mark').count()).toBeGreaterThan(0);
    await thread.getByRole('button', { name: 'Open this turn in its debate' }).first().click();
    expect(await page.getByRole('tab', { name: /Debate/ }).getAttribute('aria-selected')).toBe('true');
    await page.getByText('The trace was made from this turn.').waitFor();
  });
});

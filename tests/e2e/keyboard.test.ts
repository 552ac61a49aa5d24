/** The built app without a pointer: every control is reached by Tab and seen there, and every action is done by keys alone. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { makeArchive } from '../ui/fixtures/archive';
import { launchChromium } from './chromium';
import { openForKeys, type Keys } from './keys';

const patience = 240_000;
const tiny = '#preset=quick&backend=cpu&steps=4&batch=4&rank=4';

// At once, outside the time of a hook: it may build.
const root = ensureBuild();

let server: StaticServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let keys: Keys;

beforeAll(async () => {
  server = await startServer({ root });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  ({ context, page, keys } = await openForKeys(browser, patience, [
    'clipboard-read',
    'clipboard-write',
    'notifications',
  ]));
});
afterEach(() => context.close());

const press = (...names: readonly string[]): Promise<void> => keys.press(...names);
const tabTo = (name: RegExp): Promise<void> => keys.tabTo(name);

async function open(hash: string, settings = tiny): Promise<void> {
  await page.goto(server.url + settings + hash);
  await page.getByRole('region', { name: 'Result' }).waitFor();
}

const tab = (name: RegExp) => page.getByRole('tab', { name });

describe('Tab', () => {
  const views = [
    ['debate', '&step=debate', '.round .turn'],
    ['distil', '&step=distil', 'canvas'],
    ['compare', '&step=compare', '.plot svg path'],
    ['guide', '&guide=alone', '.guided'],
    ['ask', '&panel=ask', 'dialog .example'],
    ['runs', '&panel=runs', 'dialog .recorded'],
    ['settings', '&panel=settings', 'dialog details'],
    ['device', '&panel=device', 'dialog #gpu-title'],
    ['help', '&panel=help', 'dialog kbd'],
    ['kernels', '&panel=kernels', 'dialog pre.code'],
  ] as const;

  it.each(views)('reaches every control of %s, and the focus is seen on each', async (_, hash, shown) => {
    await open(hash);
    await page.locator(shown).first().waitFor();
    const count = await page.evaluate(() => {
      const within = document.querySelector('dialog[open]') ?? document;
      const controls = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
      const all = [...within.querySelectorAll<HTMLElement>(controls)].filter(
        (node) => node.tabIndex >= 0 && !node.matches(':disabled') && node.checkVisibility(),
      );
      const missed = new Set(all);
      const unseen: string[] = [];
      const outlined = (node: Element | null): boolean =>
        node !== null && getComputedStyle(node).outlineStyle !== 'none';
      document.addEventListener('focusin', ({ target }) => {
        if (!(target instanceof HTMLElement) || !missed.delete(target)) return;
        // A hidden input of a file lends its ring to its label.
        if (!outlined(target) && !outlined(target.nextElementSibling)) unseen.push(target.outerHTML);
      });
      Object.assign(window, { missed, unseen });
      return all.length;
    });
    expect(count).toBeGreaterThan(3);
    // Controls may come while we walk: twice round at most.
    for (let i = 0; i < 2 * count + 20; i++) {
      await press('Tab');
      if (
        i % 8 === 7 &&
        (await page.evaluate(() => (window as unknown as { missed: Set<unknown> }).missed.size)) === 0
      )
        break;
    }
    const result = await page.evaluate(() => {
      const { missed, unseen } = window as unknown as { missed: Set<HTMLElement>; unseen: string[] };
      return { missed: [...missed].map((node) => node.outerHTML.slice(0, 160)), unseen };
    });
    expect(result).toEqual({ missed: [], unseen: [] });
  });
});

describe('by keys alone', () => {
  it('a debate is filtered, chosen, taken through time, and its terms are explained', async () => {
    await open('');
    await tabTo(/^Corrective/);
    await press('Enter');
    expect(await page.getByRole('button', { name: /^Corrective \d/ }).getAttribute('aria-pressed')).toBe(
      'true',
    );
    await page.getByText('An agent went from wrong to right.').waitFor();
    await tabTo(/^Questions$/);
    await press('End');
    const options = page.locator('[role=option][aria-selected=true]');
    expect(await options.getAttribute('aria-posinset')).toBe(await options.getAttribute('aria-setsize'));
    await tabTo(/^Debate$/);
    await press('Enter');
    await page.getByText(/Several agents answer alone/).waitFor();
    await press('Escape');
    await tabTo(/^Play the debate/);
    await press('Tab', 'Home');
    expect(await page.getByText('has not answered yet').count()).toBe(8);
  });

  it('a comparison gets another baseline, and an answer leads to the turn that its trace was made of', async () => {
    await open('&step=compare');
    await tabTo(/^Compare against/);
    const baseline = page.getByLabel('Compare against');
    await press('ArrowDown');
    expect(await baseline.inputValue()).toBe('|single');
    await tabTo(/^Look at/);
    await press('Home');
    const verdict = page.getByRole('region', { name: 'In plain words' });
    await verdict
      .getByText(/^Base student/)
      .first()
      .waitFor();
    await press('End');
    await tabTo(/^Gained/);
    await press('Enter');
    await tabTo(/^Question by question$/);
    await press('Home');
    await page
      .getByText(/of the steps alike/)
      .first()
      .waitFor();
    await tabTo(/^Open this turn in its debate/);
    await press('Enter');
    await page.getByText('The trace was made from this turn.').waitFor();
    expect(await tab(/Debate/).getAttribute('aria-selected')).toBe('true');
  });

  it('settings are changed, and their link is copied', async () => {
    await open('');
    await press('s');
    await tabTo(/^Full$/);
    await press('Enter');
    await tabTo(/^Learning/);
    await press('Enter');
    await tabTo(/^Steps|^Training steps/);
    await page.keyboard.type('77');
    await tabTo(/^Copy the link/);
    await press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const link = new URLSearchParams(
      new URL(await page.evaluate(() => navigator.clipboard.readText())).hash.slice(1),
    );
    expect([link.get('preset'), link.get('steps')]).toEqual(['full', '77']);
    await press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('a run leaves as one file, comes back from it, is pinned and compared', async () => {
    await open('');
    await press('u');
    await tabTo(/^Export$/);
    await press('Enter');
    const file = await (await keys.save(/^Whole run/)).path();
    // It comes back into a page that shows another one.
    await page.route('**/recorded/run.json.gz', (route) =>
      route.fulfill({ body: gzipSync(JSON.stringify(makeArchive(24))), contentType: 'application/gzip' }),
    );
    await page.goto('about:blank');
    await open('');
    await press('u');
    await keys.choose(/^Import a run/, { name: 'run.json.gz', text: readFileSync(file) });
    await page.getByText('Stored run').waitFor();
    await press('u');
    await tabTo(/^Pin as baseline/);
    await press('Enter');
    await page.locator('dialog [aria-pressed=true]').first().waitFor();
    await press('Escape', 'u');
    await tabTo(/^Compare (?!\d)./);
    await press('Space');
    await tabTo(/^Compare (?!\d)./);
    await press('Space');
    await page.getByRole('button', { name: 'Compare 2 runs' }).waitFor();
    await press('Escape', 'u');
    await tabTo(/^Compare 2 runs/);
    await press('Enter');
    const result = page.getByRole('region', { name: 'Runs and their result' });
    await result.getByRole('cell', { name: /^[\u2212+]\d+\.\d/ }).waitFor();
    expect(await result.getByRole('row', { name: /Baseline/ }).count()).toBe(1);
  });

  it('a trace is left out and restored, and the eval samples are taken through the training', async () => {
    await open('&step=distil');
    const excluded = page.getByRole('button', { name: /^Left out [01]$/ });
    await tabTo(/^Browse the traces$/);
    await press('Home', 'x');
    expect(await excluded.innerText()).toMatch(/1$/);
    await press('x');
    expect(await excluded.innerText()).toMatch(/0$/);
    await tabTo(/^Leave out$/);
    await press('Enter');
    expect(await keys.focused()).toBe('Restore');
    await page.getByText('1 trace left out by hand').waitFor();
    await press('Enter');
    expect(await excluded.innerText()).toMatch(/0$/);
    await tabTo(/^Leave out the whole question$/);
    await press('Enter');
    await tabTo(/^Restore all$/);
    await press('Enter');
    expect(await excluded.innerText()).toMatch(/0$/);

    await keys.tabTo(/^After step \d/, 'Shift+Tab');
    const probes = page.getByRole('slider');
    const last = await probes.getAttribute('aria-valuetext');
    await press('ArrowLeft');
    expect(await probes.getAttribute('aria-valuetext')).not.toBe(last);
    await press('Home');
    expect(await probes.getAttribute('aria-valuetext')).toBe('Before training');
    await press('End');
    expect(await probes.getAttribute('aria-valuetext')).toBe(last);
  });

  it('the playground asks the arms that are chosen, and is stopped', async () => {
    await open('');
    await press('a');
    await page.getByLabel(/RSFT of/).waitFor();
    await page.keyboard.type('Anna has 7 pens. She finds 2 more. How many pens does Anna have now?');
    await keys.go(/^Student before$/, 'Space');
    await keys.go(/^RSFT of/, 'Space');
    await keys.go(/^The ensemble/, 'Space');
    expect(await page.getByRole('button', { name: 'Ask', exact: true }).last().isDisabled()).toBe(true);
    await press('Space');
    // Weights that do not come keep it asking until it is stopped.
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await context.route('**/models/*/model.safetensors', async (route) => {
      await held;
      await route.continue();
    });
    await keys.go(/^Ask$/);
    await keys.go(/^Stop$/);
    release();
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
    expect(await page.locator('.arms .answer').count()).toBe(0);
    await keys.go(/^Ask$/);
    await page.locator('.arms .answer').waitFor();
    expect(await page.locator('.arms h3').allInnerTexts()).toEqual(['The ensemble']);
  });

  it('another strategy is trained on the debate, paused, stepped and stopped', async () => {
    // Long enough to be stopped in time.
    await open('&step=distil', tiny.replace('steps=4', 'steps=2000'));
    await tabTo(/^DA up/);
    await press('Space');
    await tabTo(/^Train on this debate/);
    await press('Enter');
    await page.locator('[role=status]', { hasText: 'Distil: running' }).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Pause', disabled: false }).waitFor();
    await press('p');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await press('.', 'x');
    await page.getByText(/was interrupted during/).waitFor();
  });

  it('the device is tested and its report copied; theme and stage follow their keys', async () => {
    await open('');
    await tabTo(/^This device/);
    await press('Enter');
    await tabTo(/^Validate on the CPU/);
    await press('Enter');
    await page.getByText(/All \d+ tests pass/).waitFor();
    await press('Escape');
    await tabTo(/^This device/);
    await press('Enter');
    await tabTo(/^Copy the report/);
    await press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await keys.go(/^Show a notification$/, 'Space');
    expect(await page.getByLabel('Show a notification').isChecked()).toBe(true);
    expect(await page.evaluate(() => localStorage.getItem('arklet-notify'))).toBe('yes');
    await press('Space');
    expect(await page.getByLabel('Show a notification').isChecked()).toBe(false);
    await press('Escape', 't');
    await page.locator(':root[data-theme=light]').waitFor();
    await press('t');
    await page.locator(':root[data-theme=dark]').waitFor();
    await press('m');
    await page.getByText('Presentation mode').first().waitFor();
    await press('m');
    expect(await page.locator(':root.stage').count()).toBe(0);
  });
});

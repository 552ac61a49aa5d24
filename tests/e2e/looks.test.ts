/**
 * Every view of the built app in light, dark, on a phone and on a stage: no axe finding, nothing wider than the window, and
 * a picture in test-results/screens/looks to be looked at.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/build.mjs';
import { startServer, type StaticServer } from '../../scripts/server.mjs';
import { makePadArchive } from '../ui/fixtures/padArchive';
import { launchChromium } from './chromium';
import { emptyScreens } from './screens';

let screens: string;
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface View {
  readonly name: string;
  readonly hash: string;
  /** What is on screen when the view is whole. */
  readonly shown: string;
  /** A drawer fills the window and scrolls by itself. */
  readonly drawer?: true;
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Everything that a person can open, with the content that it has on a first visit. */
const views: readonly View[] = [
  { name: 'debate', hash: 'step=debate', shown: '.round .turn' },
  { name: 'distil', hash: 'step=distil', shown: 'canvas >> nth=1' },
  {
    name: 'pad',
    hash: 'step=distil',
    shown: 'canvas >> nth=1',
    // A run file from elsewhere: a reward model, and a group RL that was ended by reward hacking.
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Runs', exact: true }).click();
      await page.getByLabel('Import a run').setInputFiles({
        name: 'pad.json',
        mimeType: 'application/json',
        buffer: Buffer.from(JSON.stringify(makePadArchive())),
      });
      await page.locator('dialog').waitFor({ state: 'detached' });
      const strategies = page.getByRole('group', { name: 'Strategy' });
      await strategies.getByRole('button', { name: 'PAD', exact: true }).click();
      await page.locator('.training .charts canvas').nth(5).waitFor();
      await page.locator('.training circle').first().waitFor();
    },
  },
  {
    name: 'compare',
    hash: 'step=compare',
    shown: '.plot svg path',
    prepare: async (page) => {
      await page.locator('[role=option]').first().click();
      await page.getByRole('region', { name: 'From the answer back to its teachers' }).waitFor();
    },
  },
  { name: 'guide', hash: 'guide=reading', shown: '.guided' },
  { name: 'ask', hash: 'panel=ask', shown: 'dialog .example', drawer: true },
  { name: 'runs', hash: 'panel=runs', shown: 'dialog .recorded', drawer: true },
  {
    name: 'settings',
    hash: 'panel=settings',
    shown: 'dialog details',
    drawer: true,
    prepare: async (page) => {
      await page.locator('dialog input[type=number]').first().waitFor({ state: 'attached' });
      await page.locator('dialog details').evaluateAll((all) => {
        for (const one of all) one.setAttribute('open', '');
      });
    },
  },
  { name: 'device', hash: 'panel=device', shown: 'dialog #gpu-title', drawer: true },
  { name: 'help', hash: 'panel=help', shown: 'dialog kbd', drawer: true },
  { name: 'kernels', hash: 'panel=kernels', shown: 'dialog pre.code', drawer: true },
];

const looks = [
  ['light', { width: 1280, height: 900 }, { theme: 'light' }],
  ['dark', { width: 1280, height: 900 }, { theme: 'dark' }],
  ['phone', { width: 390, height: 844 }, { theme: 'light' }],
  ['stage', { width: 1280, height: 800 }, { theme: 'light', stage: true }],
] as const;

// At once, outside the time of a hook: it may build.
const root = ensureBuild();

let server: StaticServer;
let browser: Browser;

beforeAll(async () => {
  screens = emptyScreens('looks');
  server = await startServer({ root });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** Violations of axe, and what reaches past the right edge of the window or of the open drawer. */
function findings(page: Page): Promise<{ axe: string[]; wide: string[] }> {
  return page.evaluate(async (source) => {
    interface AxeResult {
      violations: { id: string; nodes: { html: string }[] }[];
    }
    (0, eval)(source);
    const { axe } = window as unknown as { axe: { run(node: Document): Promise<AxeResult> } };
    const { violations } = await axe.run(document);
    const boxes = [document.documentElement, ...document.querySelectorAll('dialog .content')];
    return {
      axe: violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`),
      wide: boxes
        .filter((box) => box.scrollWidth > box.clientWidth)
        .map((box) => `${box.tagName} is ${box.scrollWidth - box.clientWidth} px wider than its window`),
    };
  }, axeSource);
}

describe.each(looks)('in %s', (look, viewport, appearance) => {
  it.each(views)('$name is free of axe findings and of sideways scrolling', async (view) => {
    const page = await browser.newPage({ viewport, serviceWorkers: 'block', reducedMotion: 'reduce' });
    try {
      await page.addInitScript(
        (saved) => localStorage.setItem('arklet-appearance', JSON.stringify(saved)),
        appearance,
      );
      await page.goto(`${server.url}#preset=quick&${view.hash}`);
      await page.locator(view.shown).first().waitFor({ timeout: 120_000 });
      await view.prepare?.(page);
      await page.evaluate(async () => {
        await document.fonts.ready;
        await Promise.all(document.getAnimations().map(({ finished }) => finished));
      });
      expect(await findings(page)).toEqual({ axe: [], wide: [] });
      await page.screenshot({
        path: join(screens, `${view.name}-${look}.png`),
        fullPage: view.drawer !== true && view.name !== 'guide',
      });
    } finally {
      await page.close();
    }
  });
});

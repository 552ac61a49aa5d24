/**
 * Every view of the built app in light, dark, on a phone and on a stage, on a first visit and after something was done:
 * no axe finding, nothing wider than the window, and a picture in test-results/screens/looks to be looked at.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { makeArchive } from '../ui/fixtures/archive';
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

interface State extends View {
  /** On the page as the row before left it. */
  readonly goesOn?: true;
  /** In a browser without WebGPU. */
  readonly bare?: true;
}

const press = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('button', { name }).first().click();
const interrupted = (page: Page): Promise<void> => page.getByText(/was interrupted during/).waitFor();
const textFile = (name: string, text: string): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(text),
});

async function importRun(page: Page, name: string, steps: number): Promise<void> {
  const archive = makeArchive(24);
  const config = { ...archive.run.config, steps };
  const run = { ...archive.run, id: name, name, config };
  await page
    .getByLabel('Import a run')
    .setInputFiles(textFile(`${name}.json`, JSON.stringify({ ...archive, run })));
  await page.getByRole('banner').getByText(name).first().waitFor();
  await press(page, 'Runs');
}

/** What somebody made, opened or left half done. */
const states: readonly State[] = [
  {
    name: 'term',
    hash: 'step=compare',
    shown: '.plot svg path',
    prepare: (page) => press(page, 'Self-consistency'),
  },
  {
    name: 'left-out',
    hash: 'step=distil',
    shown: '.distil [role=option]',
    prepare: async (page) => {
      const traces = page.getByRole('listbox', { name: 'Browse the traces' });
      for (const key of ['Home', 'x', 'ArrowDown', 'ArrowDown', 'x']) await traces.press(key);
      await press(page, /^Left out 2/);
      await traces.press('Home');
      await page.getByText('2 traces left out by hand').waitFor();
    },
  },
  {
    name: 'import',
    hash: 'panel=settings',
    shown: 'dialog details',
    drawer: true,
    prepare: async (page) => {
      const rows = [12, 7, 30].map((pens) =>
        JSON.stringify({
          question: `Anna has ${pens} pens. She finds 2 more. How many?`,
          answer: `${pens + 2}`,
        }),
      );
      const file = textFile('mine.jsonl', [...rows, '{"question": "no answer here"}', 'not json'].join('\n'));
      await page.getByLabel('Use a file of your own').setInputFiles(file);
      await page.getByText('3 questions read, 2 rows left out').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'picker',
    hash: 'panel=settings',
    shown: 'dialog details',
    drawer: true,
    prepare: async (page) => {
      await press(page, 'Add a model');
      await press(page, 'Hugging Face');
      const name = page.getByLabel('Model on the hub');
      const look = async (id: string): Promise<void> => {
        await name.fill(new URL(`models/${id}`, page.url()).href);
        await name.press('Enter');
      };
      await look('agent-b');
      await press(page, 'Download');
      await press(page, 'Check for offline');
      await page.getByText(/^Ready for offline/).waitFor();
      await look('agent-c');
      await page.getByRole('button', { name: 'Download' }).scrollIntoViewIfNeeded();
      await look('nobody');
      await page.getByText(/^There is no/).waitFor();
    },
  },
  {
    name: 'answered',
    hash: 'panel=ask',
    shown: 'dialog .example',
    drawer: true,
    prepare: async (page) => {
      await page.getByLabel(/RSFT of/).waitFor();
      await page.locator('.example').first().click();
      await page.getByLabel('Your question').press('Enter');
      await page.locator('.arms .answer').nth(2).waitFor();
    },
  },
  {
    name: 'compare-runs',
    hash: 'panel=runs',
    shown: 'dialog .recorded',
    drawer: true,
    prepare: async (page) => {
      await importRun(page, 'amber-finch', 200);
      await importRun(page, 'quiet-heron', 150);
      await press(page, 'Pin as baseline: amber-finch');
      for (const mark of await page.getByLabel(/^Compare /).all()) await mark.check();
      await press(page, 'Compare 3 runs');
      await page.locator('dialog polyline').first().waitFor();
    },
  },
  {
    name: 'bin',
    hash: 'panel=runs',
    shown: 'dialog .run',
    drawer: true,
    prepare: async (page) => {
      await press(page, 'Delete quiet-heron');
      await page.getByText('Trash (1)').click();
      await page.getByRole('button', { name: 'Delete for good: quiet-heron' }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'live',
    hash: 'backend=cpu&train-questions=800&steps=2000',
    shown: '.round .turn',
    prepare: async (page) => {
      await press(page, 'Run on the bundled models');
      await page.locator('[role=status]', { hasText: 'Debate: running' }).waitFor({ state: 'attached' });
      await page.locator('.round .turn').nth(5).waitFor();
    },
  },
  {
    name: 'paused',
    hash: '',
    shown: '.transport progress',
    goesOn: true,
    prepare: async (page) => {
      await press(page, 'Pause');
      await page.getByRole('button', { name: 'Resume', disabled: false }).waitFor();
    },
  },
  {
    name: 'interrupted',
    hash: '',
    shown: '.transport',
    goesOn: true,
    prepare: async (page) => {
      await press(page, 'Stop');
      await interrupted(page);
      await page.reload();
      await interrupted(page);
    },
  },
  {
    name: 'no-webgpu',
    hash: 'step=debate',
    shown: '.support',
    bare: true,
    prepare: (page) => page.getByText('How to turn WebGPU on').click(),
  },
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
    if (!('axe' in window)) (0, eval)(source);
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

/** Fonts are there and nothing moves any more. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document
      .getAnimations()
      .filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
    // Charts are drawn anew in the frame after the colours.
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  });
}

async function picture(page: Page, view: View, look: string): Promise<void> {
  await page.screenshot({
    path: join(screens, `${view.name}-${look}.png`),
    fullPage: view.drawer !== true && view.name !== 'guide',
  });
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
      await settle(page);
      expect(await findings(page)).toEqual({ axe: [], wide: [] });
      await picture(page, view, look);
    } finally {
      await page.close();
    }
  });
});

describe('once something was done', () => {
  let page: Page;
  let bare: Browser;
  const fresh = (from: Browser): Promise<Page> =>
    from.newPage({ viewport: looks[0][1], serviceWorkers: 'block', reducedMotion: 'reduce' });
  beforeAll(async () => {
    bare = await launchChromium({ webgpu: false });
    page = await fresh(browser);
  });
  afterAll(() => bare.close());

  it.each(states)('$name is free of axe findings and of sideways scrolling in every look', async (state) => {
    if (state.bare) page = await fresh(bare);
    if (!state.goesOn) {
      await page.goto('about:blank');
      await page.goto(`${server.url}#preset=quick&${state.hash}`);
    }
    await page.locator(state.shown).first().waitFor({ timeout: 120_000 });
    await state.prepare?.(page);
    const found: Record<string, unknown> = {};
    for (const [look, viewport, appearance] of looks) {
      await page.evaluate(
        ({ theme, stage }) => {
          const root = document.documentElement;
          root.dataset['theme'] = theme;
          root.classList.toggle('stage', stage);
        },
        { stage: false, ...appearance },
      );
      await page.setViewportSize(viewport);
      await settle(page);
      found[look] = await findings(page);
      await picture(page, state, look);
    }
    await page.setViewportSize(looks[0][1]);
    const none = { axe: [], wide: [] };
    expect(found).toEqual(Object.fromEntries(looks.map(([look]) => [look, none])));
  });
});

/** Settings by keys alone: presets, strategies, personas, questions of one's own, and the model picker with all its sources. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { presets } from '../../src/settings/config';
import { launchChromium } from './chromium';
import { few } from './tinyRun';
import { openForKeys, type Keys } from './keys';

const patience = 60_000;

// At once, outside the time of a hook: it may build.
const root = ensureBuild();
const folder = mkdtempSync(join(tmpdir(), 'arklet-keys-'));
const picked = join(folder, 'my-student');

let server: StaticServer;
let browser: Browser;
let page: Page;
let keys: Keys;

beforeAll(async () => {
  mkdirSync(picked);
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'])
    copyFileSync(join(root, 'models/student', name), join(picked, name));
  server = await startServer({ root });
  browser = await launchChromium();
  ({ page, keys } = await openForKeys(browser, patience));
});
afterAll(async () => {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await page.goto('about:blank');
  await page.goto(server.url + few);
  await page.getByRole('region', { name: 'Result' }).waitFor();
  await keys.press('s');
  await page.getByRole('dialog', { name: 'Settings' }).getByText('Quick').waitFor();
});

/** What the address holds of the settings. */
const setting = (name: string): string | null =>
  new URLSearchParams(new URL(page.url()).hash.slice(1)).get(name);

describe('by keys alone', () => {
  it('preset, strategies, controls and personas are chosen, edited and taken back', async () => {
    await keys.go(/^Full$/);
    await expect.poll(() => setting('preset')).toBe('full');
    await keys.press('Shift+Tab', 'Enter');
    await expect.poll(() => setting('preset')).toBe('quick');

    await keys.go(/^Debate .*How the agents answer/);
    await keys.fill(/^Rounds/, '2');
    await keys.go(/^Self-consistency$/, 'Space');
    await expect.poll(() => setting('protocol')).toBe('self-consistency');
    await keys.go(/^Complementary$/);
    await page.getByRole('group', { name: 'Persona 3' }).waitFor();
    await keys.fill(/^Name$/, 'Careful Carla');
    await keys.fill(/^System prompt$/, 'Check every step.');
    await keys.fill(/^Temperature$/, '0.2');
    await keys.go(/^Add a persona$/);
    await page.getByRole('group', { name: 'Persona 4' }).waitFor();
    await keys.tabTo(/^Remove Agent 4$/, 'Shift+Tab');
    await keys.press('Enter');
    await page.getByRole('group', { name: 'Persona 4' }).waitFor({ state: 'detached' });
    await page.getByText('Your own', { exact: true }).waitFor();
    const [first, ...others] = JSON.parse(setting('personas')!) as { name: string }[];
    expect(first).toMatchObject({ name: 'Careful Carla', system: 'Check every step.', temperature: 0.2 });
    expect(others.length).toBe(2);

    await keys.go(/^Learning .*optimiser/);
    await keys.go(/^DA up/, 'Space');
    await keys.go(/^worked solutions$/, 'Space');
    await expect.poll(() => setting('strategy')).toBe('rsft,da');
    await expect.poll(() => setting('controls')).toBe(['gold-sft', ...presets.quick.controls].join());
    await keys.go(/^Back to the preset$/);
    await expect.poll(() => setting('controls')).toBe(null);
    expect([setting('personas'), setting('protocol'), setting('rounds')]).toEqual([null, null, null]);
  });

  it('a file of questions is read, used by a run and put aside', async () => {
    const rows = Array.from({ length: 32 }, (_, i) =>
      JSON.stringify({
        question: `Anna has ${i + 2} pens. She finds 2 more. How many pens does Anna have now?`,
        answer: `#### ${i + 4}`,
      }),
    );
    await keys.choose(/^Use a file of your own/, {
      name: 'mine.jsonl',
      text: [...rows, 'not json'].join('\n'),
    });
    await page.getByText('32 questions read, 1 row left out').waitFor();
    await keys.go(/^Use these questions$/);
    await page.getByText('mine.jsonl: 32 questions').waitFor();
    await keys.press('Escape');
    await keys.go(/^Run on mine\.jsonl/);
    await page
      .getByText(/She finds 2 more/)
      .first()
      .waitFor();
    await keys.press('x');
    await page.getByText(/was interrupted during/).waitFor();
    await keys.press('s');
    await keys.go(/^Use the bundled problems instead$/);
    await page.getByText('mine.jsonl: 32 questions').waitFor({ state: 'detached' });
    await page.getByText('Bundled word problems').waitFor();
  });

  it('a model is looked up at an address, downloaded, checked, used and deleted', async () => {
    const address = `${server.url}models/agent-b`;
    await keys.go(/^Add a model$/);
    await keys.go(/^Hugging Face$/);
    await keys.fill(/^Model on the hub$/, `${server.url}models/nobody`);
    await keys.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Settings' });
    await dialog.getByText(/There is no http.*nobody/).waitFor();
    await keys.go(/^Dismiss$/);
    await dialog.getByText(/There is no http/).waitFor({ state: 'detached' });
    await keys.fill(/^Model on the hub$/, address);
    await keys.go(/^Look up$/);
    await keys.go(/^Download$/);
    await keys.go(/^Check for offline$/);
    await page.getByText(/^Ready for offline: all \d files/).waitFor();
    await keys.go(/^Use ?127.*agent-b/);
    await expect.poll(() => setting('agents')).toContain('models/agent-b');
    await keys.tabTo(/^Remove .*agent-b/, 'Shift+Tab');
    await keys.press('Enter');
    await expect.poll(() => setting('agents')).toBe(null);
    await keys.tabTo(/^Delete .*agent-b/);
    await keys.press('Enter');
    expect(await keys.focused()).toMatch(/^Delete \d.*\?$/);
    // Looking elsewhere takes the question back.
    await keys.press('Shift+Tab', 'Tab');
    expect(await keys.focused()).toMatch(/^Delete .*agent-b/);
    await keys.press('Enter', 'Enter');
    await page.getByRole('button', { name: /^Delete .*agent-b/ }).waitFor({ state: 'detached' });
  });

  it('a server and a folder of files become agent and student', async () => {
    await keys.go(/^Add a model$/);
    await keys.go(/^Server$/);
    await keys.fill(/^Address$/, 'http://127.0.0.1:9/v1');
    await keys.fill(/^Model$/, 'small');
    await keys.fill(/^Key/, 'a-secret');
    await keys.press('Enter');
    await expect.poll(() => setting('agents')).toBe('endpoint:http://127.0.0.1:9/v1#small');
    expect(page.url()).not.toContain('a-secret');
    await page.getByText('A run with these agents contacts 127.0.0.1:9.').waitFor();

    await keys.go(/^Change ?Student$/);
    await keys.go(/^Local files$/);
    await keys.choose(/^Pick a folder$/, picked);
    await keys.go(/^Use ?my-student$/);
    await expect.poll(() => setting('student')).toBe('local:my-student');
    await keys.go(/^Remove my-student$/);
    await expect.poll(() => setting('student')).toBe(null);
  });
});

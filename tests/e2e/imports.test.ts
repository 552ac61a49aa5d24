/** A debate and an adapter that leave one browser and come into another: the built app with its real workers and storage. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import { launchChromium } from './chromium';
import { tiny } from './tinyRun';
import { emptyScreens } from './screens';

const server = await startServer({ root: ensureBuild() });
const screens = emptyScreens('imports');
const patience = 240_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** A browser that has never been here. */
async function visitor(hash: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(40_000);
  const page = await context.newPage();
  await page.goto(`${server.url}${hash}`);
  return page;
}

async function ended(page: Page): Promise<void> {
  await page.locator('[role=status]', { hasText: 'Done: done' }).waitFor({ state: 'attached' });
}

async function saved(page: Page, button: string): Promise<Buffer> {
  const saving = page.waitForEvent('download');
  await page.locator('li').getByRole('button', { name: button }).first().click();
  return readFileSync(await (await saving).path());
}

async function openExports(page: Page): Promise<void> {
  await page.keyboard.press('u');
  await page.locator('li').getByText('Export', { exact: true }).click();
}

const adapterButton = 'Adapter rsft, seed 0 (.zip)';
const weights = (zip: Buffer) => Buffer.from(unzipSync(zip)['adapter_model.safetensors']!);

describe('a debate of another browser', () => {
  it(
    'comes in as trajectories with its report, teaches a student the same bytes, whose adapter can be asked',
    async () => {
      const first = await visitor(tiny);
      await first.getByRole('button', { name: 'Run on the bundled models' }).click();
      await ended(first);
      await openExports(first);
      const trajectories = await saved(first, 'Trajectories (.jsonl)');
      const report = await saved(first, 'Report (.json)');
      const adapter = await saved(first, adapterButton);
      expect(trajectories.toString()).not.toContain('"eval:');
      await first.context().close();

      const second = await visitor('#panel=runs');
      await second.getByLabel('Import a run').setInputFiles([
        { name: 'mine.trajectories.jsonl', mimeType: 'application/jsonl', buffer: trajectories },
        { name: 'mine.report.json', mimeType: 'application/json', buffer: report },
      ]);
      await second.getByText(/a debate of 32 questions/).waitFor();
      await second.getByText(/The debate of .* is imported/).waitFor();
      await second.screenshot({ path: join(screens, 'debate-imported.png') });
      await second.locator('li').getByRole('button', { name: 'Resume' }).click();
      await ended(second);
      await second.screenshot({ path: join(screens, 'debate-gone-on.png') });
      await openExports(second);
      expect(weights(await saved(second, adapterButton)).equals(weights(adapter))).toBe(true);
      await second.context().close();

      const third = await visitor('#panel=ask');
      await third.getByText('Import an adapter').click();
      await third
        .getByLabel('Pick a .zip')
        .setInputFiles({ name: 'poet.adapter.zip', mimeType: 'application/zip', buffer: adapter });
      await third.getByText('poet is imported and chosen.').waitFor();
      const dialog = third.getByRole('dialog', { name: 'Ask them a question' });
      await dialog.getByRole('checkbox', { name: /The ensemble/ }).uncheck();
      await dialog.locator('.example').first().click();
      await dialog.getByRole('button', { name: 'Ask', exact: true }).click();
      const column = dialog.getByRole('article').filter({ hasText: 'poet' });
      await column.getByText(/\d tokens?/).waitFor();
      await third.screenshot({ path: join(screens, 'adapter-asked.png') });
      await third.reload();
      await third.getByRole('checkbox', { name: /poet/ }).waitFor();
      await third.context().close();
    },
    patience,
  );
});

/** A host that sends no isolation headers, under a path of its own as GitHub Pages has it: the app's service worker isolates the page. */
import { availableParallelism } from 'node:os';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { launchChromium } from './chromium';
import { tiny } from './tinyRun';

const root = ensureBuild();
const patience = 120_000;
const threads = Math.min(16, availableParallelism());

let server: StaticServer;
let browser: Browser;
beforeAll(async () => {
  server = await startServer({ root, base: '/some/repository/', plain: true });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const isIsolated = (page: Page): Promise<boolean> => page.evaluate(() => crossOriginIsolated);
const run = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Run on the bundled models' }).click();

/** A new visitor's page, and how often it was loaded. The driver's calls into a page count as use of it: none before a reload. */
async function visit(): Promise<{ page: Page; loads: () => number }> {
  const page = await (await browser.newContext()).newPage();
  let count = 0;
  page.on('load', () => (count += 1));
  await page.goto(server.url + tiny);
  return { page, loads: () => count };
}

describe.skipIf(threads < 2)('the first visit', () => {
  it('is reloaded once while nobody has used it, keeps its settings, and then runs threads', async () => {
    const { page, loads } = await visit();
    try {
      await page.waitForEvent('load', { timeout: patience });
      expect(await isIsolated(page)).toBe(true);
      await page.getByText('Recorded run').first().waitFor();
      expect(page.url()).toContain(tiny);
      await run(page);
      const device = await page.getByText(/The CPU was asked for/).innerText({ timeout: patience });
      expect(device).toMatch(new RegExp(`with 1 thread and .* with ${threads}\\.`));
      await page
        .locator('[role=status]', { hasText: 'Done: done' })
        .waitFor({ state: 'attached', timeout: patience });
      expect(loads()).toBe(2);
      // Later visits are isolated from their first moment on, in other tabs too.
      const other = await page.context().newPage();
      await other.goto(server.url);
      expect(await isIsolated(other)).toBe(true);
    } finally {
      await page.context().close();
    }
  });

  it('is left alone once it was used, works with one thread, and offers the reload between runs', async () => {
    const { page, loads } = await visit();
    const offer = page.getByText(`Reload to use ${threads} threads instead of one.`);
    try {
      await run(page);
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null, null, {
        timeout: patience,
      });
      await page.getByText(/^WASM SIMD, 1 thread.*: The CPU was asked for\.$/).waitFor({ timeout: patience });
      await page
        .locator('[role=status]', { hasText: 'Done: done' })
        .waitFor({ state: 'attached', timeout: patience });
      await offer.waitFor();
      expect([loads(), await isIsolated(page)]).toEqual([1, false]);
      await page.getByRole('button', { name: 'Reload now' }).click();
      await page.waitForFunction(() => crossOriginIsolated, null, { timeout: patience });
      expect([loads(), await offer.count()]).toEqual([2, 0]);
    } finally {
      await page.context().close();
    }
  });

  it('stays as it is in a frame, whose reload would change nothing', async () => {
    const page = await browser.newPage();
    let loads = 0;
    try {
      await page.route('**/around', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<iframe src="${server.url}" width="900" height="700"></iframe>`,
        }),
      );
      page.on('framenavigated', (frame) => (loads += frame.url() === server.url ? 1 : 0));
      await page.goto(`${new URL(server.url).origin}/around`);
      const [, inner] = page.frames();
      await inner!.waitForFunction(() => navigator.serviceWorker.controller !== null, null, {
        timeout: patience,
      });
      await inner!.getByText('Recorded run').first().waitFor();
      expect([loads, await inner!.getByText(/^Reload to use/).count()]).toEqual([1, 0]);
    } finally {
      await page.context().close();
    }
  });
});

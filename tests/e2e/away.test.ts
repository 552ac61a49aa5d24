/** While nobody looks: the screen stays on as long as a run works, and a notification tells its end to who asked for one. */
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { launchChromium } from './chromium';
import { tiny } from './tinyRun';

const patience = 120_000;

let server: StaticServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  server = await startServer({ root: ensureBuild() });
  browser = await launchChromium();
  context = await browser.newContext();
  page = await context.newPage();
  // The browser's own wake locks, written down as they are given.
  await page.addInitScript(() => {
    const locks: WakeLockSentinel[] = [];
    Object.assign(window, { locks });
    const { request } = WakeLock.prototype;
    WakeLock.prototype.request = async function (type) {
      const lock = await request.call(this, type);
      locks.push(lock);
      return lock;
    };
  });
  await page.goto(server.url + tiny);
  const session = await context.newCDPSession(page);
  const { targetInfo } = await session.send('Target.getTargetInfo');
  await (
    await browser.newBrowserCDPSession()
  ).send('Browser.grantPermissions', {
    permissions: ['wakeLockScreen', 'notifications'],
    ...(targetInfo.browserContextId !== undefined && { browserContextId: targetInfo.browserContextId }),
  });
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

/** For each wake lock given so far: is it held? */
const held = (): Promise<boolean[]> =>
  page.evaluate(() =>
    (window as unknown as { locks: WakeLockSentinel[] }).locks.map(({ released }) => !released),
  );
const shown = (): Promise<string[]> =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body }) => `${title} ${body}`);
  });
/** What the page takes for being in sight; a headless browser hides no window. */
const look = (state: DocumentVisibilityState): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

async function run(): Promise<void> {
  await page.getByRole('button', { name: 'Run on the bundled models' }).click();
  await page.waitForFunction(
    () => (window as unknown as { locks: WakeLockSentinel[] }).locks.some(({ released }) => !released),
    null,
    { timeout: patience },
  );
  await page
    .locator('[role=status]', { hasText: 'Done: done' })
    .waitFor({ state: 'attached', timeout: patience });
}

it('holds a wake lock while a run works and notifies only on request', async () => {
  expect(await held()).toEqual([]);
  await run();
  await expect.poll(held).toEqual([false]);
  expect(await shown()).toEqual([]);
});

it('notifies of the end of a run in a hidden tab if asked to', async () => {
  await page.getByRole('button', { name: 'This device' }).click();
  await page.getByLabel('Show a notification').check();
  await page.keyboard.press('Escape');
  const named = page.getByRole('button', { name: 'Run on the bundled models' });
  await named.click();
  await page.locator('[role=status]', { hasText: 'Debate: running' }).waitFor({ state: 'attached' });
  await look('hidden');
  await expect.poll(shown, { timeout: patience }).toHaveLength(1);
  expect((await shown())[0]).toMatch(/^\S+-\S+ is done/);
});

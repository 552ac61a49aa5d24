/** The app around the job: its size, its policy, any path on any host, and no network after the first visit. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { initialScripts } from '../../scripts/lib/initialScripts.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { launchChromium, launchProfile } from './chromium';
import { tiny } from './tinyRun';

const root = ensureBuild();
const patience = 120_000;

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function runTiny(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run on the bundled models' }).click();
  await page
    .locator('[role=status]', { hasText: 'Done: done' })
    .waitFor({ state: 'attached', timeout: patience });
  await page.getByRole('tab', { name: /Compare/ }).click();
  const region = page.getByRole('region', { name: 'Who got how many right' });
  await region.getByText('Distilled: RSFT').first().waitFor();
}

/** Opens the panel that tells when everything is stored. */
async function waitStored(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'This device' }).click();
  await page.getByText(/^Ready: the app/).waitFor({ timeout: 30_000 });
  await page.keyboard.press('Escape');
}

describe('the first load', () => {
  it('is under 170 kB of JavaScript by gzip, without WebLLM, Transformers.js or charts', () => {
    const { files, gzipBytes } = initialScripts(root);
    expect(files.length).toBeGreaterThan(0);
    expect(gzipBytes).toBeLessThan(170_000);
    const text = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
    for (const library of ['MLCEngine', 'onnxruntime', 'AutoModelForCausalLM', 'u-legend']) {
      expect(text.includes(library), `${library} is in the first load`).toBe(false);
    }
  });

  it('carries the policy in the page itself, with no inline code', () => {
    const html = readFileSync(join(root, 'index.html'), 'utf8').replaceAll('&#39;', "'");
    expect(html).toMatch(
      /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'/,
    );
    expect(html).not.toMatch(/unsafe-inline|'unsafe-eval'|<style|<script(?![^>]*\bsrc=)|\son\w+=/);
  });
});

describe('a plain static host', () => {
  it('serves the app under a path of its own, without isolation headers, and the whole job runs', async () => {
    const server = await startServer({ root, base: '/some/base/', plain: true });
    const page = await browser.newPage({ serviceWorkers: 'block' });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text());
    });
    page.on('response', (response) => {
      if (response.url().startsWith(server.url)) return;
      complaints.push(`${response.status()} ${response.url()}`);
    });
    try {
      await page.goto(server.url + tiny);
      await page.getByText('Recorded run').first().waitFor();
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
      const progress = page.waitForFunction(
        () =>
          /^\d+ % /.test(document.title) &&
          document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href.startsWith('data:image/png'),
        null,
        { timeout: patience },
      );
      await runTiny(page);
      // Title and icon of the tab showed the progress, and are the app's own again.
      await progress;
      expect(await page.title()).toBe('Arklet');
      expect(await page.locator('link[rel=icon]').getAttribute('href')).toMatch(/icon\.svg$/);
      expect(complaints).toEqual([]);
    } finally {
      await page.close();
      await server.close();
    }
  });
});

describe('threads', () => {
  /** What the run says about its device, once it has chosen one. */
  async function deviceOn(plain: boolean): Promise<string> {
    const server = await startServer({ root, plain });
    const page = await browser.newPage({ serviceWorkers: 'block' });
    try {
      await page.goto(server.url + tiny);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(!plain);
      await page.getByRole('button', { name: 'Run on the bundled models' }).click();
      return await page.getByText(/The CPU was asked for/).innerText({ timeout: patience });
    } finally {
      await page.close();
      await server.close();
    }
  }

  it.skipIf(availableParallelism() < 2)(
    'are tried where the host isolates the page, and nowhere else',
    async () => {
      const all = Math.min(16, availableParallelism());
      expect(await deviceOn(false)).toMatch(new RegExp(`with 1 thread and .* with ${all}\\.`));
      expect(await deviceOn(true)).toMatch(/^WASM SIMD, 1 thread(, FMA)?: The CPU was asked for\.$/);
    },
  );
});

describe('installing', () => {
  it('is offered by the browser without a complaint, every icon loads, and our button asks its question', async () => {
    const server = await startServer({ root });
    // A profile: no browser installs anything from a private window.
    const folder = mkdtempSync(join(tmpdir(), 'arklet-install-'));
    const context = await launchProfile(folder);
    try {
      const page = context.pages()[0] ?? (await context.newPage());
      // The browser's own question, which a headless one shows to nobody; that it was asked is written down.
      await page.addInitScript(() => {
        interface Prompting {
          prompt(): Promise<unknown>;
        }
        const { prototype } = (window as unknown as { BeforeInstallPromptEvent: { prototype: Prompting } })
          .BeforeInstallPromptEvent;
        const { prompt } = prototype;
        Object.assign(window, { asked: 0 });
        prototype.prompt = function () {
          (window as unknown as { asked: number }).asked += 1;
          return prompt.call(this);
        };
      });
      await page.goto(server.url);
      const devtools = await context.newCDPSession(page);
      expect(await devtools.send('Page.getInstallabilityErrors')).toEqual({ installabilityErrors: [] });
      const manifest = await devtools.send('Page.getAppManifest');
      expect(manifest.errors).toEqual([]);
      const { icons } = JSON.parse(manifest.data ?? '') as { icons: { src: string; sizes: string }[] };
      expect(icons.length).toBeGreaterThan(2);
      for (const { src, sizes } of icons) {
        const size = await page.evaluate(async (url) => {
          const image = new Image();
          image.src = url;
          await image.decode();
          return `${image.naturalWidth}x${image.naturalHeight}`;
        }, new URL(src, manifest.url).href);
        if (sizes !== 'any') expect(size, src).toBe(sizes);
      }

      await page.getByRole('button', { name: 'This device' }).click();
      const install = page.getByRole('button', { name: 'Install as an app' });
      await install.click();
      await install.waitFor({ state: 'detached' });
      expect(await page.evaluate(() => (window as unknown as { asked: number }).asked)).toBe(1);

      await page.reload();
      await install.waitFor();
      // A headless browser installs nothing: what it would say is said for it.
      await page.evaluate(() => dispatchEvent(new Event('appinstalled')));
      await install.waitFor({ state: 'detached' });
    } finally {
      await context.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  });
});

describe('after one visit', () => {
  let server: StaticServer;
  let context: BrowserContext;
  let page: Page;
  const site = mkdtempSync(join(tmpdir(), 'arklet-site-'));
  beforeAll(async () => {
    cpSync(root, site, { recursive: true });
    server = await startServer({ root: site });
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(server.url + tiny);
    await waitStored(page);
  });
  afterAll(async () => {
    await context.close();
    await server.close();
    rmSync(site, { recursive: true, force: true });
  });

  it('a newer build is offered between runs only, and is there after one click', async () => {
    const offer = page.getByText('A new version of Arklet is ready.');
    // A newer build has another page, and its worker another list.
    const change = (file: string, from: RegExp, to: string): void => {
      const text = readFileSync(join(site, file), 'utf8');
      expect(text).toMatch(from);
      writeFileSync(join(site, file), text.replace(from, to));
    };
    change('index.html', /<body>/, '<body data-build="new">');
    change(
      'service.worker.js',
      /"revision":"[^"]*","url":"index\.html"/,
      '"revision":"new","url":"index.html"',
    );
    await page.getByRole('button', { name: 'Run on the bundled models' }).click();
    // Held, so that it outlasts the update.
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready).waiting !== null);
    expect(await offer.count()).toBe(0);
    await page.getByRole('button', { name: 'Stop' }).click();
    await offer.waitFor();
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Reload now' }).click()]);
    expect(await page.locator('body').getAttribute('data-build')).toBe('new');
  });

  it('the whole job on the bundled models works with the network cut and the server gone', async () => {
    await server.close();
    await context.setOffline(true);
    await page.close();
    page = await context.newPage();
    await page.goto(server.url + tiny);
    await page.getByRole('region', { name: 'Result' }).waitFor();
    await runTiny(page);
  });

  it('another strategy is trained on the stored debate, without speaking again', async () => {
    await page.getByRole('tab', { name: /Distil/ }).click();
    const debate = await page.getByRole('tab', { name: /Debate/ }).innerText();
    await page.getByRole('checkbox', { name: /^DA up/ }).check();
    await page.getByRole('checkbox', { name: /^RSFT one/ }).uncheck();
    await page.getByRole('button', { name: 'Train on this debate' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page
      .locator('[role=status]', { hasText: 'Done: done' })
      .waitFor({ state: 'attached', timeout: patience });
    await page.getByRole('tab', { name: /Compare/ }).click();
    const region = page.getByRole('region', { name: 'Who got how many right' });
    await region.getByText('Distilled: DA').first().waitFor();
    // RSFT is not trained here: it stands beside, as an arm of the run whose debate is used.
    await region.getByText(/Distilled: RSFT\s*of \S+/).waitFor();
    expect(await page.getByRole('tab', { name: /Debate/ }).innerText()).toBe(debate);
  });
});

describe('kernel validation', () => {
  // Every kernel on the software adapter takes minutes: `selftest` does that; here it starts, counts and stops.
  it('starts and stops on the GPU, and on the CPU runs every kernel and copies a report', async () => {
    const server = await startServer({ root });
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    try {
      await page.goto(server.url);
      await page.getByRole('button', { name: 'This device' }).click();
      await page.getByRole('button', { name: 'Validate on the GPU' }).click();
      await page.getByText(/^\d+ kernels validated/).waitFor({ timeout: patience });
      await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Validate on the CPU' }).click({ timeout: patience });
      await page.getByText(/All \d+ tests pass on/).waitFor({ timeout: patience });
      await page.getByText('Show every test').click();
      expect(await page.getByRole('dialog').locator('tbody tr').count()).toBeGreaterThan(60);
      await page.getByRole('button', { name: 'Copy the report' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).toMatch(/^Arklet \d[\d.]* self-test: \d+ pass, 0 fail\nDevice: \S+/);
    } finally {
      await context.close();
      await server.close();
    }
  });
});

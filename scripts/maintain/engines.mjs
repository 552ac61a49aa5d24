/**
 * `node scripts/maintain/engines.mjs [--browser chromium|webkit|firefox] [--require-gpu] [--kernel NAME] [--out DIR]`: the built app on a
 * host without isolation headers, in one of Playwright's browsers: every kernel (or one) on its WebGPU, then a tiny job on WebGPU and on
 * the CPU. Prints {browser, isolated, gpu, tests, failed, jobs} and writes it, with a picture of each job's end, to DIR. Where the browser
 * offers no WebGPU kernels and GPU job are left out, which --require-gpu makes a failure, as it does a software adapter.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as playwright from 'playwright';
import { ensureBuild } from '../lib/build.mjs';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { badArgument, CommandError, readFlags } from '../lib/commandError.mjs';
import { writableFolder } from '../lib/outFolder.mjs';
import { runCommand } from '../lib/runCommand.mjs';
import { startServer } from '../lib/server.mjs';
/** @import {Browser} from 'playwright' */
/** @import {PageTools} from '../lib/product' */

const tiny =
  'preset=quick&train-questions=16&validation-questions=4&test-questions=12&steps=4&batch=4&max-tokens=48';
/** Milliseconds for a job or for all kernels. */
const patience = 1_200_000;

/** @param {string} name */
async function launch(name) {
  if (name === 'chromium')
    return playwright.chromium.launch({ executablePath: await findChromium(), args: chromiumArgs });
  return playwright[name === 'webkit' ? 'webkit' : 'firefox'].launch();
}

/**
 * What the browser offers for WebGPU, null for nothing.
 * @param {Browser} browser
 * @param {string} url
 */
async function adapterOf(browser, url) {
  const page = await browser.newPage();
  await page.goto(`${url}?tools`);
  const found = await page.evaluate(async () => {
    const adapter = 'gpu' in navigator ? await navigator.gpu.requestAdapter() : null;
    if (!adapter) return null;
    const { vendor, architecture, description } = adapter.info;
    const name = [vendor, architecture, description].filter((part) => part !== '').join(' ');
    return {
      name,
      software: adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(name),
    };
  });
  await page.close();
  return found;
}

/**
 * @param {Browser} browser
 * @param {string} url
 * @param {string | null} kernel
 */
async function kernels(browser, url, kernel) {
  const page = await browser.newPage();
  page.setDefaultTimeout(patience);
  await page.exposeFunction('arkletLine', console.error);
  await page.goto(`${url}?tools`);
  await page.waitForFunction(() => window.arkletTools !== undefined);
  const outcome = await page.evaluate(
    (name) => /** @type {PageTools} */ (window.arkletTools).selftest({ kernel: name, break: null }),
    kernel,
  );
  await page.close();
  if (!outcome.ok) throw new CommandError(outcome.error);
  return outcome.value;
}

/**
 * @param {Browser} browser
 * @param {string} url
 * @param {'cpu' | 'webgpu'} backend
 * @param {string} picture
 */
async function job(browser, url, backend, picture) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  try {
    // The first visit reloads itself once to be isolated; the driver's calls into it would count as use, and keep it from that.
    let loads = 0;
    const reloaded = page.waitForEvent('load', { predicate: () => ++loads === 2, timeout: 60_000 });
    await page.goto(`${url}#${tiny}&backend=${backend}`);
    await reloaded.catch(() => console.error('The page was not reloaded within a minute.'));
    const isolated = await page.evaluate(() => crossOriginIsolated);
    await page.getByText('Recorded run').first().waitFor();
    const began = Date.now();
    await page.getByRole('button', { name: 'Run on the bundled models' }).click();
    await page.locator('[role=status]', { hasText: 'Done: done' }).waitFor({ state: 'attached' });
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return { backend, isolated, seconds: (Date.now() - began) / 1000 };
  } finally {
    await page.screenshot({ path: picture, fullPage: true }).catch(() => null);
    await context.close();
  }
}

/** @param {string[]} args @returns {Promise<number>} exit code */
async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name !== 'require-gpu');
  /** @type {Partial<Record<string, string>>} */
  const { browser: name = 'chromium', out = 'runs/engines', kernel, ...others } = flags;
  const { 'require-gpu': required, ...unknown } = others;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0)
    throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --browser, --require-gpu, --kernel, --out.');
  if (!['chromium', 'webkit', 'firefox'].includes(name))
    throw badArgument(`--browser is "${name}".`, 'Browsers: chromium, webkit, firefox.');
  const folder = resolve(out);
  writableFolder(folder);
  const server = await startServer({ root: ensureBuild(), base: '/some/repository/', plain: true });
  const browser = await launch(name);
  try {
    const gpu = await adapterOf(browser, server.url);
    console.error(gpu ? `WebGPU: ${gpu.name}` : 'This browser offers no WebGPU here.');
    const report = gpu ? await kernels(browser, server.url, kernel ?? null) : { device: null, kernels: [] };
    const failed = report.kernels.filter(({ pass }) => !pass);
    /** @type {('cpu' | 'webgpu')[]} */
    const backends = gpu ? ['webgpu', 'cpu'] : ['cpu'];
    const jobs = [];
    for (const backend of backends)
      jobs.push(await job(browser, server.url, backend, join(folder, `${name}-${backend}.png`)));
    const document = {
      browser: `${name} ${browser.version()}`,
      gpu,
      tests: report.kernels.length,
      failed,
      jobs,
    };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...document, selftest: report }, null, 1));
    console.log(JSON.stringify(document, null, 1));
    const missing = required !== undefined && (gpu === null || gpu.software);
    if (missing) console.error('There is no real GPU.');
    return missing || failed.length > 0 ? 1 : 0;
  } finally {
    await browser.close();
    await server.close();
  }
}

await runCommand({ engines: () => Promise.resolve({ main }) }, 'engines', process.argv.slice(2));

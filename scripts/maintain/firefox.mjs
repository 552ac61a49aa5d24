/**
 * `node scripts/maintain/firefox.mjs [--webgpu]`: the built app in stock Firefox, through WebDriver BiDi.
 * Without WebGPU (Firefox ESR's default): the recorded run, the help for this browser, every panel, the job on the CPU
 * through a reload, and again without a server. With --webgpu: the whole self-test on Firefox's own WebGPU (its WGSL
 * compiler is naga), on the software driver that Debian's Chromium brings, and the job on it to its comparison. Exit code 0
 * when all holds, 1 when not, 3 when there is no Firefox.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureBuild } from '../lib/build.mjs';
import { messageOf } from '../lib/commandError.mjs';
import { findFirefox, missingFirefox, patience, withFirefox } from '../lib/firefox.mjs';
import {
  appears,
  press,
  recordedChecks,
  savedReport,
  showView,
  storedChecks,
  until,
} from './firefoxPanels.mjs';
import { startServer } from '../lib/server.mjs';
import { root } from '../lib/root.mjs';
/** @import {Page} from 'puppeteer-core' */
/** @import {Log} from '../lib/types' */
/** @import {PageTools, SelftestReport} from '../lib/product' */

const screens = join(root, 'test-results/screens');
const tiny =
  '#preset=quick&train-questions=120&validation-questions=4&test-questions=12&steps=4&batch=4&max-tokens=48';

const run = 'Run on the bundled models';

/**
 * Waits for the end of the job, `longest` milliseconds at most, and for its comparison.
 * @param {Page} page
 */
async function finish(page, longest = patience) {
  await page.waitForFunction(
    () => [...document.querySelectorAll('[role=status]')].some((node) => node.textContent === 'Done: done'),
    { timeout: longest, polling: 100 },
  );
  await showView(page, 'Compare');
  await appears(page, 'Distilled: RSFT');
}

/**
 * Starts the job, reloads in the middle of its debate, and resumes.
 * @param {Page} page
 */
async function runThroughReload(page) {
  await press(page, run);
  await until(
    page,
    () =>
      [...document.querySelectorAll('[role=status]')].some(
        (node) => node.textContent === 'Debate: running',
      ) && (document.querySelector('progress')?.value ?? 0) > 0.1,
  );
  await page.reload();
  // The debate of so small a job may be over by the time the page has reloaded.
  await appears(page, 'was interrupted during');
  await press(page, 'Resume ');
  await finish(page);
}

/**
 * A host without isolation headers: the first visit reloads itself once, and the job then takes threads.
 * @param {Page} page
 */
async function onPlainHost(page) {
  const server = await startServer({ root: ensureBuild(), base: '/some/repository/', plain: true });
  try {
    // The driver's calls into a page may count as use of it, which keeps it from the reload.
    const reloaded = new Promise((done) => {
      let loads = 0;
      page.on('load', () => ++loads === 2 && done(null));
    });
    await page.goto(`${server.url + tiny}&backend=cpu`);
    await reloaded;
    await appears(page, 'Recorded run');
    if (!(await page.evaluate(() => crossOriginIsolated))) throw new Error('the page is not isolated');
    await press(page, run);
    await until(page, () => /with 1 thread and .* with \d/.test(document.body.innerText));
    await finish(page);
  } finally {
    await server.close();
  }
}

/** @param {Page} page @param {string} downloads @param {Log} log */
async function withoutWebGpu(page, downloads, log) {
  const server = await startServer({ root: ensureBuild({ log }) });
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (error) => errors.push(messageOf(error)));
  /** @param {string} what @param {() => Promise<void>} check */
  const checked = async (what, check) => {
    const began = Date.now();
    await check().catch(async (/** @type {unknown} */ error) => {
      const picture = join(screens, 'firefox.png');
      mkdirSync(screens, { recursive: true });
      await page.screenshot({ path: picture }).catch(() => null);
      const said = await page.evaluate(() => document.body.innerText).catch(() => 'nothing');
      log(`The page said:\n${said.slice(0, 1500)}`);
      throw new Error(`${what}: ${messageOf(error)} (picture: ${picture})`, { cause: error });
    });
    log(`${what} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  };
  let open = true;
  try {
    await checked('the recorded run is shown', async () => {
      await page.goto(`${server.url + tiny}&backend=cpu`);
      await appears(page, 'Recorded run');
    });
    if (availableParallelism() > 1)
      await checked('a host without isolation headers: one reload, then threads', async () => {
        await onPlainHost(page);
        await page.goto(`${server.url + tiny}&backend=cpu`);
        await appears(page, 'Recorded run');
      });
    await checked("the help names Firefox's steps", async () => {
      if (await page.evaluate(() => 'gpu' in navigator)) throw new Error('WebGPU is switched on');
      await appears(page, 'How to turn WebGPU on');
      const help = await page.evaluate(() => document.body.textContent);
      if (!help?.includes('about:config')) throw new Error('no word of about:config');
    });
    for (const { what, check } of recordedChecks) await checked(what, () => check(page, downloads));
    await checked('the job reaches its comparison on the CPU, through a reload', () =>
      runThroughReload(page),
    );
    for (const { what, check } of storedChecks) await checked(what, () => check(page, downloads));
    await checked('the job works without the server', async () => {
      await press(page, 'This device');
      await appears(page, 'The whole job works without a network');
      // The address remembers an open panel, and the page behind one takes no clicks.
      await press(page, 'Close');
      await server.close();
      open = false;
      await page.reload();
      await appears(page, 'Recorded run');
      await press(page, run);
      await finish(page);
    });
    if (errors.length > 0) throw new Error(errors.join('\n'));
  } finally {
    if (open) await server.close();
  }
}

/** @param {Page} page @param {string} url @returns {Promise<SelftestReport>} */
async function selftest(page, url) {
  await page.goto(`${url}?tools`);
  await page.waitForFunction(() => window.arkletTools !== undefined, { timeout: 120_000 });
  const outcome = await page.evaluate(() =>
    /** @type {PageTools} */ (window.arkletTools).selftest({ kernel: null, break: null }),
  );
  if (!outcome.ok) throw new Error(`${outcome.error.message} ${outcome.error.hint}`);
  return outcome.value;
}

/**
 * The job on WebGPU to its comparison: {seconds, backend, device, arms} as its own report has them.
 * @param {Page} page
 * @param {string} url
 * @param {string} downloads
 */
async function webGpuJob(page, url, downloads) {
  await page.goto(`${url + tiny}&backend=webgpu`);
  await appears(page, 'Recorded run');
  const began = Date.now();
  await press(page, run);
  // Minutes on the software driver.
  await finish(page, 600_000);
  const seconds = (Date.now() - began) / 1000;
  const { environment, arms } = await savedReport(page, downloads);
  const { backend, device } = environment;
  return { seconds, backend, device, arms: arms.map(({ name, correct, n }) => ({ name, correct, n })) };
}

/**
 * Every kernel on Firefox's WebGPU, then the job: {browser, device, tests, failed, job}; see webGpuJob for the last. Throws
 * when there is no Firefox or no WebGPU in it, and when the job does not reach its comparison.
 * @param {Log} log
 */
export async function firefoxSelftest(log) {
  const path = findFirefox(log);
  if (!path) throw new Error(missingFirefox);
  return withFirefox(path, true, async (page, { version: browser, downloads }) => {
    const server = await startServer({ root: ensureBuild({ log }) });
    try {
      const { device, kernels } = await selftest(page, server.url);
      const failed = kernels.filter(({ pass }) => !pass);
      log(`${kernels.length} tests of kernels, ${failed.length} failed`);
      const job = await webGpuJob(page, server.url, downloads);
      log(`the job reaches its comparison on ${job.backend} in ${job.seconds.toFixed(0)} s`);
      return { browser, device, tests: kernels.length, failed, job };
    } finally {
      await server.close();
    }
  });
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const log = console.error;
  try {
    const path = findFirefox(log);
    if (!path) {
      log(missingFirefox);
      process.exitCode = 3;
    } else if (process.argv.includes('--webgpu')) {
      const result = await firefoxSelftest(log);
      console.log(JSON.stringify(result, null, 1));
      const { failed, tests, job } = result;
      process.exitCode = failed.length === 0 && tests > 0 && job.backend === 'webgpu' ? 0 : 1;
    } else {
      await withFirefox(path, false, async (page, { version, downloads }) => {
        log(version);
        await withoutWebGpu(page, downloads, log);
      });
    }
  } catch (error) {
    log(error instanceof Error ? error.stack : error);
    log(`Firefox: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}

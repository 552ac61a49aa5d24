// `node scripts/firefox.mjs [--webgpu]`: the built app in stock Firefox, through WebDriver BiDi.
// Without WebGPU (Firefox ESR's default): the recorded run, the help for this browser, every panel, the job on the CPU
// through a reload, and again without a server. With --webgpu: the whole self-test on Firefox's own WebGPU (its WGSL
// compiler is naga), on the software driver that Debian's Chromium brings, and the job on it to its comparison. Exit code 0
// when all holds, 1 when not, 3 when there is no Firefox.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { ensureBuild } from './build.mjs';
import {
  appears,
  patience,
  press,
  recordedChecks,
  savedReport,
  showView,
  storedChecks,
  until,
} from './firefoxPanels.mjs';
import { startServer } from './server.mjs';

const candidates = [
  process.env.FIREFOX_PATH,
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/snap/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
];
const screens = join(dirname(fileURLToPath(import.meta.url)), '../test-results/screens');
const driver = process.env.CHROMIUM_LIBRARY ?? '/usr/lib/chromium';
/** What to do where there is none. */
export const missingFirefox = 'No Firefox: `sudo apt-get install firefox-esr` (or set FIREFOX_PATH).';
const tiny =
  '#preset=quick&train-questions=120&validation-questions=4&test-questions=12&steps=4&batch=4&max-tokens=48';

/** Path of a Firefox, null when there is none and none can be installed. */
export function findFirefox(log) {
  const present = () => candidates.find((path) => path && existsSync(path)) ?? null;
  if (present() || process.getuid?.() !== 0) return present();
  log('No Firefox found; trying to install one.');
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '-qq', 'firefox-esr'], { stdio: 'ignore' });
  } catch {
    // The caller names what to do.
  }
  return present();
}

/** Runs work(page, {version, downloads}) in a Firefox with a profile of its own; files it saves lie in the folder downloads. */
async function withFirefox(executablePath, webgpu, work) {
  const folder = mkdtempSync(join(tmpdir(), 'arklet-firefox-'));
  const [profile, downloads] = ['profile', 'downloads'].map((name) => join(folder, name));
  for (const part of [profile, downloads]) mkdirSync(part);
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    userDataDir: profile,
    timeout: patience,
    protocolTimeout: 600_000,
    extraPrefsFirefox: {
      'browser.download.folderList': 2,
      'browser.download.dir': downloads,
      'browser.download.always_ask_before_handling_new_types': false,
      ...(webgpu && {
        'dom.webgpu.enabled': true,
        'dom.webgpu.workers.enabled': true,
        'gfx.webgpu.ignore-blocklist': true,
      }),
    },
    env: webgpu
      ? { ...process.env, LD_LIBRARY_PATH: driver, VK_ICD_FILENAMES: `${driver}/vk_swiftshader_icd.json` }
      : process.env,
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    // The page asks before a live run is left, as when it is reloaded.
    page.on('dialog', (dialog) => void dialog.accept());
    await page.setViewport({ width: 1280, height: 900 });
    return await work(page, { version: await browser.version(), downloads });
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}

const run = 'Run on the bundled models';

/** Waits for the end of the job, `longest` milliseconds at most, and for its comparison. */
async function finish(page, longest = patience) {
  await page.waitForFunction(
    () => [...document.querySelectorAll('[role=status]')].some((node) => node.textContent === 'Done: done'),
    { timeout: longest, polling: 100 },
  );
  await showView(page, 'Compare');
  await appears(page, 'Distilled: RSFT');
}

/** Starts the job, reloads in the middle of its debate, and goes on. */
async function runThroughReload(page) {
  await press(page, run);
  await until(
    page,
    () =>
      [...document.querySelectorAll('[role=status]')].some(
        (node) => node.textContent === 'Debate: running',
      ) && document.querySelector('progress')?.value > 0.1,
  );
  await page.reload();
  // The debate of so small a job may be over by the time the page is loaded anew.
  await appears(page, 'was interrupted during');
  await press(page, 'Resume ');
  await finish(page);
}

async function withoutWebGpu(page, downloads, log) {
  const server = await startServer({ root: ensureBuild({ log }) });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const checked = async (what, check) => {
    const began = Date.now();
    await check().catch(async (error) => {
      const picture = join(screens, 'firefox.png');
      mkdirSync(screens, { recursive: true });
      await page.screenshot({ path: picture }).catch(() => null);
      const said = await page.evaluate(() => document.body.innerText).catch(() => 'nothing');
      log(`The page said:\n${said.slice(0, 1500)}`);
      throw new Error(`${what}: ${error.message} (picture: ${picture})`, { cause: error });
    });
    log(`${what} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  };
  let open = true;
  try {
    await checked('the recorded run is shown', async () => {
      await page.goto(`${server.url + tiny}&backend=cpu`);
      await appears(page, 'Recorded run');
    });
    await checked("the help names Firefox's steps", async () => {
      if (await page.evaluate(() => 'gpu' in navigator)) throw new Error('WebGPU is switched on');
      await appears(page, 'How to turn WebGPU on');
      const help = await page.evaluate(() => document.body.textContent);
      if (!help.includes('about:config')) throw new Error('no word of about:config');
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

async function selftest(page, url) {
  await page.goto(`${url}?tools`);
  await page.waitForFunction(() => window.arkletTools !== undefined, { timeout: 120_000 });
  const outcome = await page.evaluate(() => window.arkletTools.selftest({ kernel: null, break: null }));
  if (!outcome.ok) throw new Error(`${outcome.error.message} ${outcome.error.hint}`);
  return outcome.value;
}

/** The job on WebGPU to its comparison: {seconds, backend, device, arms} as its own report has them. */
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
  const log = (line) => console.error(line);
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
    log(error.stack ?? String(error));
    log(`Firefox: ${error.message}`);
    process.exitCode = 1;
  }
}

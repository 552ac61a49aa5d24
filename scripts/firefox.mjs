// `node scripts/firefox.mjs [--webgpu]`: the built app in stock Firefox, through WebDriver BiDi.
// Without WebGPU (Firefox ESR's default): the recorded run, the help for this browser, the job on the CPU, and again without
// a server. With --webgpu: the whole self-test on Firefox's own WebGPU (its WGSL compiler is naga), on the software driver
// that Debian's Chromium brings. Exit code 0 when all holds, 1 when not, 3 when there is no Firefox.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { ensureBuild } from './build.mjs';
import { startServer } from './server.mjs';

const candidates = [
  process.env.FIREFOX_PATH,
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/snap/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
];
const driver = process.env.CHROMIUM_LIBRARY ?? '/usr/lib/chromium';
const patience = 120_000;
const tiny =
  '#preset=quick&backend=cpu&train-questions=16&validation-questions=4&test-questions=12&steps=4&batch=4&max-tokens=48';

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

async function withFirefox(executablePath, webgpu, work) {
  const profile = mkdtempSync(join(tmpdir(), 'arklet-firefox-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    userDataDir: profile,
    protocolTimeout: 600_000,
    extraPrefsFirefox: webgpu
      ? {
          'dom.webgpu.enabled': true,
          'dom.webgpu.workers.enabled': true,
          'gfx.webgpu.ignore-blocklist': true,
        }
      : {},
    env: webgpu
      ? { ...process.env, LD_LIBRARY_PATH: driver, VK_ICD_FILENAMES: `${driver}/vk_swiftshader_icd.json` }
      : process.env,
  });
  try {
    return await work(await browser.newPage(), await browser.version());
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }
}

const appears = (page, text) =>
  page.waitForFunction((wanted) => document.body.innerText.includes(wanted), { timeout: patience }, text);
const press = async (page, name) =>
  (await page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`, { timeout: patience })).click();

/** The job on the bundled models, to its comparison. */
async function runJob(page) {
  await press(page, 'Run on the bundled models');
  await page.waitForFunction(
    () => [...document.querySelectorAll('[role=status]')].some((node) => node.textContent === 'Done: done'),
    { timeout: patience, polling: 100 },
  );
  await appears(page, 'Distilled: RSFT');
}

async function withoutWebGpu(page, log) {
  const server = await startServer({ root: ensureBuild({ log }) });
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  let open = true;
  try {
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(server.url + tiny);
    await appears(page, 'Recorded run');
    log('the recorded run is shown');
    if (await page.evaluate(() => 'gpu' in navigator)) throw new Error('this Firefox has WebGPU switched on');
    await appears(page, 'How to turn WebGPU on');
    const help = await page.evaluate(() => document.body.textContent);
    if (!help.includes('about:config')) throw new Error("the help does not name Firefox's steps");
    log("the help names Firefox's steps");
    await runJob(page);
    log('the job reaches its comparison on the CPU');
    await press(page, 'This device');
    await appears(page, 'The whole job works without a network');
    // The address remembers an open panel, and the page behind one takes no clicks.
    await press(page, 'Close');
    await server.close();
    open = false;
    await page.reload();
    await appears(page, 'Recorded run');
    await runJob(page);
    log('the job works without the server');
    if (errors.length > 0) throw new Error(errors.join('\n'));
  } finally {
    if (open) await server.close();
  }
}

async function selftest(page, log) {
  const server = await startServer({ root: ensureBuild({ log }) });
  try {
    await page.goto(`${server.url}?tools`);
    await page.waitForFunction(() => window.arkletTools !== undefined, { timeout: patience });
    const outcome = await page.evaluate(() => window.arkletTools.selftest({ kernel: null, break: null }));
    if (!outcome.ok) throw new Error(`${outcome.error.message} ${outcome.error.hint}`);
    return outcome.value;
  } finally {
    await server.close();
  }
}

/** Every kernel on Firefox's WebGPU: {browser, device, tests, failed}. Throws when there is no Firefox or no WebGPU in it. */
export async function firefoxSelftest(log) {
  const path = findFirefox(log);
  if (!path) throw new Error('No Firefox: `sudo apt-get install firefox-esr` (or set FIREFOX_PATH).');
  return withFirefox(path, true, async (page, browser) => {
    const { device, kernels } = await selftest(page, log);
    return { browser, device, tests: kernels.length, failed: kernels.filter(({ pass }) => !pass) };
  });
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const log = (line) => console.error(line);
  try {
    const path = findFirefox(log);
    if (!path) {
      log('No Firefox: `sudo apt-get install firefox-esr` (or set FIREFOX_PATH).');
      process.exitCode = 3;
    } else if (process.argv.includes('--webgpu')) {
      const result = await firefoxSelftest(log);
      console.log(JSON.stringify(result, null, 1));
      process.exitCode = result.failed.length === 0 && result.tests > 0 ? 0 : 1;
    } else {
      await withFirefox(path, false, async (page, version) => {
        log(version);
        await withoutWebGpu(page, log);
      });
    }
  } catch (error) {
    log(error.stack ?? String(error));
    process.exitCode = 1;
  }
}

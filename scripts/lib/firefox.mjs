/** A stock Firefox, through WebDriver BiDi. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
/** @import {Page} from 'puppeteer-core' */
/** @import {FirefoxFacts, Log} from './types' */

/** Milliseconds that a step may take: a shared machine starves a browser for many seconds at times. */
export const patience = 120_000;
const candidates = [
  process.env.FIREFOX_PATH,
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/snap/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
];
const driver = process.env.CHROMIUM_LIBRARY ?? '/usr/lib/chromium';
/** What to do where there is none. */
export const missingFirefox = 'No Firefox: `sudo apt-get install firefox-esr` (or set FIREFOX_PATH).';

/**
 * Path of a Firefox, null when there is none and none can be installed.
 * @param {Log} log
 */
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

/**
 * Runs work(page, {version, downloads}) in a Firefox with a profile of its own; files it saves lie in the folder downloads.
 * @template T
 * @param {string} executablePath
 * @param {boolean} webgpu on the software driver of Debian's Chromium
 * @param {(page: Page, facts: FirefoxFacts) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withFirefox(executablePath, webgpu, work) {
  const folder = mkdtempSync(join(tmpdir(), 'arklet-firefox-'));
  const profile = join(folder, 'profile');
  const downloads = join(folder, 'downloads');
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

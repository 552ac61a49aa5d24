/**
 * Finds Chromium (or Chrome), or installs it: system browser, Playwright's own download, apt as root, in that order.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { CommandError } from './commandError.mjs';
import { packaged } from './root.mjs';
/** @import {Log} from './types' */

const candidates = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

async function present() {
  const system = candidates.find((path) => path && existsSync(path));
  if (system) return system;
  const { chromium } = await import('playwright');
  const own = chromium.executablePath();
  return own && existsSync(own) ? own : null;
}

/** Arguments that every start of Chromium here uses: software WebGPU allowed, no calls home. */
export const chromiumArgs = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

/** Playwright's own command, wherever the current folder is. */
function playwrightCommand() {
  const manifest = createRequire(import.meta.url).resolve('playwright/package.json');
  return join(dirname(manifest), 'cli.js');
}

/**
 * Path of a Chromium. Throws with the exact command when there is none and none can be installed.
 * @param {Log} log
 */
export async function findChromium(log = console.error) {
  const found = await present();
  if (found) return found;
  log('No Chromium found; trying to install one.');
  const command = playwrightCommand();
  spawnSync(process.execPath, [command, 'install', 'chromium'], { stdio: 'ignore', timeout: 300_000 });
  const downloaded = await present();
  if (downloaded) return downloaded;
  // A clone is for developers; a package leaves the system alone.
  if (!packaged && process.getuid?.() === 0) {
    try {
      execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
      execFileSync('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: 'ignore' });
    } catch {
      // The message below names what to do.
    }
  }
  const installed = await present();
  if (installed) return installed;
  throw new CommandError({
    code: 'browser',
    message: 'There is no Chromium or Chrome, and none could be downloaded.',
    hint: `Install one: \`sudo apt-get install chromium\`, or \`node "${command}" install --with-deps chromium\`; CHROMIUM_PATH names one elsewhere.`,
  });
}

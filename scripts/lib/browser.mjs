/** Runs work on the built app in headless Chromium: one server, one page, cleaned up whatever happens. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { ensureBuild } from './build.mjs';
import { chromiumArgs as defaultArgs, findChromium } from './chromium.mjs';
import { CommandError, messageOf } from './commandError.mjs';
import { startServer } from './server.mjs';

/** @import {BrowserContext, Page} from 'playwright' */
/** @import {Urls} from './types' */

/** The app's origin in the browser: the same in every run, whatever port the server got, so that stored data is found again. */
const origin = 'http://arklet.localhost';

/** @param {string} message */
function browserError(message) {
  return new CommandError({
    code: 'browser',
    message,
    hint: 'Run the same command again: it continues where it stopped.',
  });
}

/**
 * The driver's own words for a browser that went away, or did not start, in ours.
 * @param {unknown} error
 */
function gone(error) {
  if (error instanceof CommandError) return error;
  const text = messageOf(error);
  if (/has been closed|Target closed|Target crashed|Page crashed|Connection closed/i.test(text))
    return browserError('The browser was closed or killed.');
  if (/launch|spawn|executable/i.test(text)) {
    const [reason] = text.split('\n');
    return new CommandError({
      code: 'browser',
      message: `Chromium does not start: ${reason}`,
      hint: 'Check that it starts by itself (CHROMIUM_PATH names another one), then run the same command again.',
    });
  }
  return error;
}

/**
 * @typedef {object} PageOptions
 * @property {string[]} [chromiumArgs] further switches of Chromium
 * @property {readonly (string | {folder: string, name: string})[]} [mounts] folders or files of the user, served at urls.files[i]
 * @property {string} [out] folder that takes PUT at urls.out
 * @property {string | undefined} [userDataDir] keeps the browser's storage between runs; a temporary one without it
 * @property {string} [root] a built app, instead of dist/, which is built when it is stale
 * @property {string} [query] of the page's address, "?automation" if not given
 * @property {((line: string) => void) | undefined} [log] console messages of the page

 */

/**
 * Builds the app if it is stale, serves it cross-origin isolated, opens it and runs `work(page, urls)`.
 * @template T
 * @param {PageOptions} options
 * @param {(page: Page, urls: Urls) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withPage(options, work) {
  const { chromiumArgs = [], mounts = [], out, query = '?automation', log = () => {} } = options;
  const root = options.root ?? ensureBuild();
  const executablePath = await findChromium();
  const server = await startServer({ root, mounts, ...(out === undefined ? {} : { out }) });
  const temporary = options.userDataDir === undefined ? await mkdtemp(join(tmpdir(), 'arklet-')) : null;
  /** @type {BrowserContext | null} */
  let context = null;
  try {
    context = await chromium
      .launchPersistentContext(options.userDataDir ?? temporary ?? '', {
        executablePath,
        headless: true,
        // Interrupts are handled by the caller, who stops the job before the browser goes.
        handleSIGINT: false,
        handleSIGTERM: false,
        args: [
          ...defaultArgs,
          `--host-resolver-rules=MAP arklet.localhost:80 127.0.0.1:${server.port}`,
          '--disable-renderer-backgrounding',
          '--disable-background-timer-throttling',
          ...chromiumArgs,
        ],
      })
      .catch((/** @type {unknown} */ error) => {
        if (!/ProcessSingleton/.test(messageOf(error))) throw gone(error);
        throw new CommandError({
          code: 'busy',
          message: 'Another run works in this folder.',
          hint: 'Wait for its end, or give --out another folder.',
        });
      });
    const opened = context;
    const page = opened.pages()[0] ?? (await opened.newPage());
    /** @type {Promise<never>} */
    const crashed = new Promise((_, reject) => {
      page.on('crash', () => reject(browserError('The browser tab crashed, probably for lack of memory.')));
      page.on('close', () => reject(browserError('The browser tab was closed.')));
      opened.on('close', () => reject(browserError('The browser was closed.')));
    });
    crashed.catch(() => {});
    page.on('console', (message) => log(`[${message.type()}] ${message.text()}`));
    page.on('pageerror', (error) => log(`[error] ${error.message}`));
    await page.goto(`${origin}/index.html${query}`, { waitUntil: 'load' });
    const urls = {
      app: `${origin}/`,
      files: mounts.map((_, i) => `${origin}/files/${i}/`),
      out: `${origin}/out/`,
    };
    return await Promise.race([work(page, urls), crashed]).catch((/** @type {unknown} */ error) => {
      throw gone(error);
    });
  } finally {
    await context?.close().catch(() => {});
    await server.close();
    if (temporary) await rm(temporary, { recursive: true, force: true });
  }
}

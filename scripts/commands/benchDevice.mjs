/** `bench --device chromium|dawn|cpu`: what this machine does with our kernels and with models on random weights. */
import { join } from 'node:path';
import { withPage } from '../lib/browser.mjs';
import { badArgument, CommandError } from '../lib/commandError.mjs';
import { stoppable } from '../lib/interrupt.mjs';
import { readJson } from '../lib/json.mjs';
import { packaged, root } from '../lib/root.mjs';
import { restartForDawn, withSources } from '../node.mjs';
/** @import {Log} from '../lib/types' */
/** @import {DeviceBench, PageTools} from '../lib/product' */

/**
 * What one device does, with the browser or runtime that it was measured in.
 * @param {string} device
 * @param {AbortSignal} signal
 * @param {Log} log
 * @returns {Promise<{browser: string, bench: DeviceBench}>}
 */
async function measure(device, signal, log) {
  if (device !== 'chromium') {
    const bench = await withSources(async (load) => {
      const { benchInNode } = /** @type {typeof import('../toolsNode')} */ (
        await load('/scripts/toolsNode.ts')
      );
      return benchInNode(device === 'dawn' ? 'dawn' : 'cpu', { signal, log });
    });
    return { browser: `Node ${process.version}`, bench };
  }
  return withPage({ query: '?tools', log: process.env.DEBUG ? log : undefined }, async (page) => {
    page.setDefaultTimeout(0);
    await page.exposeFunction('arkletLine', log);
    await page.waitForFunction(() => window.arkletTools !== undefined, null, { timeout: 60_000 });
    signal.addEventListener('abort', () => void page.evaluate(() => window.arkletTools?.stop()));
    const browser = await page.evaluate(() => navigator.userAgent);
    const outcome = await page.evaluate(() => /** @type {PageTools} */ (window.arkletTools).bench('webgpu'));
    if (!outcome.ok) throw new CommandError(outcome.error);
    return { browser, bench: outcome.value };
  });
}

/** Dawn in Node is for developers: a package of its own, on the machine's driver or on that of Debian's Chromium. */
const devices = packaged ? ['chromium', 'cpu'] : ['chromium', 'dawn', 'cpu'];

/** @param {string} device @returns {Promise<number>} exit code */
export async function benchDevice(device) {
  if (!devices.includes(device))
    throw badArgument(`--device is "${device}".`, `Devices: ${devices.join(', ')}.`);
  if (device === 'dawn' && restartForDawn()) return restartForDawn.status;
  const stopper = new AbortController();
  const { browser, bench } = await stoppable(
    () => stopper.abort(),
    () => measure(device, stopper.signal, console.error),
  );
  /** @type {{version: string}} */
  const { version } = readJson(join(root, 'package.json'));
  const date = new Date().toISOString().slice(0, 10);
  console.log(JSON.stringify({ arklet: version, date, browser, ...bench }, null, 1));
  return 0;
}

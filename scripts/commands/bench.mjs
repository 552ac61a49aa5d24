/**
 * `npm run -s bench -- [--json] [--only WORK[,WORK]] [--rounds N]`: ours beside the peers, in interleaved rounds, in Chromium.
 * `npm run -s bench -- --device chromium|dawn|cpu [--json]`: what this machine does with our kernels and with models on random weights.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openBenchPage } from '../bench/openPage.mjs';
import { withPage } from '../lib/browser.mjs';
import { badArgument, CommandError } from '../lib/commandError.mjs';
import { stoppable } from '../lib/interrupt.mjs';
import { parseJson, readJson } from '../lib/json.mjs';
import { ensurePython } from '../lib/python.mjs';
import { root } from '../lib/root.mjs';
import { restartForDawn, withSources } from '../node.mjs';
import { ensureWasm } from '../wasm.mjs';
/** @import {BenchOptions, BenchResult, BenchRow} from '../bench/types' */
/** @import {Log} from '../lib/types' */
/** @import {DeviceBench, PageTools} from '../lib/product' */

/** @param {BenchOptions} options @param {Log} log @returns {Promise<BenchResult>} */
async function inChromium(options, log) {
  ensureWasm();
  const page = await openBenchPage(root, log);
  try {
    return await page.run(options);
  } finally {
    await page.close();
  }
}

/**
 * PyTorch's rows: one core, measured right after the rest (it cannot take turns with a browser).
 * @param {BenchOptions} options
 * @param {Log} log
 * @returns {BenchRow[]}
 */
function inPython(options, log) {
  const python = ensurePython(log);
  if (!python) return [];
  const args = [
    join(root, 'scripts/bench/torch_peer.py'),
    '--rounds',
    String(options.rounds),
    '--only',
    options.only.join(','),
  ];
  const { status, stdout } = spawnSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 2] });
  return status === 0 ? parseJson(stdout) : [];
}

/**
 * What one device does, with the browser or runtime that it was measured in.
 * @param {string} device
 * @param {AbortSignal} signal
 * @param {Log} log
 * @returns {Promise<{browser: string, bench: DeviceBench}>}
 */
async function benchDevice(device, signal, log) {
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

/** @param {string} device @returns {Promise<number>} exit code */
async function printDevice(device) {
  if (device !== 'chromium' && device !== 'dawn' && device !== 'cpu')
    throw badArgument(`--device is "${device}".`, 'Devices: chromium, dawn, cpu.');
  if (device === 'dawn' && restartForDawn()) return restartForDawn.status;
  const stopper = new AbortController();
  const { browser, bench } = await stoppable(
    () => stopper.abort(),
    () => benchDevice(device, stopper.signal, console.error),
  );
  /** @type {{version: string}} */
  const { version } = readJson(join(root, 'package.json'));
  const date = new Date().toISOString().slice(0, 10);
  console.log(JSON.stringify({ arklet: version, date, browser, ...bench }, null, 1));
  return 0;
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      device: { type: 'string' },
    },
  });
  if (values.device !== undefined) {
    if (values.only !== undefined || values.rounds !== undefined)
      throw badArgument('--only and --rounds are of the comparison with peers.', 'Leave out --device.');
    return printDevice(values.device);
  }
  const log = console.error;
  const options = { only: values.only?.split(',') ?? [], rounds: Number(values.rounds ?? 7) };
  const measured = await inChromium(options, log);
  const result = { ...measured, rows: [...measured.rows, ...inPython(options, log)] };
  if (values.json) console.log(JSON.stringify(result, null, 1));
  else {
    console.log(result.device);
    for (const { work, contender, unit, min, median, max, error } of result.rows) {
      const figures =
        error ?? `${[min, median, max].map((value) => value?.toPrecision(4)).join('  ')} ${unit}`;
      console.log(`${work.padEnd(24)} ${contender.padEnd(14)} ${figures}`);
    }
  }
  return 0;
}

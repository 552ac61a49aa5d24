/**
 * `npm run -s bench -- [--json] [--only WORK[,WORK]] [--rounds N]`: ours beside the peers, in interleaved rounds, in Chromium.
 * `npm run -s bench -- --device chromium|dawn|cpu [--json]`: what this machine does with our kernels and with models on random weights.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { ensurePeers } from '../bench/peers.mjs';
import { withPage } from '../lib/browser.mjs';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { badArgument, CommandError } from '../lib/commandError.mjs';
import { stoppable } from '../lib/interrupt.mjs';
import { parseJson, readJson } from '../lib/json.mjs';
import { ensurePython } from '../lib/python.mjs';
import { root } from '../lib/root.mjs';
import { restartForDawn, withSources } from '../node.mjs';
import { ensureWasm } from '../wasm.mjs';
/** @import {Log} from '../lib/types' */
/** @import {DeviceBench, PageTools} from '../lib/product' */

const smollm2 = '.cache/smollm2-hf/config.json';
const smollm2Gguf = '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';
const wllamaFolder = '.cache/peers/node_modules/@wllama/wllama/esm';

/**
 * @typedef {object} Options
 * @property {string[]} only parts of names of works, none for all
 * @property {number} rounds
 *
 * @typedef {object} Row
 * @property {string} work
 * @property {string} contender
 * @property {string} unit
 * @property {number} min
 * @property {number} median
 * @property {number} max
 * @property {string} [error] instead of figures
 *
 * @typedef {{device: string, rows: Row[]}} Result
 * @typedef {typeof globalThis & {runBench: (options: object) => Promise<Result>}} BenchPage
 */

/** @param {Options} options @param {Log} log @returns {Promise<Result>} */
async function inChromium(options, log) {
  ensureWasm();
  const peers = await ensurePeers(log);
  const isolation = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    server: {
      port: 0,
      host: '127.0.0.1',
      headers: isolation,
      hmr: false,
      watch: null,
      fs: { allow: [root] },
    },
    optimizeDeps: { entries: ['scripts/bench/index.html'] },
  });
  await server.listen();
  const profile = mkdtempSync(join(tmpdir(), 'arklet-bench-'));
  const executablePath = await findChromium(log);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: chromiumArgs,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('console', (message) => log(message.text()));
    page.on('pageerror', (error) => log(error.stack ?? error.message));
    const [address = ''] = server.resolvedUrls?.local ?? [];
    await page.goto(`${address}scripts/bench/index.html`);
    await page.waitForFunction(() => 'runBench' in globalThis, null, { timeout: 120_000 });
    page.setDefaultTimeout(0);
    return await page.evaluate((given) => /** @type {BenchPage} */ (globalThis).runBench(given), {
      ...options,
      peersUrl: `/${relative(root, peers)}`,
      smollm2Url: existsSync(join(root, smollm2)) ? '/.cache/smollm2-hf/' : null,
      wllama: existsSync(join(root, smollm2Gguf))
        ? {
            moduleUrl: `/${wllamaFolder}/index.js`,
            wasmUrl: `/${wllamaFolder}/wasm/wllama.wasm`,
            modelUrl: `/${smollm2Gguf}`,
          }
        : null,
    });
  } finally {
    await context.close();
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/**
 * PyTorch's rows: one core, measured right after the rest (it cannot take turns with a browser).
 * @param {Options} options
 * @param {Log} log
 * @returns {Row[]}
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
  const result = await inChromium(options, log);
  result.rows.push(...inPython(options, log));
  if (values.json) console.log(JSON.stringify(result, null, 1));
  else {
    console.log(result.device);
    for (const { work, contender, unit, min, median, max, error } of result.rows) {
      const figures =
        error ?? `${[min, median, max].map((value) => value.toPrecision(4)).join('  ')} ${unit}`;
      console.log(`${work.padEnd(24)} ${contender.padEnd(14)} ${figures}`);
    }
  }
  return 0;
}

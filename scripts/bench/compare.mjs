/** Ours beside the peers, in interleaved rounds, in Chromium; PyTorch afterwards. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { parseJson } from '../lib/json.mjs';
import { ensurePython } from '../lib/python.mjs';
import { root } from '../lib/root.mjs';
import { ensureWasm } from '../wasm.mjs';
import { ensurePeers } from './peers.mjs';
/** @import {Log} from '../lib/types' */

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

/** @param {Options} options @param {Log} log @returns {Promise<Result>} */
export async function compareWithPeers(options, log) {
  const result = await inChromium(options, log);
  result.rows.push(...inPython(options, log));
  return result;
}

/** The bench page of a checkout in headless Chromium: this one's, or an earlier commit's. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { chromiumArgs, findChromium } from '../lib/chromium.mjs';
import { ensurePeers, peersFolder } from './peers.mjs';
/** @import {Log} from '../lib/types' */
/** @import {BenchOptions, BenchResult, RunBench} from './types' */

const smollm2 = '.cache/smollm2-hf/config.json';
const smollm2Gguf = '.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';
const wllamaFolder = '.cache/peers/node_modules/@wllama/wllama/esm';

/**
 * Serves the sources of `folder`, whose .cache has what this checkout's has, and opens its bench page.
 * @param {string} folder
 * @param {Log} log
 * @returns {Promise<{run: (options: BenchOptions) => Promise<BenchResult>, close: () => Promise<void>}>}
 */
export async function openBenchPage(folder, log) {
  const bundle = relative(peersFolder, await ensurePeers(log));
  const server = await createServer({
    root: folder,
    configFile: false,
    logLevel: 'error',
    appType: 'mpa',
    server: {
      port: 0,
      host: '127.0.0.1',
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
      hmr: false,
      watch: null,
      // node_modules and .cache of an earlier commit are links to this one's.
      fs: { strict: false },
    },
    optimizeDeps: { entries: ['scripts/bench/index.html'] },
  });
  await server.listen();
  const profile = mkdtempSync(join(tmpdir(), 'arklet-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await findChromium(log),
    headless: true,
    args: chromiumArgs,
  });
  const close = async () => {
    await context.close();
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  };
  /** @param {string} path */
  const has = (path) => existsSync(join(folder, path));
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    page.on('console', (message) => log(message.text()));
    page.on('pageerror', (error) => log(error.stack ?? error.message));
    const [address = ''] = server.resolvedUrls?.local ?? [];
    await page.goto(`${address}scripts/bench/index.html`);
    await page.waitForFunction(() => 'runBench' in globalThis, null, { timeout: 120_000 });
    page.setDefaultTimeout(0);
    /** @param {BenchOptions} options */
    const run = (options) =>
      page.evaluate(
        (request) => /** @type {typeof globalThis & {runBench: RunBench}} */ (globalThis).runBench(request),
        {
          ...options,
          peersUrl: `/.cache/peers/${bundle}`,
          smollm2Url: has(smollm2) ? '/.cache/smollm2-hf/' : null,
          wllama: has(smollm2Gguf)
            ? {
                moduleUrl: `/${wllamaFolder}/index.js`,
                wasmUrl: `/${wllamaFolder}/wasm/wllama.wasm`,
                modelUrl: `/${smollm2Gguf}`,
              }
            : null,
        },
      );
    return { run, close };
  } catch (error) {
    await close();
    throw error;
  }
}

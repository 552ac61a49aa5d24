/** Ours beside the peers, in interleaved rounds, in Chromium; PyTorch afterwards. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseJson } from '../lib/json.mjs';
import { ensurePython } from '../lib/python.mjs';
import { root } from '../lib/root.mjs';
import { ensureWasm } from '../wasm.mjs';
import { openBenchPage } from './openPage.mjs';
/** @import {Log} from '../lib/types' */
/** @import {BenchOptions, BenchResult, BenchRow} from './types' */

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

/** @param {BenchOptions} options @param {Log} log @returns {Promise<BenchResult>} */
export async function compareWithPeers(options, log) {
  const { device, rows } = await inChromium(options, log);
  return { device, rows: [...rows, ...inPython(options, log)] };
}

/**
 * The bench's works on these sources and on an earlier commit's, in interleaved rounds: `npm run prove -- --only bench-before`. Both run
 * in Chromium on this machine, one after the other in every round, so that a machine that drifts slows both alike.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchPage } from '../bench/openPage.mjs';
import { root } from '../lib/root.mjs';
import { ensureWasm } from '../wasm.mjs';
import * as bounds from './hypotheses.mjs';
/** @import {BenchRow} from '../bench/types' */
/** @import {Demonstration} from './pad.mjs' */

/** @param {string} folder @param {readonly string[]} args */
const git = (folder, ...args) => execFileSync('git', args, { cwd: folder, stdio: ['ignore', 'ignore', 2] });

/** A worktree of the commit with this checkout's packages and downloads. @param {string} commit */
function checkout(commit) {
  const folder = mkdtempSync(join(tmpdir(), 'arklet-before-'));
  git(root, 'worktree', 'add', '--force', '--detach', folder, commit);
  // Vite keeps what it prepared beside the packages: a folder of its own for each checkout.
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.vite'))
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  if (existsSync(join(root, '.cache'))) symlinkSync(join(root, '.cache'), join(folder, '.cache'));
  execFileSync(process.execPath, ['scripts/wasm.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 2] });
  return folder;
}

const ours = ['arklet', 'arklet-cpu'];

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** @returns {Record<string, Demonstration>} */
export function benchBeforeDemonstration() {
  return {
    'bench-before': async () => {
      const { commit, works } = bounds.benchBefore;
      ensureWasm();
      const folder = checkout(commit);
      /** @type {Awaited<ReturnType<typeof openBenchPage>>[]} */
      const pages = [];
      try {
        for (const checkoutFolder of [root, folder])
          pages.push(await openBenchPage(checkoutFolder, () => {}));
        /** @type {Map<string, {now: number[], before: number[]}>} */
        const found = new Map();
        let device = '';
        for (const { name, rounds } of works) {
          for (let round = 0; round < rounds; round++) {
            for (const [i, page] of pages.entries()) {
              const result = await page.run({ only: [name], rounds: 1 });
              if (i === 0) device = result.device;
              for (const row of result.rows) {
                const value = ours.includes(row.contender) ? speed(row) : null;
                if (value === null) continue;
                const key = `${row.work} ${row.contender}`;
                const both = found.get(key) ?? { now: [], before: [] };
                both[i === 0 ? 'now' : 'before'].push(value);
                found.set(key, both);
              }
            }
            console.error(`${name}: round ${round + 1} of ${rounds}`);
          }
        }
        const rows = [...found].map(([key, { now, before }]) => {
          const [work = '', contender = ''] = key.split(' ');
          const ratios = now.map((value, i) => value / (before[i] ?? NaN));
          return { work, contender, ratio: median(ratios), ratios };
        });
        return {
          result: { command: 'npm run prove -- --only bench-before', commit, device, load: loadavg(), rows },
          misses: bounds.missesOf(bounds.benchBeforeBounds(rows)),
        };
      } finally {
        for (const page of pages) await page.close();
        git(root, 'worktree', 'remove', '--force', folder);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** How fast a row is, more being faster. @param {BenchRow} row */
function speed({ median: value, better }) {
  if (value === null) return null;
  return better === 'higher' ? value : 1 / value;
}

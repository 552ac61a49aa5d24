/** Builds the case makers for Node once, and runs the cases in as many processes as there are processors. */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../lib/root.mjs';
import { ensureWasm } from '../wasm.mjs';
/** @import {ChildProcess} from 'node:child_process' */
/** @import {Counts, Fault, ImporterName, Job, LaneMessage} from './types' */

/** Cases of a job: few enough that all processes end together. */
const jobCases = 500;

/** @returns {Promise<string>} folder of the built files */
async function built() {
  ensureWasm();
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const outDir = mkdtempSync(join(cache, 'fuzz-'));
  const input = {
    lane: join(root, 'scripts/fuzz/lane.ts'),
    caseWorker: join(root, 'scripts/fuzz/caseWorker.ts'),
  };
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir,
      minify: false,
      target: 'node20',
      copyPublicDir: false,
      rolldownOptions: { input, output: { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' } },
    },
  });
  return outDir;
}

/**
 * Hands jobs to a process until there are none.
 * @param {string} file
 * @param {Job[]} jobs
 * @param {Set<ChildProcess>} children
 * @param {(message: LaneMessage) => void} onDone
 * @returns {Promise<void>}
 */
function lane(file, jobs, children, onDone) {
  return new Promise((resolve, reject) => {
    const child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    children.add(child);
    let ended = false;
    const next = () => {
      const job = jobs.shift();
      if (job) child.send(job);
      else {
        ended = true;
        child.disconnect();
      }
    };
    child.on('message', (message) => {
      onDone(/** @type {LaneMessage} */ (message));
      next();
    });
    child.on('exit', (code) => {
      if (ended) resolve();
      else reject(new Error(`A process of the fuzz ended with ${String(code)}.`));
    });
    next();
  });
}

/**
 * @param {{cases: number, seed: number, importers: readonly ImporterName[], first?: number, onFault: (fault: Fault) => void, onJob?: (job: Job) => void}} options
 *   cases of each importer, from the number `first`
 * @returns {Promise<Record<string, Counts>>}
 */
export async function fuzz({ cases, seed, importers, first = 0, onFault, onJob }) {
  const folder = await built();
  /** @type {Record<string, Counts>} */
  const byImporter = Object.fromEntries(
    importers.map((name) => [name, { cases: 0, typed: 0, untyped: 0, hung: 0, overMemory: 0 }]),
  );
  /** @type {Job[]} */
  const jobs = [];
  for (let from = 0; from < cases; from += jobCases)
    for (const importer of importers)
      jobs.push({ importer, seed, from: first + from, to: first + Math.min(cases, from + jobCases) });
  /** @param {LaneMessage} message */
  const onDone = ({ job, counts, faults }) => {
    const before = byImporter[job.importer];
    if (before)
      byImporter[job.importer] = {
        cases: before.cases + counts.cases,
        typed: before.typed + counts.typed,
        untyped: before.untyped + counts.untyped,
        hung: before.hung + counts.hung,
        overMemory: before.overMemory + counts.overMemory,
      };
    for (const fault of faults) onFault(fault);
    onJob?.(job);
  };
  /** @type {Set<ChildProcess>} */
  const children = new Set();
  try {
    const lanes = Math.min(jobs.length, availableParallelism());
    await Promise.all(
      Array.from({ length: lanes }, () => lane(join(folder, 'lane.mjs'), jobs, children, onDone)),
    );
    return byImporter;
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

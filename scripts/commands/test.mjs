/**
 * `npm test`: the type check, the linter and the tests that take minutes together. `npm run test:long` (--long): Firefox, the slowest of
 * the browser tests (scripts/lib/longTests.mjs), the oracles (PyTorch, transformers, peft, llama.cpp), machine code, a fresh clone's
 * commands, killed browsers, the bounds of the memory plan, and every place of a run at which storage can fail.
 * Each prints `N passed, N failed, N skipped` as its last line.
 * REQUIRE_GPU=1, REQUIRE_ORACLES=1, REQUIRE_FIREFOX=1 and REQUIRE_ISA=1 (all set by CI) turn what would be skipped into failures.
 * `npm test -- --only unit,chromium` runs some of the projects.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild } from '../lib/build.mjs';
import { findChromium } from '../lib/chromium.mjs';
import { dawnPossible } from '../lib/dawn.mjs';
import { CommandError, messageOf } from '../lib/commandError.mjs';
import { missingFirefox } from '../lib/firefox.mjs';
import { readJson } from '../lib/json.mjs';
import { ensurePython } from '../lib/python.mjs';
import { root } from '../lib/root.mjs';

const onlyFlag = process.argv.indexOf('--only');
const only = onlyFlag < 0 ? null : (process.argv[onlyFlag + 1] ?? '').split(',');
const long = process.argv.includes('--long');
/** What `npm test` leaves to --long. */
const lateSteps = ['isa', 'long', 'firefox', 'oracle'];
const longSteps = ['wasm', ...lateSteps];
/** @param {string} name */
const wanted = (name) =>
  only !== null ? only.includes(name) : long ? longSteps.includes(name) : !lateSteps.includes(name);
const totals = { passed: 0, failed: 0, skipped: 0 };
/**
 * Names of what failed, said once more at the end.
 * @type {string[]}
 */
const failures = [];
const log = console.error;
const started = Date.now();

/**
 * Runs a script of ours, its output passed on.
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<{status: number | null, last: string}>} `last` is its last line
 */
function spawned(file, args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(root, file), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let last = '';
    for (const name of /** @type {const} */ (['stdout', 'stderr']))
      child[name].on('data', (/** @type {Buffer} */ bytes) => {
        process[name].write(bytes);
        last = bytes.toString().trimEnd().split('\n').at(-1) || last;
      });
    child.on('close', (status) => done({ status, last }));
  });
}

/**
 * `without` says what to do where exit code 3 tells that something is missing on this machine, which fails where it is `required`;
 * `tries` is more than one where a browser may be starved.
 * @param {string} name
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{without?: string, tries?: number, required?: boolean}} options
 */
async function step(name, file, args, { without = '', tries = 1, required = false } = {}) {
  if (!wanted(name)) return;
  const began = Date.now();
  let { status, last } = await spawned(file, args);
  for (let left = tries - 1; left > 0 && status !== 0 && status !== 3; left--) {
    log(`${name}: failed (${last}); once more`);
    ({ status, last } = await spawned(file, args));
  }
  if (status === 3 && !required) {
    totals.skipped += 1;
    log(`${name}: skipped`);
    return;
  }
  totals[status === 0 ? 'passed' : 'failed'] += 1;
  if (status !== 0) failures.push(`${name}: ${status === 3 ? without : last}`);
  log(`${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${Math.round((Date.now() - began) / 1000)} s`);
}

/**
 * @typedef {object} VitestResult what is read of Vitest's JSON
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {{
 *   name: string, message?: string,
 *   assertionResults?: {status: string, fullName: string, failureMessages?: string[]}[],
 * }[]} [testResults]
 */

/**
 * @param {string} name
 * @param {Record<string, string>} env
 * @param {string} part the step that it belongs to
 */
function project(name, env, part = name) {
  if (!wanted(part)) return;
  const began = Date.now();
  const output = join(root, `.cache/test-${name}.json`);
  rmSync(output, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [
    vitest,
    'run',
    '--project',
    `${name}*`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${output}`,
  ];
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  /** @type {VitestResult} */
  let result = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  try {
    result = readJson(output);
  } catch {
    log(`${name}: no result file was written`);
  }
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  totals.skipped += result.numPendingTests;
  for (const { name: file, assertionResults = [], message } of result.testResults ?? []) {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    for (const { fullName, failureMessages } of failed)
      failures.push(`${name}: ${fullName}\n    ${(failureMessages ?? []).join(' ').split('\n')[0]}`);
    if (failed.length === 0 && message) failures.push(`${name}: ${file}\n    ${message.split('\n')[0]}`);
  }
  // A suite that could not even be loaded, or an error outside of tests, is no failed test of its own.
  if (status !== 0 && result.numFailedTests === 0) {
    totals.failed += 1;
    failures.push(`${name}: ended with ${status} though no test failed`);
  }
  log(
    `${name}${part === name ? '' : `, ${part}`}: ${result.numPassedTests} passed, ${result.numFailedTests} failed in ${Math.round((Date.now() - began) / 1000)} s`,
  );
}

mkdirSync(join(root, '.cache'), { recursive: true });
/** @type {Record<string, string>} */
const env = {};
try {
  env.CHROMIUM_PATH = await findChromium(log);
} catch (error) {
  log(error instanceof CommandError ? `${error.message} ${error.hint}` : messageOf(error));
  if (process.env.REQUIRE_GPU) totals.failed += 1;
  else totals.skipped += 1;
}
const python = wanted('oracle') ? ensurePython(log) : null;
if (python) env.ARKLET_PYTHON = python;

await step('wasm', 'scripts/wasm.mjs', []);
// Each of the three has one thread.
await Promise.all([
  step('lint', 'node_modules/eslint/bin/eslint.js', ['.']),
  step('check', 'node_modules/svelte-check/bin/svelte-check', [
    '--tsconfig',
    './tsconfig.json',
    '--fail-on-warnings',
  ]).then(() =>
    step('format', 'node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  ),
]);
project('unit', env);
if (env.CHROMIUM_PATH) {
  project('chromium', env);
  // The same kernels in Node: on the machine's own driver, or on the SwiftShader that Debian's Chromium brings.
  if (dawnPossible()) project('dawn', env);
  else if (wanted('dawn')) {
    log("dawn: skipped, no software driver found; ARKLET_DAWN_NATIVE=1 tests on this machine's GPU.");
    totals.skipped += 1;
  }
  if (wanted('e2e') || wanted('long')) {
    try {
      ensureBuild({ log });
    } catch (error) {
      totals.failed += 1;
      log(`build: FAILED (${messageOf(error)})`);
    }
  }
  project('e2e', env);
  // Everything that needs no WebGPU, in a second browser.
  await step('firefox', 'scripts/maintain/firefox.mjs', [], {
    without: missingFirefox,
    required: Boolean(process.env.REQUIRE_FIREFOX),
    tries: process.env.CI ? 2 : 1,
  });
}
// Machine code of the kernels; the command itself fails where REQUIRE_ISA is set and it cannot be had.
for (const family of ['navi23', 'gfx1100']) await step('isa', 'scripts/cli.mjs', ['isa', '--family', family]);
if (wanted('long')) {
  for (const name of ['chromium', 'dawn', 'e2e'])
    if (env.CHROMIUM_PATH && (name !== 'dawn' || dawnPossible()))
      project(name, { ...env, LONG_TESTS: '1' }, 'long');
  project('long', env);
}
if (python) project('oracle', env);
else if (wanted('oracle')) totals[process.env.REQUIRE_ORACLES ? 'failed' : 'skipped'] += 1;

if (only === null) {
  // What both commands took on this machine: their bounds are of the two together.
  const file = join(root, '.cache/test-seconds.json');
  /** @type {Record<string, number>} */
  const took = existsSync(file) ? readJson(file) : {};
  took[long ? 'test:long' : 'test'] = Math.round((Date.now() - started) / 1000);
  writeFileSync(file, JSON.stringify(took));
  log(
    Object.entries(took)
      .map(([name, seconds]) => `npm run ${name}: ${seconds} s`)
      .join(', '),
  );
}
for (const failure of failures) log(`FAILED ${failure}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;

/**
 * The oracles (PyTorch, transformers, peft): a virtual environment under .cache, made once. Only tests and scripts use it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './root.mjs';
/** @import {Log} from './types' */

const venv = join(root, '.cache/venv');
const stamp = join(venv, 'arklet-requirements.txt');

/** Versions that were tried together. torch is pinned to a release whose default wheel is a CPU build. */
export const requirements = readFileSync(join(root, 'scripts/requirements.txt'), 'utf8');

/**
 * Path of the environment's python, or null with the reason logged in one line.
 * @param {Log} log
 */
export function ensurePython(log = console.error) {
  const python = join(venv, 'bin/python');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === requirements) return python;
  mkdirSync(dirname(venv), { recursive: true });
  log('Installing the Python oracles into .cache/venv (once; a few minutes).');
  const file = join(root, 'scripts/requirements.txt');
  const made =
    existsSync(python) || spawnSync('python3', ['-m', 'venv', venv], { stdio: 'ignore' }).status === 0;
  const installed =
    made &&
    spawnSync(python, ['-m', 'pip', 'install', '-q', '-r', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  if (!installed || installed.status !== 0) {
    log(
      'Python oracles missing: run `python3 -m venv .cache/venv && .cache/venv/bin/pip install -r scripts/requirements.txt`.',
    );
    return null;
  }
  writeFileSync(stamp, requirements);
  return python;
}

/** Builds dist/ when a source is newer than the last build. `npm run build` always builds. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { packaged, root } from './root.mjs';
import { ensureWasm } from '../wasm.mjs';
/** @import {Log} from './types' */

const stamp = join(root, 'dist/.built');
const inputs = [
  'src',
  'workers',
  'public',
  'index.html',
  'vite.config.ts',
  'package.json',
  'package-lock.json',
  'scripts/lib/buildPlugins.mjs',
  'scripts/lib/csp.mjs',
];

/** The compiled kernels appear in it: that is no change of a source. */
const beside = join(root, 'src/cpu');

/** @param {string} path @returns {number} */
function newest(path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return readdirSync(path)
    .filter((name) => name !== 'build')
    .reduce((latest, name) => Math.max(latest, newest(join(path, name))), path === beside ? 0 : info.mtimeMs);
}

function isFresh() {
  return (
    existsSync(stamp) && statSync(stamp).mtimeMs > Math.max(...inputs.map((name) => newest(join(root, name))))
  );
}

/** @param {Log} log */
function build(log) {
  const began = new Date();
  log('Building dist/ ...');
  ensureWasm();
  // A test runner's NODE_ENV would make a development build.
  const env = { ...process.env, NODE_ENV: 'production' };
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
    { cwd: root, stdio: ['ignore', 2, 2], env },
  );
  writeFileSync(stamp, '');
  utimesSync(stamp, began, began);
}

/**
 * Builds unless dist/ is newer than every input, or came with the package. Returns the path of dist/.
 * @param {{force?: boolean, log?: Log}} options
 */
export function ensureBuild({ force = false, log = console.error } = {}) {
  if (!packaged && (force || !isFresh())) {
    withLock(
      'build',
      () => {
        // Whoever was waited for may have built it.
        if (force || !isFresh()) build(log);
      },
      log,
    );
  }
  return join(root, 'dist');
}

/** One command at a time makes a generated thing: another one that needs it waits, and then finds it made. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './commandError.mjs';
import { root } from './root.mjs';
/** @import {Log} from './types' */

const cache = join(root, '.cache');

/** Milliseconds between two looks at a lock. */
const pause = 100;

/**
 * Whether the process that wrote a lock is gone; one that is being written counts as there.
 * @param {string} file
 */
function abandoned(file) {
  let pid;
  try {
    pid = Number(readFileSync(file, 'utf8'));
    if (!(pid > 0)) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

/**
 * Runs synchronous `work` while nobody else holds the lock of that name. A holder that died gives it up.
 * @template T
 * @param {string} name
 * @param {() => T} work
 * @param {Log} log
 */
export function withLock(name, work, log = console.error) {
  const file = join(cache, `${name}.lock`);
  mkdirSync(cache, { recursive: true });
  for (let told = false; ;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    if (abandoned(file)) rmSync(file, { force: true });
    else if (!told) log(`Another command makes the ${name}: waiting for it.`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
  try {
    return work();
  } finally {
    rmSync(file, { force: true });
  }
}

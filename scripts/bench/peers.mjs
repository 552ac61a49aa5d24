/**
 * Installs what the benchmark compares with into .cache/peers and bundles it to one file that the bench page imports.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../lib/root.mjs';
/** @import {Log} from '../lib/types' */

const here = join(root, 'scripts/bench');
export const peersFolder = join(root, '.cache/peers');

const entry = `
import * as jax from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
export { jax, tf };
`;

/**
 * Path of the bundle; built once per set of versions.
 * @param {Log} log
 */
export async function ensurePeers(log) {
  const wanted = readFileSync(join(here, 'peers.json'), 'utf8') + entry;
  const stamp = join(peersFolder, 'bundled.txt');
  const bundle = join(peersFolder, 'bundle/peers.js');
  if (existsSync(bundle) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return bundle;
  log('Installing the peers of the benchmark into .cache/peers ...');
  mkdirSync(peersFolder, { recursive: true });
  cpSync(join(here, 'peers.json'), join(peersFolder, 'package.json'));
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peersFolder,
    stdio: ['ignore', 'ignore', 2],
  });
  writeFileSync(join(peersFolder, 'entry.js'), entry);
  await build({
    root: peersFolder,
    configFile: false,
    logLevel: 'error',
    build: {
      outDir: 'bundle',
      target: 'es2023',
      minify: false,
      lib: { entry: join(peersFolder, 'entry.js'), formats: ['es'], fileName: () => 'peers.js' },
    },
  });
  writeFileSync(stamp, wanted);
  return bundle;
}

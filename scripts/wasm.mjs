/**
 * Compiles src/cpu/assembly to WASM (with and without threads and fused multiply-adds) into src/cpu/build as base64 modules, which load the
 * same way in Vite, Vitest, Node and workers and need no request. Does nothing when the sources have not changed.
 * `node scripts/wasm.mjs` compiles; every command that loads sources calls ensureWasm.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lib/lock.mjs';
import { root } from './lib/root.mjs';

const sources = join(root, 'src/cpu/assembly');
const build = join(root, 'src/cpu/build');

const memory = ['--importMemory', '--maximumMemory', '65536'];
const sharedMemory = ['--enable', 'threads', '--sharedMemory'];
const fused = ['--enable', 'relaxed-simd'];
const variants = [
  { name: 'plain', flags: memory },
  { name: 'plainFused', flags: [...memory, ...fused] },
  { name: 'shared', flags: [...memory, ...sharedMemory] },
  { name: 'sharedFused', flags: [...memory, ...sharedMemory, ...fused] },
];
const common = [
  '--config',
  'none',
  // Level 2 and 3 move loads to where their values are used, which takes more registers than there are: a third of the speed.
  '--optimizeLevel',
  '1',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--use',
  'abort=',
];

function sourceStamp() {
  const hash = createHash('sha256');
  hash.update(readFileSync(import.meta.filename));
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)));
  return `// sources ${hash.digest('hex')}\n`;
}

/** @param {string} stamp */
function isCurrent(stamp) {
  const outputs = variants.map(({ name }) => join(build, `${name}.ts`));
  return outputs.every((path) => existsSync(path) && readFileSync(path, 'utf8').startsWith(stamp));
}

/**
 * By the compiler's command: importing it would bring AssemblyScript's own Array and String into the type check of everything.
 * @param {string} stamp
 */
function compile(stamp) {
  mkdirSync(build, { recursive: true });
  for (const { name, flags } of variants) {
    const wasm = join(build, `${name}.wasm`);
    const args = ['index.ts', '--baseDir', sources, '--outFile', wasm, ...common, ...flags];
    execFileSync(process.execPath, [join(root, 'node_modules/assemblyscript/bin/asc.js'), ...args], {
      cwd: sources,
      stdio: ['ignore', 2, 2],
    });
    const binary = readFileSync(wasm);
    rmSync(wasm);
    const path = join(build, `${name}.ts`);
    writeFileSync(`${path}.tmp`, `${stamp}export const wasm =\n  '${binary.toString('base64')}';\n`);
    renameSync(`${path}.tmp`, path);
    console.error(`wasm: ${name} ${binary.length} bytes`);
  }
}

/** Compiles what is not up to date. */
export function ensureWasm() {
  const stamp = sourceStamp();
  if (isCurrent(stamp)) return;
  withLock('wasm', () => {
    if (!isCurrent(stamp)) compile(stamp);
  });
}

if (process.argv[1] === import.meta.filename) ensureWasm();

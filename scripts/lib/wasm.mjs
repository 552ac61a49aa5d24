/**
 * Compiles src/cpu/assembly to WASM (with and without threads) into src/cpu/build as base64 modules, which load the
 * same way in Vite, Vitest, Node and workers and need no request. Does nothing when the sources have not changed.
 * `node scripts/lib/wasm.mjs` compiles; every command that loads sources calls ensureWasm.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';
import { root } from './root.mjs';

const sources = join(root, 'src/cpu/assembly');
const build = join(root, 'src/cpu/build');

const variants = [
  { name: 'plain', flags: ['--importMemory', '--maximumMemory', '65536'] },
  {
    name: 'shared',
    flags: ['--enable', 'threads', '--importMemory', '--sharedMemory', '--maximumMemory', '65536'],
  },
];
const common = [
  '--config',
  'none',
  '-O3',
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
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)));
  return `// sources ${hash.digest('hex')}\n`;
}

/** @param {string} stamp */
function isCurrent(stamp) {
  const outputs = variants.map(({ name }) => join(build, `${name}.ts`));
  return outputs.every((path) => existsSync(path) && readFileSync(path, 'utf8').startsWith(stamp));
}

/** @param {string} stamp */
async function compile(stamp) {
  const asc = await import('assemblyscript/asc');
  mkdirSync(build, { recursive: true });
  for (const { name, flags } of variants) {
    /** @type {Uint8Array[]} */
    const written = [];
    const stderr = asc.createMemoryStream();
    const { error } = await asc.main(['index.ts', '--outFile', 'out.wasm', ...common, ...flags], {
      readFile: (path) =>
        existsSync(join(sources, path)) ? readFileSync(join(sources, path), 'utf8') : null,
      writeFile: (path, data) => void (path === 'out.wasm' && typeof data !== 'string' && written.push(data)),
      listFiles: () => [],
      stderr,
    });
    const [binary] = written;
    if (error || !binary) {
      console.error(stderr.toString() || String(error));
      process.exit(1);
    }
    const text = Buffer.from(binary).toString('base64');
    const path = join(build, `${name}.ts`);
    writeFileSync(`${path}.tmp`, `${stamp}export const wasm =\n  '${text}';\n`);
    renameSync(`${path}.tmp`, path);
    console.error(`wasm: ${name} ${binary.length} bytes`);
  }
}

/** Compiles what is not up to date. */
export function ensureWasm() {
  if (isCurrent(sourceStamp())) return;
  withLock('wasm', () => {
    if (isCurrent(sourceStamp())) return;
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--here'], { stdio: ['ignore', 2, 2] });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === '--here') await compile(sourceStamp());
  else ensureWasm();
}

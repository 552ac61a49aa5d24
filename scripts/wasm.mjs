/**
 * Compiles src/cpu/assembly to WASM (with and without threads) into src/cpu/build as base64 modules, which load the
 * same way in Vite, Vitest, Node and workers and need no request. Does nothing when the sources have not changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
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

const hash = createHash('sha256');
hash.update(readFileSync(fileURLToPath(import.meta.url)));
for (const file of readdirSync(sources).sort()) hash.update(file).update(readFileSync(join(sources, file)));
const stamp = `// sources ${hash.digest('hex')}\n`;

const outputs = variants.map(({ name }) => join(build, `${name}.ts`));
const current = outputs.every((path) => existsSync(path) && readFileSync(path, 'utf8').startsWith(stamp));
if (!current) {
  const asc = await import('assemblyscript/asc');
  mkdirSync(build, { recursive: true });
  for (const { name, flags } of variants) {
    let binary;
    const { error, stderr } = await asc.main(['index.ts', '--outFile', 'out.wasm', ...common, ...flags], {
      readFile: (path) =>
        existsSync(join(sources, path)) ? readFileSync(join(sources, path), 'utf8') : null,
      writeFile: (path, data) => void (path === 'out.wasm' && (binary = data)),
      listFiles: () => [],
    });
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

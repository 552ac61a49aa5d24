/** Sources that the commands of the published package load, each bundled into one module: the package has neither sources nor Vite. */
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './root.mjs';

const folder = join(root, 'prebuilt');
const sources = ['/scripts/lib/checkRequest.ts', '/scripts/toolsNode.ts', '/src/ui/strings/job.ts'];

/** @param {string} path @returns {Promise<unknown>} */
export const importPrebuilt = (path) =>
  import(pathToFileURL(join(folder, `${basename(path, '.ts')}.js`)).href);

/** Writes them. */
export async function prebuild() {
  const { build } = await import('vite');
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: true,
      outDir: folder,
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: { input: sources.map((path) => join(root, path)) },
    },
  });
}

/**
 * Runs the sources in Node through Vite's module runner (?raw shaders and TypeScript work as in the browser); in the published package
 * what was bundled of them.
 */
import { spawnSync } from 'node:child_process';
import { dawnEnv } from './lib/dawn.mjs';
import { importPrebuilt } from './lib/prebuilt.mjs';
import { packaged, root } from './lib/root.mjs';
import { ensureWasm } from './wasm.mjs';
/** @import {Load} from './lib/types' */

/**
 * Gives `work` an `import(path)` for paths like '/scripts/toolsNode.ts', and ends the runner afterwards.
 * @template T
 * @param {(load: Load) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSources(work) {
  if (packaged) return work(importPrebuilt);
  const { createServer, createServerModuleRunner } = await import('vite');
  ensureWasm();
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
  try {
    return await work((path) => runner.import(path));
  } finally {
    await runner.close();
    await server.close();
  }
}

/**
 * Dawn in Node runs on the machine's own driver when ARKLET_DAWN_NATIVE is set, else on Chromium's SwiftShader, whose
 * two variables must stand before the process starts: the command then restarts itself with them. True when it did;
 * `restartForDawn.status` is the exit code.
 */
export function restartForDawn() {
  if (process.env.VK_ICD_FILENAMES || process.env.ARKLET_DAWN_NATIVE) return false;
  const env = { ...process.env, ...dawnEnv() };
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit', env });
  restartForDawn.status = status ?? 1;
  return true;
}
restartForDawn.status = 0;

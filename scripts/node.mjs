// Runs the sources in Node through Vite's module runner (?raw shaders and TypeScript work as in the browser).
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, createServerModuleRunner } from 'vite';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Gives `work` an `import(path)` for paths like '/src/run/tools.ts', and ends the runner afterwards. */
export async function withSources(work) {
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
 * Dawn in Node needs Chromium's SwiftShader where there is no GPU of its own; both variables must stand before the
 * process starts, so the command restarts itself with them. Returns null when nothing needs to change.
 */
export function dawnEnvironment() {
  if (process.env.VK_ICD_FILENAMES || process.env.ARKLET_DAWN_NATIVE) return null;
  const folder = process.env.CHROMIUM_LIBRARY ?? '/usr/lib/chromium';
  return { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: `${folder}/vk_swiftshader_icd.json` };
}

/** Plugins of the build alone: the policy in index.html and the service worker with its list of files. */
import { VitePWA } from 'vite-plugin-pwa';
import { metaPolicy } from './csp.mjs';
/** @import {Plugin, PluginOption} from 'vite' */

/**
 * Libraries that only some agents need: by the name of their worker or chunk, or because nothing else is so large.
 * @param {{url: string, size: number}} file
 */
function onDemand({ url, size }) {
  return (
    url.startsWith('assets/') &&
    (/(webllm|web-llm|transformers|\/ort[.-]|onnx)[^/]*$/i.test(url) || size > 1e6)
  );
}

/** @returns {Plugin} */
function policy() {
  return {
    name: 'arklet-policy',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: metaPolicy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** @returns {PluginOption[]} */
export function buildPlugins() {
  return [
    policy(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'workers',
      filename: 'service.worker.ts',
      injectRegister: false,
      manifest: false,
      integration: {
        // The build of the service worker is a build of its own, with a level of its own.
        configureCustomSWViteBuild: (options) => void Object.assign(options, { logLevel: 'warn' }),
      },
      injectManifest: {
        rollupFormat: 'iife',
        globPatterns: ['**/*'],
        globIgnores: ['service.worker.js'],
        dontCacheBustURLsMatching: /^assets\//,
        maximumFileSizeToCacheInBytes: 2 ** 30,
        manifestTransforms: [
          (entries) => ({
            manifest: entries.map((entry) => ({
              ...entry,
              bytes: entry.size,
              onDemand: onDemand(entry),
            })),
            warnings: [],
          }),
        ],
      },
    }),
  ];
}

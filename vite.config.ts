import { availableParallelism } from 'node:os';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { buildPlugins } from './scripts/lib/buildPlugins.mjs';
import { headerPolicy } from './scripts/lib/csp.mjs';
import { dawnEnv } from './scripts/lib/dawn.mjs';
import { filesOf } from './scripts/lib/longTests.mjs';

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** A folder with another version of web-llm, for `check:webllm --webllm-version`. */
const webllm = process.env['WEBLLM_PACKAGE'];

/** How long each plugin took is for those who write plugins: a build says nothing but what is wrong. */
const rolldownOptions = { checks: { bundlerTimings: false } };

const chromiumPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export default defineConfig(({ command }) => ({
  base: './',
  resolve: { alias: webllm ? { '@mlc-ai/web-llm': webllm } : {} },
  plugins: [
    svelte({ configFile: false, preprocess: vitePreprocess(), compilerOptions: { runes: true } }),
    command === 'build' && buildPlugins(),
  ],
  worker: { format: 'es', rolldownOptions },
  server: { headers: isolation },
  preview: { headers: { ...isolation, 'Content-Security-Policy': headerPolicy } },
  // Named here so that the first browser test does not find them one by one and reload.
  optimizeDeps: {
    include: [
      'valibot',
      '@huggingface/tokenizers',
      '@huggingface/transformers',
      'fflate',
      'idb',
      'uplot',
      '@mlc-ai/web-llm',
      'hash-wasm',
      'hyparquet',
      'temml',
    ],
  },
  // The manifest tells the test which chunks the first paint needs.
  build: { target: 'es2023', assetsInlineLimit: 0, manifest: true, rolldownOptions },
  test: {
    // On a shared machine a browser may be starved for seconds: a failed test is run once more there, and said to be.
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          include: ['tests/unit/**/*.test.ts'],
          testTimeout: 60_000,
          // One less than the cores is vitest's choice, which on two leaves one idle.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        extends: true,
        test: {
          name: 'chromium',
          globalSetup: ['tests/store/rangeServer.ts'],
          ...filesOf('chromium', 'tests/{gpu,store,ui}/**/*.test.ts'),
          testTimeout: 180_000,
          env: { REQUIRE_GPU: process.env['REQUIRE_GPU'] ?? '' },
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: chromiumPath,
                args: [
                  '--no-sandbox',
                  '--enable-unsafe-webgpu',
                  '--disable-background-networking',
                  // Bytes of the page's heap as they are, not in steps.
                  '--enable-precise-memory-info',
                ],
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'dawn',
          environment: 'node',
          ...filesOf('dawn', 'tests/dawn/**/*.test.ts'),
          testTimeout: 60_000,
          env: dawnEnv(),
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          environment: 'node',
          ...filesOf('e2e', 'tests/e2e/**/*.test.ts'),
          testTimeout: 600_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          environment: 'node',
          include: ['tests/long/**/*.test.ts', 'tests/unit/job/faultyStore.test.ts'],
          env: { EXHAUSTIVE: '1' },
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'oracle',
          environment: 'node',
          include: ['tests/oracle/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
}));

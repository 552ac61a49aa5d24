/**
 * Models that the libraries of others run, downloaded by the app itself, in the built app with its real storage and the
 * libraries in their real workers. A hub in memory answers in place of the real one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { emptyLibrary } from '../gpu/emptyLibrary';
import { fakeHub } from '../support/fakeHub';
import { onnxAgent } from '../support/onnxAgent';
import { launchChromium } from './chromium';

const root = ensureBuild();
const patience = 240_000;
const few = 'preset=quick&backend=cpu&n-agents=4&batch=4&max-tokens=32';
const student = join(root, 'models/student');
/** Of WebLLM's list: f32, so that no adapter refuses it. */
const listed = 'SmolLM2-135M-Instruct-q0f32-MLC';
const shard = { dataPath: 'params_shard_0.bin', format: 'raw-shard', nbytes: 20_000, records: [] };

const compiled: Record<string, Buffer> = {
  'mlc-chat-config.json': Buffer.from(
    JSON.stringify({ tokenizer_files: ['tokenizer.json'], context_window_size: 512, conv_template: {} }),
  ),
  'tensor-cache.json': Buffer.from(JSON.stringify({ metadata: {}, records: [shard] })),
  'params_shard_0.bin': Buffer.alloc(shard.nbytes, 1),
  'tokenizer.json': readFileSync(join(student, 'tokenizer.json')),
};

let browser: Browser;
let app: StaticServer;
let context: BrowserContext;
let page: Page;
let asked: string[];

beforeAll(async () => {
  browser = await launchChromium();
  app = await startServer({ root });
});
afterAll(async () => {
  await browser.close();
  await app.close();
});
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  asked = await fakeHub(
    context,
    app.url,
    { 'tiny/agent': onnxAgent(root), [`mlc-ai/${listed}`]: compiled },
    (address) => (address.endsWith('.wasm') ? Buffer.from(emptyLibrary()) : null),
  );
  page = await context.newPage();
});
afterEach(() => context.close());

const button = (name: string | RegExp) => page.getByRole('button', { name });

it('an ONNX model is looked up, downloaded, verified and debates with the network cut', async () => {
  await page.goto(`${app.url}#${few}&panel=settings`);
  await button('Add a model').click();
  await button('Hugging Face').click();
  await page.getByLabel('Model on the hub').fill('transformers:tiny/agent');
  await button('Look up').click();
  await page.getByText('not downloaded').waitFor();
  expect(asked.filter((address) => address.includes('/resolve/'))).toEqual([]);
  await button('Download').click();
  await button('Check for offline').click();
  await page.getByText('Ready for offline: all 5 files are here and match their hashes.').waitFor();
  await button('Use tiny/agent@fp32').click();
  await page.waitForFunction(() => /transformers(:|%3A)tiny/.test(location.hash));
  // By its name alone it is the form that is here.
  const open = encodeURIComponent('transformers:tiny/agent');
  await page.goto('about:blank');
  await page.goto(`${app.url}#${few}&panel=settings&agents=${open}`);
  const before = asked.length;
  await page.getByRole('button', { name: 'Prepare', exact: true }).click();
  await page.getByText(/^Ready: rehearsed with the network cut/).waitFor({ timeout: patience });
  // The hub was asked for nothing more.
  expect(asked.slice(before)).toEqual([]);
});

it('a model of WebLLM’s list comes once, by our download, and WebLLM reads it from there', async () => {
  const start = async (): Promise<void> => {
    await page.goto('about:blank');
    // Two agents of it with different settings have a worker each.
    const agents = encodeURIComponent(`webllm:${listed},webllm:${listed}?context=256`);
    await page.goto(`${app.url}#preset=quick&backend=cpu&n-agents=2&agents=${agents}`);
    await button(/^Run (on|with)/).click();
    // The empty library does nothing with weights: loading ends where it would be asked, with every file read.
    await page.locator('.notice').first().waitFor({ timeout: patience });
    expect(await page.locator('.notice').first().getAttribute('data-code')).toBe('agent');
  };
  await start();
  const files = asked.filter((address) => address.includes('/resolve/'));
  expect(files.map((address) => address.split('/').at(-1)).sort()).toEqual(Object.keys(compiled).sort());
  // WebLLM itself would ask for the branch instead of the commit.
  expect(files.every((address) => address.includes('/resolve/c0ffee/'))).toBe(true);
  const before = asked.length;
  await start();
  expect(asked.slice(before)).toEqual([]);
  await button('Settings').click();
  await button('Add a model').click();
  await button('WebLLM').click();
  const row = page
    .locator('li', { hasText: listed.replace('-MLC', '') })
    .filter({ hasText: 'on this device' });
  await row.getByRole('button', { name: 'Check for offline' }).click();
  await row.getByText('Ready for offline: all 5 files are here and match their hashes.').waitFor();
});

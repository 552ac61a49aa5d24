/** Folders that a user picks for the agents of other libraries, in the built app with its real storage. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { writeOnnxAgent } from '../support/onnxAgent';
import { launchChromium } from './chromium';

const root = ensureBuild();
const patience = 240_000;
const folder = mkdtempSync(join(tmpdir(), 'arklet-picked-'));
const onnx = join(folder, 'agent-onnx');
const mlc = join(folder, 'Tiny-q4f32_1-MLC');

function writeMlc(): void {
  mkdirSync(mlc);
  writeFileSync(join(mlc, 'mlc-chat-config.json'), '{}');
  writeFileSync(
    join(mlc, 'tensor-cache.json'),
    JSON.stringify({ records: [{ dataPath: 'params_shard_0.bin' }] }),
  );
  writeFileSync(join(mlc, 'params_shard_0.bin'), 'weights');
  writeFileSync(join(folder, 'Tiny-webgpu.wasm'), 'library');
}

let browser: Browser;
let app: StaticServer;
let context: BrowserContext;
let page: Page;
let served: string[];

beforeAll(async () => {
  writeOnnxAgent(root, onnx);
  writeMlc();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  served = [];
  app = await startServer({
    root,
    onRequest: (path) => path !== '/service.worker.js' && served.push(path),
  });
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  await page.goto(`${app.url}#preset=quick&backend=cpu&n-agents=4&batch=4&max-tokens=32`);
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Add a model' }).click();
  await page.getByRole('button', { name: 'Local files' }).click();
});
afterEach(async () => {
  await context.close();
  await app.close();
});

/** How the turns of Transformers.js' agents ended, as the database holds them. */
async function endsOfTurns(): Promise<readonly string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('arklet');
        opening.onerror = () => reject(opening.error ?? new Error('no database'));
        opening.onsuccess = () => {
          const reading = opening.result.transaction('turns').objectStore('turns').getAll();
          reading.onsuccess = () => {
            const all = reading.result as { turn: { backend: string; finishReason: string } }[];
            const said = all.filter(({ turn }) => turn.backend === 'transformers');
            resolve(said.map(({ turn }) => turn.finishReason));
          };
        };
      }),
  );
}

describe('a folder that is picked', () => {
  it('of MLC waits for its library, then is an agent of WebLLM that stays after a reload', async () => {
    await page.getByLabel('Pick a folder').setInputFiles(mlc);
    await page.getByText('Tiny-q4f32_1-MLC is an MLC model').waitFor();
    await page.getByLabel('Pick its library (.wasm)').setInputFiles(join(folder, 'Tiny-webgpu.wasm'));
    await page.getByRole('button', { name: 'Use Tiny-q4f32_1-MLC' }).click();
    await page.waitForFunction(() => /webllm(:|%3A)local/.test(location.hash));
    // The address keeps the drawer open.
    await page.reload();
    await page.getByRole('button', { name: 'Remove Tiny-q4f32_1-MLC' }).waitFor();
    await page.getByRole('button', { name: 'Add a model' }).click();
    await page.getByRole('button', { name: 'Check for offline' }).click();
    await page.getByText('Ready for offline: all 4 files are here and match their hashes.').waitFor();
    // Only models of our own engine can learn.
    await page.getByRole('button', { name: 'Change Student' }).click();
    await page
      .getByRole('button', { name: /^Use .*tudent/ })
      .or(page.getByText('In use'))
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Use Tiny-q4f32_1-MLC' }).count()).toBe(0);
  });

  it('of ONNX files debates with the network cut, library and weights from what is stored', async () => {
    await page.getByLabel('Pick a folder').setInputFiles(onnx);
    await page.getByRole('button', { name: 'Use agent-onnx' }).click();
    await page.waitForFunction(() => /transformers(:|%3A)local/.test(location.hash));
    await page.getByRole('button', { name: 'Prepare', exact: true }).click();
    await page.getByText('Rehearsing with the network cut').waitFor({ timeout: patience });
    served = [];
    await page.getByText(/^Ready: rehearsed with the network cut/).waitFor({ timeout: patience });
    expect(served).toEqual([]);
    const ends = await endsOfTurns();
    expect(ends.length).toBeGreaterThan(40);
    expect(ends).not.toContain('error');
  });
});

/**
 * Libraries that we did not write, in the workers of the built app under its strict policy: they load, work and fail in
 * words of their own, and the browser reports no violation.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { writeOnnxAgent } from '../support/onnxAgent';
import { launchChromium } from './chromium';

const root = ensureBuild();
const folder = mkdtempSync(join(tmpdir(), 'arklet-onnx-'));
const patience = 240_000;
const few =
  'preset=quick&backend=cpu&protocol=debate&n-agents=2&train-questions=6&validation-questions=0&test-questions=2&steps=2&batch=2&max-tokens=40';

let server: StaticServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What the policy forbade, in the page or in any worker. */
let violations: string[];
/** Hosts that something tried to reach. */
let asked: Set<string>;

beforeAll(async () => {
  writeOnnxAgent(root, folder);
  server = await startServer({
    root,
    mounts: [folder],
    onViolation: (report) => violations.push(report),
  });
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  violations = [];
  asked = new Set();
  context = await browser.newContext({ serviceWorkers: 'block' });
  // No other host answers.
  await context.route(
    (url) => !url.href.startsWith(server.url) && url.protocol !== 'blob:',
    (route) => {
      asked.add(new URL(route.request().url()).host);
      return route.abort();
    },
  );
  page = await context.newPage();
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) violations.push(message.text());
  });
});
afterEach(() => context.close());

async function start(agents: string): Promise<void> {
  await page.goto(`${server.url}#${few}&agents=${encodeURIComponent(agents)}`);
  await page.getByRole('button', { name: /^Run (on|with)/ }).click();
}

/** The code and the words of the first notice. */
async function notice(): Promise<{ code: string; text: string }> {
  const found = page.locator('.notice').first();
  await found.waitFor({ timeout: patience });
  return { code: (await found.getAttribute('data-code')) ?? '', text: await found.innerText() };
}

describe('transformers.js under the strict policy', () => {
  it('loads its runtime from our own origin and generates in a whole run', async () => {
    await start('transformers:files/0/@fp32');
    await page
      .locator('[role=status]', { hasText: 'Done: done' })
      .waitFor({ state: 'attached', timeout: patience });
    expect([...asked]).toEqual([]);
    expect(violations).toEqual([]);
  });

  it('says that a model of the hub cannot be reached', async () => {
    await start('transformers:nobody/nothing');
    const { code, text } = await notice();
    expect(code).toBe('download');
    expect(text).toContain('nobody/nothing');
    expect([...asked]).toEqual(['huggingface.co']);
    expect(violations).toEqual([]);
  });
});

describe('WebLLM under the strict policy', () => {
  it('names a model that its list does not hold', async () => {
    await start('webllm:No-Such-Model');
    const { code, text } = await notice();
    expect(code).toBe('config');
    expect(text).toContain('No-Such-Model');
    expect(violations).toEqual([]);
  });

  it('says that a model of its list cannot be downloaded', async () => {
    await start('webllm:SmolLM2-135M-Instruct-q0f32-MLC');
    const { code } = await notice();
    expect(code).toBe('download');
    expect([...asked]).toContain('huggingface.co');
    expect(violations).toEqual([]);
  });
});

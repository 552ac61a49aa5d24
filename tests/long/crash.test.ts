/** The browser dies in the middle of a run, and another one on the same profile goes on to the same bytes; or it sleeps. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { killProfile, launchProfile, sleepProfile } from '../e2e/chromium';

/** Small enough for seconds, large enough to be struck inside a phase. */
const settings =
  '#preset=quick&backend=cpu&train-questions=64&validation-questions=4&test-questions=24&steps=40&batch=8&max-tokens=48';
const patience = 120_000;
const root = ensureBuild();
const folder = mkdtempSync(join(tmpdir(), 'arklet-crash-'));

let server: StaticServer;
let context: BrowserContext;
beforeAll(async () => {
  server = await startServer({ root });
});
afterEach(() => context.close());
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

async function open(profile: string): Promise<Page> {
  context = await launchProfile(profile);
  context.setDefaultTimeout(patience);
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(server.url + settings);
  return page;
}

/** Waits until the job is well inside the phase. */
const reaches = (page: Page, phase: string) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('[role=status]')].some((node) => node.textContent === wanted) &&
      (document.querySelector('progress')?.value ?? 0) > 0.2,
    `${phase}: running`,
    { polling: 10 },
  );

/** Every turn of the finished run, and every file of its adapter, as a person exports them. */
async function outputs(page: Page): Promise<{ trajectories: string; adapter: Record<string, Uint8Array> }> {
  await page.locator('[role=status]', { hasText: 'Done: done' }).waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  const run = page.getByRole('dialog').getByRole('listitem').first();
  await run.getByText('Export').click();
  const saved = async (name: RegExp): Promise<Buffer> => {
    const saving = page.waitForEvent('download');
    await run.getByRole('button', { name }).click();
    return readFileSync(await (await saving).path());
  };
  const trajectories = (await saved(/^Trajectories/)).toString('utf8');
  return { trajectories, adapter: unzipSync(await saved(/^Adapter rsft/)) };
}

let whole: Awaited<ReturnType<typeof outputs>>;

beforeAll(async () => {
  const page = await open(join(folder, 'whole'));
  await page.getByRole('button', { name: 'Run on the bundled models' }).click();
  whole = await outputs(page);
  await context.close();
  expect(whole.trajectories.split('\n').length).toBeGreaterThan(500);
  expect(whole.adapter['adapter_model.safetensors']?.length).toBeGreaterThan(1000);
}, patience);

it('after the browser was killed in debate and again in training, a run ends with the same bytes', async () => {
  const profile = join(folder, 'struck');
  let struck = await open(profile);
  await struck.getByRole('button', { name: 'Run on the bundled models' }).click();
  for (const phase of ['Debate', 'Distil']) {
    await reaches(struck, phase);
    await killProfile(context, profile);
    struck = await open(profile);
    await struck.getByText(`was interrupted during ${phase.toLowerCase()}`).waitFor();
    await struck.getByRole('button', { name: /^Resume / }).click();
  }
  expect(await outputs(struck)).toEqual(whole);
});

it('after the laptop slept in debate and again in training, a run resumes by itself to the same bytes', async () => {
  const profile = join(folder, 'slept');
  const page = await open(profile);
  await page.getByRole('button', { name: 'Run on the bundled models' }).click();
  for (const phase of ['Debate', 'Distil']) {
    await reaches(page, phase);
    await sleepProfile(profile, 5);
  }
  expect(await outputs(page)).toEqual(whole);
  expect((await page.getByRole('alert').allTextContents()).join('').trim()).toBe('');
});

/** Runs by keys alone: kept, named, compared, taken away as files, brought back, deleted, taken up again. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { Browser, Download, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer } from '../../scripts/lib/server.mjs';
import type { StaticServer } from '../../scripts/lib/server.mjs';
import type { RunArchive } from '../../src/records/runRecords';
import type { Report, Turn } from '../../src/records/records';
import { launchChromium } from './chromium';
import { few } from './tinyRun';
import { openForKeys, type Keys } from './keys';

const patience = 120_000;

// At once, outside the time of a hook: it may build.
const root = ensureBuild();

let server: StaticServer;
let browser: Browser;
let page: Page;
let keys: Keys;

/** The whole run as it was exported, for the test that brings it back. */
let wholeRun: Buffer;
let adapter: Record<string, Uint8Array>;

beforeAll(async () => {
  server = await startServer({ root });
  browser = await launchChromium();
  ({ page, keys } = await openForKeys(browser, patience, ['clipboard-read', 'clipboard-write']));
  await page.goto(`${server.url}${few}&steps=4&rank=4`);
  await page.getByRole('region', { name: 'Result' }).waitFor();
  await keys.press('r');
  await page.locator('[role=status]', { hasText: 'Done: done' }).waitFor({ state: 'attached' });
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const dialog = (name: string) => page.getByRole('dialog', { name });
const shows = (text: string) => page.getByRole('banner').getByText(text).first().waitFor();
const bytesOf = async (download: Download): Promise<Buffer> => readFileSync(await download.path());
const linked = (address: string): URLSearchParams => new URLSearchParams(new URL(address).hash.slice(1));

/** The panel closes and opens again: its Tab order begins anew. */
async function openRuns(): Promise<void> {
  await keys.press('Escape');
  await dialog('Runs').waitFor({ state: 'detached' });
  await keys.press('u');
  await dialog('Runs').waitFor();
}

describe('by keys alone', () => {
  it('a run is named, noted, opened, pinned, and lends its settings and their link', async () => {
    await keys.go(/^Runs$/);
    await keys.go(/^Open$/);
    await dialog('Runs').waitFor({ state: 'detached' });
    await page.getByText('Recorded run').first().waitFor();
    expect(await keys.focused()).toBe('Runs');

    await openRuns();
    await keys.fill(/^Name$/, 'by-keys');
    await keys.press('Tab');
    await page.getByRole('button', { name: 'Delete by-keys' }).waitFor();
    await keys.fill(/^Note: by-keys/, 'without a mouse');
    await keys.go(/^Open$/);
    await dialog('Runs').waitFor({ state: 'detached' });
    await shows('by-keys');

    // The page has written its own address.
    await page.waitForURL((url) => !url.hash.includes('panel='));
    await page.goto(`${server.url}#preset=full`);
    await openRuns();
    await keys.go(/^Pin as baseline: by-keys/);
    await page.locator('dialog [aria-pressed=true]').first().waitFor();
    await keys.go(/^Copy a link.*: by-keys/);
    await page.getByRole('button', { name: 'Copied: by-keys' }).waitFor();
    const link = linked(await page.evaluate(() => navigator.clipboard.readText()));
    expect([link.get('preset'), link.get('steps'), link.get('rank')]).toEqual(['quick', '4', '4']);
    expect(linked(page.url()).get('preset')).toBe('full');
    await openRuns();
    await keys.tabTo(/^Unpin: by-keys/);
    await keys.go(/^Use its settings/);
    await dialog('Settings').waitFor();
    await expect.poll(() => linked(page.url()).get('steps')).toBe('4');
    await openRuns();
    expect(await page.getByRole('textbox', { name: 'Note: by-keys' }).inputValue()).toBe('without a mouse');
  });

  it('every file of a run is saved and holds what it says', async () => {
    await openRuns();
    await keys.tabTo(/^Delete by-keys/);
    await keys.go(/^Export$/);
    wholeRun = await bytesOf(await keys.save(/^Whole run/));
    const trajectories = await keys.save(/^Trajectories/);
    const markdown = await keys.save(/^Report \(\.md\)/);
    const json = await keys.save(/^Report \(\.json\)/);
    const zip = await keys.save(/^Adapter/);
    adapter = unzipSync(await bytesOf(zip));

    const archive = JSON.parse(gunzipSync(wholeRun).toString()) as RunArchive;
    const lines = (await bytesOf(trajectories)).toString().trimEnd().split('\n');
    const turns = lines.map((line) => JSON.parse(line) as Turn);
    // The archive also holds the answers that the student was judged by, which are no trajectories.
    expect(turns.length).toBe(archive.turns.filter((turn) => !turn.protocol.startsWith('eval:')).length);
    expect(turns.length).toBeLessThan(archive.turns.length);
    expect(turns.every(({ reply, correct }) => reply !== '' && typeof correct === 'boolean')).toBe(true);
    expect(new Set(turns.map(({ questionId }) => questionId)).size).toBe(32);
    const report = JSON.parse((await bytesOf(json)).toString()) as Report;
    expect(report.arms.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['base', 'debate', 'distilled:rsft']),
    );
    const distilled = report.arms.find(({ name }) => name === 'distilled:rsft')!;
    expect((await bytesOf(markdown)).toString()).toContain(`${(100 * distilled.accuracy).toFixed(1)}`);
    expect(Object.keys(adapter)).toEqual(
      expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors']),
    );
    const config = JSON.parse(Buffer.from(adapter['adapter_config.json']!).toString()) as { r: number };
    expect(config.r).toBe(4);
    const weights = Buffer.from(adapter['adapter_model.safetensors']!);
    const header = weights.subarray(8, 8 + Number(weights.readBigUInt64LE())).toString();
    expect(Object.keys(JSON.parse(header) as object).join()).toMatch(/lora_A\.weight/);
    expect([trajectories, markdown, json, zip].map((one) => one.suggestedFilename())).toEqual([
      'by-keys.trajectories.jsonl',
      'by-keys.report.md',
      'by-keys.report.json',
      'by-keys.rsft-0.adapter.zip',
    ]);
  });

  it('a run is deleted, taken back, deleted for good, and brought back from its file', async () => {
    await openRuns();
    await keys.go(/^Delete by-keys/);
    await page.getByText('No run is stored').waitFor();
    await keys.go(/^Undo$/);
    await page.getByText('No run is stored').waitFor({ state: 'detached' });
    await keys.go(/^Delete by-keys/);
    await page.getByText('No run is stored').waitFor();
    await keys.press('Escape');
    await keys.go(/^Undo$/);
    await openRuns();
    await keys.go(/^Delete by-keys/);
    await page.getByText('No run is stored').waitFor();
    await keys.go(/^Trash \(1\)/);
    await keys.go(/^Delete for good: by-keys/);
    await page.getByText(/^Trash/).waitFor({ state: 'detached' });
    await openRuns();
    await page.getByText('No run is stored').waitFor();

    await keys.choose(/^Import a run/, { name: 'run.json.gz', text: wholeRun });
    await dialog('Runs').waitFor({ state: 'detached' });
    await page.getByText('Stored run').waitFor();
    await shows('by-keys');
    await openRuns();
    await keys.tabTo(/^Delete by-keys/);
    await keys.go(/^Export$/);
    expect(unzipSync(await bytesOf(await keys.save(/^Adapter/)))).toEqual(adapter);
  });

  it('an interrupted run is put off, and taken up from its notice and from the list', async () => {
    await keys.press('Escape');
    const said = (text: string) => page.locator('[role=status]', { hasText: text });
    const stopped = page.getByText(/was interrupted during/);
    await page.goto('about:blank');
    await page.goto(`${server.url}${few}&steps=2000&rank=4`);
    await page.getByRole('region', { name: 'Result' }).waitFor();
    await keys.press('r');
    await said('Distil: running').waitFor({ state: 'attached' });
    await keys.press('x');
    await stopped.waitFor();
    await keys.go(/^Not now$/);
    await stopped.waitFor({ state: 'detached' });

    await openRuns();
    await keys.go(/^Resume$/);
    await said('Distil: running').waitFor({ state: 'attached' });
    await keys.press('x');
    await page.reload();
    await stopped.waitFor();
    await keys.go(/^Resume /);
    await said('Distil: running').waitFor({ state: 'attached' });
    await keys.press('x');
    await stopped.waitFor();
  });
});

/** "Prepare for a presentation": a rehearsal that is given nothing but what is stored, and says what it asked for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuild } from '../../scripts/lib/build.mjs';
import { startServer, type StaticServer } from '../../scripts/lib/server.mjs';
import { launchChromium } from './chromium';

const root = ensureBuild();
const settings = '#preset=quick&backend=cpu&batch=4&max-tokens=48';
const patience = 120_000;

let browser: Browser;
let app: StaticServer;
let context: BrowserContext;
let page: Page;
/** A server of another origin that counts who comes. */
let other: Server;
let calls: number;
/** What the app's own server was asked for. */
let served: string[];
const folder = mkdtempSync(join(tmpdir(), 'arklet-stage-'));

beforeAll(async () => {
  browser = await launchChromium();
  other = createServer((_request, response) => {
    calls++;
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('here');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await browser.close();
  other.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  calls = 0;
  served = [];
  app = await startServer({ root, mounts: [folder], onRequest: note });
  context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
  await page.goto(app.url + settings);
  await page.getByRole('button', { name: 'This device' }).click();
  await page.getByText(/^Ready: the app/).waitFor({ timeout: 30_000 });
});
afterEach(async () => {
  await context.close();
  await app.close();
});

/** The browser looks for a newer service worker by itself, past any page. */
function note(path: string): void {
  if (path !== '/service.worker.js') served.push(path);
}

/** From the second visit on every worker of the page is served by the service worker. */
async function visitAgain(more = ''): Promise<void> {
  await page.goto('about:blank');
  await page.goto(app.url + settings + more);
  await page.getByRole('button', { name: 'Settings' }).click();
  // The memory plan of the drawer reads the models' headers by itself.
  await page.getByText(/ at most, while .* available$/).waitFor();
}

async function prepare(): Promise<void> {
  await page.waitForLoadState('networkidle');
  served = [];
  await page.getByRole('button', { name: 'Prepare', exact: true }).click();
}

/** Fetches in the page: the text, or that it failed. */
async function fetched(address: string): Promise<string> {
  return page.evaluate(
    (url) =>
      fetch(url).then(
        (response) => `answered ${response.status}`,
        () => 'refused',
      ),
    address,
  );
}

describe('Prepare for a presentation', () => {
  it('rehearses with the network cut: nothing reaches a server, what is asked for is named, and then the network is back', async () => {
    await visitAgain();
    const unknown = `${app.url}not-of-this-build`;
    await prepare();
    await page.getByText('Rehearsing with the network cut').waitFor();
    expect(await fetched(unknown)).toBe('refused');
    expect(await fetched('https://models.invalid/weights.bin')).toBe('refused');
    await page.getByText(/^Ready: rehearsed with the network cut/).waitFor({ timeout: patience });
    expect(served).toEqual([]);
    const said = await page.getByText(/^Ready: rehearsed/).innerText();
    expect(said).toMatch(/[1-9]\d* requests answered from what is stored, [1-9]\d* refused: none was needed/);
    await page.getByText(/^Requests refused: /).click();
    await page.getByText(unknown).waitFor();
    expect(await fetched(unknown)).toBe('answered 404');
  });

  it('names the file that the run needed and that is not stored, though the server has it', async () => {
    writeFileSync(join(folder, 'turns.jsonl'), '');
    await visitAgain('&agents=recorded:files/0/turns.jsonl');
    expect(await fetched(`${app.url}files/0/turns.jsonl`)).toBe('answered 200');
    await prepare();
    const message = page.getByText(/The rehearsal did not finish without the network/);
    await message.waitFor({ timeout: patience });
    expect(await message.innerText()).toMatch(/Not stored here: .*\/files\/0\/turns\.jsonl/);
    expect(served).toEqual([]);
    await page.getByText('Not ready: see the message.').waitFor();
    expect(await fetched(`${app.url}files/0/turns.jsonl`)).toBe('answered 200');
  });

  it('does not begin while the browser has thrown away a part of the app', async () => {
    await visitAgain();
    const dropped = await page.evaluate(async () => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys())
          if (/models\/student\/model\.safetensors/.test(request.url)) return cache.delete(request);
      }
      return false;
    });
    expect(dropped).toBe(true);
    await prepare();
    await page.getByText('The app itself is not stored here yet.').waitFor();
    expect(served).toEqual([]);
  });

  it('lets a server of this machine answer, which needs no network', async () => {
    await visitAgain();
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await prepare();
    await page.getByText('Rehearsing with the network cut').waitFor();
    expect(await fetched(`http://127.0.0.1:${port}/`)).toBe('answered 200');
    expect(calls).toBe(1);
    await page.getByText(/^Ready: rehearsed with the network cut/).waitFor({ timeout: patience });
  });
});

/** A trained student taken away as a model of its own, out of the page. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { InterruptedError, OutOfMemoryError } from '../../src/core/errors';
import { config, makeArchive } from './fixtures/archive';
import { app, client, openPage, usePage, violations } from './fixtures/mounted';

usePage();

let saved: string[];

async function open(student: string): Promise<void> {
  client.store({ id: 'own', name: 'calm-otter', config: { ...config, student } });
  await openPage(makeArchive(8));
  await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(1));
  await page.getByRole('button', { name: 'Runs', exact: true }).click();
  await page.getByText('Export', { exact: true }).nth(1).click();
}
const button = (name: string | RegExp) => page.getByRole('button', { name });

beforeEach(async () => {
  saved = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
});

describe('the export of a student', () => {
  it('saves a zip of the merged model, and one GGUF file', async () => {
    await open('files/0/');
    client.exported = { 'model.safetensors': new Uint8Array(8), 'config.json': new Uint8Array(2) };
    await button('Merged model, rsft, seed 0 (safetensors, zip)').click();
    await vi.waitFor(() => expect(saved).toEqual(['calm-otter.rsft-0.merged.zip']));
    client.exported = { 'model.gguf': new Uint8Array(8) };
    await button('Merged model, rsft, seed 0 (GGUF)').click();
    await vi.waitFor(() => expect(saved[1]).toBe('calm-otter.rsft-0.gguf'));
    expect(client.calls.filter(([name]) => name === 'exportStudent').map(([, chosen]) => chosen)).toEqual(
      ['merged', 'gguf'].map((format) => ({ runId: 'own', strategy: 'rsft', seed: 0, format })),
    );
    expect(await violations()).toEqual([]);
  });

  it('says how far it is, and can be cancelled without a word of complaint', async () => {
    await open('files/0/');
    let cancel: (error: Error) => void = () => undefined;
    client.exported = new Promise((_, reject) => (cancel = reject));
    await button('Merged model, rsft, seed 0 (GGUF)').click();
    await expect.element(page.getByText('Loading the student …')).toBeVisible();
    client.tellExporter({ type: 'merge', done: 4, total: 30, bytes: 270e6 });
    await expect.element(page.getByText(/Merging layer 5 of 30 \(a file of 270(\.0)? MB\) …/)).toBeVisible();
    await expect.element(button('Merged model, rsft, seed 0 (GGUF)')).toBeDisabled();
    await button('Cancel').click();
    expect(client.exportEnded).toBe(true);
    cancel(new InterruptedError('The export was stopped.', 'Start it again.'));
    await expect.element(button('Merged model, rsft, seed 0 (GGUF)')).toBeEnabled();
    expect(app.session.notices.list).toEqual([]);
    expect(saved).toEqual([]);
  });

  it('that finds no room says so', async () => {
    await open('files/0/');
    client.failures.set(
      'exportStudent',
      new OutOfMemoryError(
        'Merging the model would hold 9,000 MB, more than the 4,000 MB of this machine.',
        'x',
      ),
    );
    await button(/rsft.*safetensors/).click();
    await expect.element(page.getByText(/would hold 9,000 MB/).first()).toBeVisible();
  });

  it('of the bundled student offers no GGUF, and says why', async () => {
    await open('bundled');
    await expect.element(page.getByText(/GGUF has no tokenizer/)).toBeVisible();
    await expect.element(page.getByRole('button', { name: /seed 0 \(GGUF\)/ })).not.toBeInTheDocument();
  });
});

/** The panel "This device": the bench's figures while it runs, its end as JSON, and one work on the device at a time. */
import { expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { makeArchive } from './fixtures/archive';
import { app, client, openPage, usePage, violations } from './fixtures/mounted';

usePage();
const button = (name: string) => page.getByRole('button', { name, exact: true });

it('shows kernels and models, and hands the whole out as JSON with browser and version', async () => {
  client.bench = {
    ...client.bench,
    models: [
      { name: 'bundled', format: 'f16', work: 'decode', tokensPerSecond: 1234.5 },
      {
        name: 'Qwen2.5-0.5B',
        format: 'f16',
        work: 'prefill of 512',
        tokensPerSecond: null,
        skipped: 'memory',
      },
    ],
  };
  const copied = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  await openPage(makeArchive(4), '#panel=device');
  await vi.waitFor(() => expect(app.session.connected).toBe(true));
  await button('Bench the GPU').click();
  await expect.element(page.getByText('test adapter, measured in 1 min 1 s.')).toBeVisible();
  await expect.element(page.getByText('A read-back takes 0.2 ms (median).')).toBeVisible();
  await expect
    .element(page.getByRole('row', { name: /bundled f16 Generation, 1 reply 1,230/ }))
    .toBeVisible();
  await expect.element(page.getByText('does not fit into memory')).toBeVisible();
  await page.getByText('Kernels', { exact: true }).click();
  await expect
    .element(page.getByRole('row', { name: /linear \(generate\) f16 1 × 896 × 9728 0.1 174 175/ }))
    .toBeVisible();
  await button('Copy as JSON').click();
  await vi.waitFor(() => expect(copied).toHaveBeenCalled());
  const file = JSON.parse(copied.mock.calls[0]![0]) as Record<string, unknown>;
  expect(file).toEqual({
    arklet: app.session.version,
    date: new Date().toISOString().slice(0, 10),
    browser: navigator.userAgent,
    ...client.bench,
  });
  expect(client.calls.filter(([name]) => name === 'benchDevice')).toEqual([['benchDevice', 'webgpu']]);
  expect(await violations()).toEqual([]);
});

it('waits for the validation, which waits for it', async () => {
  await openPage(makeArchive(4), '#panel=device');
  await vi.waitFor(() => expect(app.session.connected).toBe(true));
  let end = (): void => undefined;
  void app.session.bench.run(() => new Promise((resolve) => (end = () => resolve(client.bench))));
  await expect.element(button('Validate on the GPU')).toBeDisabled();
  await expect.element(page.getByRole('progressbar', { name: 'Progress of the bench' })).toBeVisible();
  end();
  await expect.element(button('Validate on the GPU')).toBeEnabled();
});

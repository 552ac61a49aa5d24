/** Questions of a dataset on the hub: looked up, chosen, read like a file, and read again for a link. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { makeArchive, sixQuestions } from './fixtures/archive';
import { app, client, openPage, usePage, violations } from './fixtures/mounted';

usePage();
beforeEach(() => {
  client.rows = sixQuestions.split('\n');
  client.splits = [
    { config: 'main', split: 'train' },
    { config: 'main', split: 'test' },
    { config: 'socratic', split: 'test' },
  ];
});

const button = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });
const asked = (): readonly unknown[][] =>
  client.calls.filter(([name]) => name === 'fetchDataset').map((call) => [...call]);
const openSettings = async (hash = ''): Promise<void> => {
  await openPage(makeArchive(4), hash);
  await button('Settings').click();
};

describe('a dataset of the hub', () => {
  it('is looked up by its name, and a split of it read like a file', async () => {
    client.moreRows = true;
    await openSettings();
    await page.getByLabelText('Dataset on Hugging Face').fill('openai/gsm8k');
    await expect.element(page.getByText(/read from huggingface\.co/)).toBeVisible();
    await button('Find the dataset').click();
    await expect.element(page.getByLabelText('Config')).toHaveValue('main');
    await expect.element(page.getByLabelText('Split')).toHaveValue('train');
    expect(await violations()).toEqual([]);
    await page.getByLabelText('Split').selectOptions('test');
    await button('Read this split').click();
    await expect.element(page.getByText('6 questions read, 1 row left out')).toBeVisible();
    await expect.element(page.getByText('Its first 7 rows are read; it has more.')).toBeVisible();
    expect(asked()).toEqual([['fetchDataset', 'hf:openai/gsm8k/main@test']]);
    await button('Use these questions').click();
    await vi.waitFor(() => expect(location.hash).toContain('questions=hf%3A'));
  });

  it('with its split in the name, or a single one, is read at once', async () => {
    await openSettings();
    const name = page.getByLabelText('Dataset on Hugging Face');
    await name.fill('hf:a/b@test');
    await button('Find the dataset').click();
    await vi.waitFor(() => expect(asked()).toEqual([['fetchDataset', 'hf:a/b@test']]));
    client.splits = [{ config: 'default', split: 'train' }];
    await name.fill('a/b');
    await button('Find the dataset').click();
    await vi.waitFor(() => expect(asked()[1]).toEqual(['fetchDataset', 'hf:a/b/default@train']));
  });

  it('whose name is none is refused in words', async () => {
    await openSettings();
    await page.getByLabelText('Dataset on Hugging Face').fill('gsm8k');
    await button('Find the dataset').click();
    await expect.element(page.getByText('"gsm8k" is not the name of a dataset on the hub.')).toBeVisible();
    expect(asked()).toEqual([]);
  });

  it('that a link names is read with one click', async () => {
    await openPage(makeArchive(4), '#preset=quick&questions=hf%3Aa%2Fb%2Fmain%40test');
    await expect
      .element(page.getByText('These settings need hf:a/b/main@test, which is not on this device.'))
      .toBeVisible();
    await button('Read hf:a/b/main@test').click();
    await expect.element(page.getByText('6 questions read, 1 row left out')).toBeVisible();
    await button('Use these questions').click();
    await vi.waitFor(() => expect(app.session.file.imported?.name).toBe('hf:a/b/main@test'));
  });
});

import { unmount } from 'svelte';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { MountedApp } from '../../src/ui/mount';
import { makeArchive } from './fixtures/archive';
import { mountPage, violations } from './fixtures/mounted';
import { ScriptedClient } from './fixtures/scriptedClient';

let app: MountedApp;
let target: HTMLElement;

beforeEach(async () => {
  const client = new ScriptedClient();
  localStorage.clear();
  await page.viewport(1280, 900);
  ({ app, target } = await mountPage(client, makeArchive(4), ''));
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
});
afterEach(async () => {
  await unmount(app.component);
  target.remove();
});

const pick = (content: BlobPart, name: string): Promise<void> =>
  userEvent.upload(page.getByLabelText('Use a file of your own'), new File([content], name));

const cells = (title: string): string[][] =>
  [...target.querySelectorAll<HTMLTableRowElement>(`table[aria-label="${title}"] tbody tr`)].map((row) =>
    [...row.cells].map((cell) => cell.innerText.trim()),
  );

it('shows every answer that is not read as written, those to be checked first', async () => {
  const plain = Array.from({ length: 120 }, (_, i) => `{"question":"Plain ${i}?","answer":"${i + 1},000"}`);
  const rows = [
    ...plain,
    '{"question":"Mixed?","answer":"so\\n#### 2 1/2"}',
    '{"question":"Comma?","answer":"1,5"}',
    '{"question":"European?","answer":"#### 1.234,50"}',
    '{"question":"Apples?","answer":"#### 12 apples"}',
    '{"question":"None?","answer":"#### none"}',
  ];
  await pick(rows.join('\n'), 'mine.jsonl');
  await expect.element(page.getByText('124 questions read, 1 row left out')).toBeVisible();
  await expect
    .element(page.getByText('124 answers are not read as written, 4 of them to be checked'))
    .toBeVisible();
  const shown = cells('Answers not read as written');
  expect(shown.slice(0, 4).map((row) => row.slice(0, 4))).toEqual([
    ['121', 'Mixed?', '2 1/2', '2.5'],
    ['122', 'Comma?', '1,5', '1, 5'],
    ['123', 'European?', '1.234,50', '1234.5'],
    ['124', 'Apples?', '12 apples', '12'],
  ]);
  expect(shown[1]?.[4]).toContain('Check: a decimal or a list?');
  expect(shown).toHaveLength(100);
  await page.getByRole('button', { name: 'Show 24 more' }).click();
  await expect.poll(() => cells('Answers not read as written').length).toBe(124);
  expect(cells('Rows left out')).toEqual([['125', 'no number after "####"', rows[124]?.slice(0, 60) ?? '']]);
  expect(await violations()).toEqual([]);
});

it('shows the options of a multiple choice in the preview', async () => {
  await pick('question,A,B,C,D,answer\nCapital of France?,Lyon,Paris,Nice,Lille,B\n', 'mmlu.csv');
  await expect.element(page.getByText('B. Paris')).toBeVisible();
  await expect.element(page.getByText('D. Lille')).toBeVisible();
});

it('reads a file of Windows-1252 with its letters, and says so', async () => {
  const text = 'Frage;Antwort\nCaf\u00e9 f\u00fcr 3?;5\n';
  await pick(
    Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
    'excel.csv',
  );
  await expect.element(page.getByText('Caf\u00e9 f\u00fcr 3?')).toBeVisible();
  await expect.element(page.getByText(/Read as Windows-1252/)).toBeVisible();
});

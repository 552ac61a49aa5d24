import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { makeArchive } from './fixtures/archive';
import { app, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

beforeEach(async () => {
  await openPage(makeArchive(4));
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
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

describe('a file whose columns are not known by their names', () => {
  const select = (name: string) => page.getByRole('combobox', { name });

  it('is read by the columns that the user chooses', async () => {
    await pick(
      'Nr;Was wird gefragt;Was stimmt\n1;Was ist 2 + 2 + 2?;6\n2;Was ist 3 + 3 + 3?;9\n',
      'schule.csv',
    );
    await expect
      .element(page.getByText(/The columns of schule.csv are not known by their names/))
      .toBeVisible();
    expect(app.session.notices.list).toEqual([]);
    // The longest texts are taken for the questions.
    await expect.element(select('Question')).toHaveDisplayValue('Was wird gefragt');
    await select('Right answer').selectOptions('Was stimmt');
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Read the file this way' }).click();
    await expect.element(page.getByText('2 questions read, 0 rows left out')).toBeVisible();
    await page.getByRole('button', { name: 'Use these questions' }).click();
    expect(app.session.file.imported?.questions.map(({ text, gold }) => [text, gold])).toEqual([
      ['Was ist 2 + 2 + 2?', '6'],
      ['Was ist 3 + 3 + 3?', '9'],
    ]);
  });

  it('may have columns of options', async () => {
    await pick('Text;Wert;x1;x2;x3\nWelche Stadt liegt an der Seine?;2;Lyon;Paris;Lille\n', 'wahl.csv');
    await select('Question').selectOptions('Text');
    await select('Right answer').selectOptions('Wert');
    for (const name of ['x1', 'x2', 'x3']) await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('button', { name: 'Read the file this way' }).click();
    await expect.element(page.getByText('B. Paris')).toBeVisible();
  });

  it('may have no line of names at all', async () => {
    await pick('How much is 1 and 1?,2\nHow much is 2 and 3?,5\n', 'bare.csv');
    await page.getByRole('checkbox', { name: 'The first line names the columns' }).click();
    await expect.element(page.getByRole('columnheader', { name: 'Column 2' })).toBeVisible();
    await page.getByRole('button', { name: 'Read the file this way' }).click();
    await expect.element(page.getByText('2 questions read, 0 rows left out')).toBeVisible();
  });

  it('may be JSON', async () => {
    await pick(
      '{"ask":"How much is 1 and 1?","out":2}\n{"ask":"How much is 2 and 3?","out":5}\n',
      'odd.jsonl',
    );
    await select('Right answer').selectOptions('out');
    await page.getByRole('button', { name: 'Read the file this way' }).click();
    await expect.element(page.getByText('2 questions read, 0 rows left out')).toBeVisible();
  });

  it('says what is wrong where the chosen columns hold no question either', async () => {
    await pick('ask,out\nHow much is it?,\n', 'empty.csv');
    await page.getByRole('button', { name: 'Read the file this way' }).click();
    await expect.element(page.getByText(/None of the 1 rows of empty.csv is a question/)).toBeVisible();
    await expect.element(select('Question')).toBeVisible();
  });
});

it('lets a file that was read be read by other columns', async () => {
  await pick('question,answer,better\nHow much is 1 and 1?,3,2\n', 'two.csv');
  await expect.element(page.getByText('1 question read, 0 rows left out')).toBeVisible();
  await page.getByRole('button', { name: 'Choose the columns' }).click();
  await page.getByRole('combobox', { name: 'Right answer' }).selectOptions('better');
  await page.getByRole('button', { name: 'Read the file this way' }).click();
  await page.getByRole('button', { name: 'Use these questions' }).click();
  expect(app.session.file.imported?.questions[0]?.gold).toBe('2');
});

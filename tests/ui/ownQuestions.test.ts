/** A question file of the user's own: kept over a reload, named in links, checked before a run. */
import { describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { QuestionImport } from '../../src/tasks/questionFiles';
import { readQuestionFile } from '../../src/tasks/readQuestionFile';
import { makeArchive, sixQuestions } from './fixtures/archive';
import { app, client, closePage, openPage, usePage, violations } from './fixtures/mounted';

usePage();

async function open(hash = ''): Promise<void> {
  await openPage(makeArchive(20), hash);
  await vi.waitFor(() => expect(app.session.settings.config).not.toBeNull(), 5000);
}
const button = (name: string | RegExp): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });
async function useFile(): Promise<void> {
  await button('Settings').click();
  await userEvent.upload(
    page.getByLabelText('Use a file of your own'),
    new File([sixQuestions], 'mine.jsonl'),
  );
  await button('Use these questions').click();
  await button('Close').click();
}
const started = (): readonly unknown[] | undefined => client.calls.find(([name]) => name === 'start');

describe('a question file', () => {
  it('is kept, and found again after a reload, for the next run', async () => {
    await open();
    await useFile();
    await vi.waitFor(() => expect(location.hash).toContain('questions=mine.jsonl&questions-hash=f00d'));
    const { hash } = location;
    await closePage();
    await open(hash);
    await expect.element(button('Run on mine.jsonl')).toBeVisible();
    await button('Run on mine.jsonl').click();
    await vi.waitFor(() => expect(started()).toBeDefined());
    expect(started()![1]).toMatchObject({ questions: 'mine.jsonl', trainQuestions: 4 });
    expect(started()![2]).toHaveLength(6);
  });

  it('that a link names and that is not here is asked for, and nothing else runs instead', async () => {
    await open('#preset=quick&questions=gsm.jsonl&questions-hash=0123');
    await expect
      .element(page.getByText('These settings need gsm.jsonl, which is not on this device.'))
      .toBeVisible();
    await expect.element(button('Run on gsm.jsonl')).toBeDisabled();
    await app.session.controls.start();
    expect(started()).toBeUndefined();
    expect(await violations()).toEqual([]);
    await userEvent.upload(page.getByLabelText('Pick gsm.jsonl'), new File([sixQuestions], 'gsm.jsonl'));
    await button('Use these questions').click();
    await button('Close').click();
    await expect.element(button('Run on gsm.jsonl')).toBeEnabled();
  });

  it('can be left for the bundled problems where a link’s file is not at hand', async () => {
    await open('#preset=quick&questions=gsm.jsonl');
    await button('Use the bundled problems instead').click();
    await expect.element(button('Run on the bundled models')).toBeEnabled();
    await vi.waitFor(() => expect(location.hash).not.toContain('questions='));
  });

  it('is not in a copied link, which says so and opens no panel', async () => {
    const copied: string[] = [];
    const write = vi
      .spyOn(navigator.clipboard, 'writeText')
      .mockImplementation(async (text) => void copied.push(text));
    await open();
    await useFile();
    await button('Settings').click();
    await button('Copy the link').click();
    await expect
      .element(page.getByText('Copied. The link needs mine.jsonl: the file is not in it, so send it along.'))
      .toBeVisible();
    expect(copied[0]).toContain('questions=mine.jsonl&questions-hash=f00d');
    expect(copied[0]).not.toContain('panel=');
    write.mockRestore();
  });

  it('of a stored run is taken with its settings', async () => {
    const file: QuestionImport = {
      name: 'old.jsonl',
      format: 'jsonl',
      questions: makeArchive(6).questions,
      rejected: [],
      altered: [],
      encoding: 'utf-8',
      rows: 6,
    };
    client.kept.set('f00d', file);
    client.store({
      id: 'old',
      name: 'silver-tern',
      config: { ...makeArchive(1).run.config, questions: 'old.jsonl' },
    });
    await open();
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(1));
    await button('Runs').click();
    await button('Use its settings').last().click();
    await button('Close').click();
    await expect.element(button('Run on old.jsonl')).toBeVisible();
  });

  it('is read when it is dropped on the page', async () => {
    await open();
    const data = new DataTransfer();
    data.items.add(new File([sixQuestions], 'dropped.jsonl'));
    window.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }));
    await expect.element(page.getByText('Drop a question file to use it')).toBeVisible();
    const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
    window.dispatchEvent(drop);
    expect(drop.defaultPrevented).toBe(true);
    await expect.element(page.getByText('6 questions read, 1 row left out')).toBeVisible();
    await expect.element(page.getByText('Drop a question file to use it')).not.toBeInTheDocument();
  });
});

describe('questions that the chosen models cannot read', () => {
  const lacking = {
    words: 300,
    known: 40,
    unreadable: 6,
    lacking: ['What', 'giraffe'],
    models: ['student'],
    long: [],
    tight: null,
    unsayable: null,
    unchecked: [],
    hopeless: { who: 'agents', why: 'words', questions: 4 },
  } as const;

  it('are said when the file is used, and lead to models that can', async () => {
    client.check = { ...lacking, questions: 0 };
    await open();
    await useFile();
    await expect
      .element(
        page.getByText(
          'The bundled models know only 40 of the 300 words of mine.jsonl. No agent can read any of the 4 training questions whole, so a run on them cannot learn anything.',
        ),
      )
      .toBeVisible();
    await expect.element(page.getByText('Not known: What, giraffe …')).toBeVisible();
    expect(await violations()).toEqual([]);
    await page.viewport(390, 844);
    await vi.waitFor(() => expect(innerWidth).toBe(390));
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(390);
  });

  it('stop a run before it starts; a second press starts it all the same', async () => {
    client.check = { ...lacking, questions: 0 };
    await open();
    await useFile();
    await button('Run on mine.jsonl').click();
    await expect.element(page.getByText(/^Not started\. The bundled models know only 40/)).toBeVisible();
    expect(started()).toBeUndefined();
    await button('Run anyway').click();
    await vi.waitFor(() => expect(started()).toBeDefined());
  });

  it('stop nothing where only some of them are unreadable', async () => {
    client.check = { ...lacking, unreadable: 2, questions: 0, hopeless: null };
    await open();
    await useFile();
    await expect.element(page.getByText(/They cannot read 2 of its 6 questions whole\./)).toBeVisible();
    await button('Run on mine.jsonl').click();
    await vi.waitFor(() => expect(started()).toBeDefined());
  });

  it('are looked at again with other models', async () => {
    await open();
    await useFile();
    const checks = (): readonly unknown[][] =>
      client.calls.filter(([name]) => name === 'checkQuestions').map((call) => [...call]);
    await vi.waitFor(() => expect(checks()).toHaveLength(1));
    app.session.settings.set('student', 'hf:a/b');
    await vi.waitFor(() => expect(checks().at(-1)).toEqual(['checkQuestions', ['bundled'], 'hf:a/b', 6]));
    app.session.settings.set('steps', 7);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(checks()).toHaveLength(2);
  });
});

describe('questions that leave little room for an answer', () => {
  it('are counted before the run, with a shorter answer one click away', async () => {
    client.check = { ...client.check, tight: { questions: 3, room: 40, asked: 64 } };
    await open();
    await useFile();
    await expect
      .element(
        page.getByText(
          '3 questions leave as little as 40 tokens for an answer, which may take 64: longer answers are cut.',
        ),
      )
      .toBeVisible();
    expect(await violations()).toEqual([]);
    await button('Allow 40 tokens an answer').click();
    expect(app.session.settings.config.maxTokens).toBe(40);
  });
});

describe('right answers that the chosen models cannot write', () => {
  it('are counted before the run', async () => {
    client.check = { ...client.check, unsayable: { questions: 2, words: ['Paris', ','] } };
    await open();
    await useFile();
    await expect
      .element(page.getByText('2 right answers cannot be written by these models, which lack Paris.'))
      .toBeVisible();
    await expect.element(button('Hugging Face')).toBeVisible();
  });
});

describe('a question that is too long', () => {
  const [question] = makeArchive(6).questions;

  it('is counted before the run', async () => {
    const read = readQuestionFile(new TextEncoder().encode(sixQuestions), 'mine.jsonl').questions[0];
    const long = [{ questionId: read!.id, model: 'student', tokens: 5207, context: 512 }];
    client.check = { ...client.check, long };
    await open();
    await useFile();
    await expect
      .element(page.getByText('1 question is too long (5,207 of 512 tokens): skipped'))
      .toBeVisible();
    await page.getByText('Show it').click();
    await expect.element(page.getByText(question!.text.slice(0, 40), { exact: false }).last()).toBeVisible();
  });

  it('is one amber line of a run that goes on, and no message', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    const error = {
      code: 'token',
      message: 'The prompt has 5207 tokens; the context holds 512.',
      hint: 'Shorten the prompt, or load the model with a longer context.',
      details: { tokens: 5207, context: 512 },
    };
    for (const agent of [0, 1, 2])
      client.emit({
        type: 'error',
        runId: 'new',
        error,
        place: { questionId: question!.id, round: 0, agent },
      });
    await expect
      .element(page.getByText('1 question is too long (5,207 of 512 tokens): skipped'))
      .toBeVisible();
    expect(app.session.notices.list).toEqual([]);
    await button('Show it').click();
    expect(app.session.screen.selected).toBe(question!.id);
    expect(await violations()).toEqual([]);
  });
});

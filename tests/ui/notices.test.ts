/** Messages: over when what they say is over, one for a subject, and in the page's own words. */
import { describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { parseSpec } from '../../src/specs/spec';
import {
  asArkletError,
  ConfigError,
  DownloadError,
  ImportError,
  type ErrorData,
} from '../../src/core/errors';
import { parseConfig, withValues } from '../../src/settings/config';
import { configFromFlags, splitFlags } from '../../src/settings/flags';
import { parseArchive } from '../../src/records/archiveSchema';
import { parseTrajectories } from '../../src/records/archiveFile';
import { importedDebate } from '../../src/library/importedDebate';
import { nothingToLearn } from '../../src/job/nothingToLearn';
import { pickedModel } from '../../src/models/pickedFiles';
import { readArchive } from '../../src/ui/archiveFile';
import { pageError, plainWords } from '../../src/ui/pageError';
import { Notices } from '../../src/ui/state/notices.svelte';
import { config, makeArchive, makeQuestion, makeTurn, sixQuestions } from './fixtures/archive';
import { app, client, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

async function open(): Promise<void> {
  await openPage(makeArchive(8));
  await vi.waitFor(() => expect(app.session.settings.config).not.toBeNull(), 5000);
}
const button = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });
const said = (): string[] => app.session.notices.list.map(({ message }) => message);

/** What an action throws, as it reaches the page. */
async function thrownBy(work: () => unknown): Promise<ErrorData> {
  try {
    await work();
  } catch (thrown) {
    return asArkletError(thrown).toData();
  }
  throw new Error('nothing was thrown');
}

describe('a message', () => {
  it('about a file gives way to the one about the next file, and leaves when one is read', async () => {
    await open();
    await button('Settings').click();
    const pick = page.getByLabelText('Use a file of your own');
    for (const name of ['a.csv', 'b.csv']) {
      await userEvent.upload(pick, new File([' '], name));
      await expect.element(page.getByText(`${name} is empty.`).first()).toBeVisible();
    }
    expect(said()).toEqual(['b.csv is empty.']);
    await userEvent.upload(pick, new File([sixQuestions], 'c.jsonl'));
    await vi.waitFor(() => expect(said()).toEqual([]));
  });

  it('about a run leaves when a new run begins', async () => {
    await open();
    client.failures.set('start', new ConfigError('Ask for less.', 'Lower the counts.'));
    await button('Run on the bundled models').click();
    await vi.waitFor(() => expect(said()).toEqual(['Ask for less.']));
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    expect(said()).toEqual([]);
    const error = { code: 'training', message: 'The loss is not finite.', hint: 'Use a lower rate.' };
    client.emit({ type: 'error', runId: 'new', error });
    client.emit({ type: 'error', runId: 'new', error });
    expect(said()).toEqual(['The loss is not finite.']);
    await button('Stop').click();
    await button('Run on the bundled models').click();
    await vi.waitFor(() => expect(said()).toEqual([]));
  });

  it('about memory leads to the models that fit', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    const message = 'No GPU memory for weights: 9 bytes asked for, 8 held, at most 4 in one buffer.';
    client.emit({
      type: 'error',
      runId: 'new',
      error: { code: 'out-of-memory', message, hint: 'Ask for less.' },
    });
    await button('Smaller models').click();
    await expect.element(page.getByRole('dialog', { name: 'Settings' })).toBeVisible();
  });

  it('about an agent leaves when that agent answers again', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    const question = makeArchive(8).questions[0]!;
    const error = { code: 'agent', message: 'http://a/v1 did not answer.', hint: 'Check the server.' };
    for (const agent of [0, 1]) {
      const own = { ...error, message: `http://${agent}/v1 did not answer.` };
      client.emit({
        type: 'error',
        runId: 'new',
        error: own,
        place: { questionId: question.id, round: 0, agent },
      });
    }
    expect(said()).toHaveLength(2);
    client.emit({
      type: 'turn',
      runId: 'new',
      turn: makeTurn(question, { round: 0, agent: 0 }, question.gold),
    });
    expect(said()).toEqual(['http://1/v1 did not answer.']);
  });

  it('about a question file among the runs leads to where it belongs', async () => {
    await open();
    await button('Runs').click();
    client.failures.set(
      'importTrajectories',
      new ImportError('gsm.jsonl line 1 is no turn.', 'Pick another.'),
    );
    const file = new File([sixQuestions], 'gsm.jsonl');
    await userEvent.upload(page.getByLabelText('Import a run'), file);
    await expect.element(page.getByText('gsm.jsonl is a question file, not a run.').first()).toBeVisible();
    expect(await violations()).toEqual([]);
    await page.getByRole('button', { name: 'Use it there' }).first().click();
    await expect.element(page.getByText('6 questions read, 1 row left out')).toBeVisible();
    expect(said()).toEqual([]);
  });

  it('about a wrong file names it', async () => {
    await open();
    await button('Runs').click();
    await userEvent.upload(page.getByLabelText('Import a run'), new File(['hello'], 'x.json'));
    await vi.waitFor(() =>
      expect(said()).toEqual(['x.json is not a run of Arklet: it is neither gzip nor JSON.']),
    );
    await userEvent.upload(page.getByLabelText('Import a run'), new File(['{}'], 'y.json'));
    await vi.waitFor(() => expect(said()).toEqual(['y.json is not a run of Arklet: "format" is missing.']));
  });

  it('of Arklet’s own fault says no code, and gives the details to be reported', async () => {
    await open();
    client.failures.set('start', new TypeError("Cannot read properties of undefined (reading 'x')"));
    await button('Run on the bundled models').click();
    await expect.element(page.getByText('Arklet made a mistake here.')).toBeVisible();
    expect(target.querySelector('.notices')?.textContent).not.toMatch(/undefined|internal|code/);
    expect(app.session.notices.list[0]?.report).toContain(
      "Cannot read properties of undefined (reading 'x')",
    );
    await expect.element(button('Copy the details')).toBeVisible();
    expect(await violations()).toEqual([]);
  });
});

describe('messages', () => {
  it('of an area are cleared together, and others stay', async () => {
    const notices = new Notices();
    const data = (message: string): ErrorData => ({ code: 'config', message, hint: 'x' });
    notices.add(data('a'), 'run/1');
    notices.add(data('b'), 'run/agent-0');
    notices.add(data('c'), 'runs/1');
    notices.clear('run');
    expect(notices.list.map(({ message }) => message)).toEqual(['c']);
    expect(await notices.guard(async () => 7, 'runs/1')).toBe(7);
    expect(notices.list).toEqual([]);
    await notices.guard(() => Promise.reject(new DownloadError('d', 'y')), 'model/a');
    await notices.guard(() => Promise.reject(new DownloadError('e', 'y')), 'model/a');
    expect(notices.list.map(({ message }) => message)).toEqual(['e']);
  });
});

describe('the page’s words for what is thrown', () => {
  const turn = JSON.stringify(
    makeTurn(
      makeQuestion(0, () => 0.5),
      { round: 0, agent: 0 },
      '4',
    ),
  );
  const real: readonly (readonly [string, () => unknown])[] = [
    ['a setting out of range', () => parseConfig({ ...config, nAgents: 999 })],
    ['a setting of another type', () => parseConfig({ ...config, temperature: 'hot' })],
    ['no training question', () => parseConfig({ ...config, trainQuestions: 0 })],
    ['personas that are none', () => parseConfig({ ...config, personas: [{}] })],
    ['an unknown strategy', () => parseConfig({ ...config, strategies: ['foo'] })],
    [
      'agents held out that are all',
      () => parseConfig(withValues(config, { nAgents: 1, 'pad.reward.heldOutAgents': [0] })),
    ],
    ['a flag that is no number', () => configFromFlags(splitFlags(['--n-agents', 'many']))],
    ['an unknown flag', () => configFromFlags(splitFlags(['--agentz', '3']))],
    ['personas of the command', () => configFromFlags(splitFlags(['--personas', '{"a":1}']))],
    ['an address that is none', () => parseSpec('endpoint:localhost:9#m')],
    ['an address with a key', () => parseSpec('endpoint:http://u:p@host/v1#m')],
    ['no trace', () => Promise.reject(nothingToLearn('rsft', { dropped: { 'wrong-trace': 168 } }, 28))],
    ['a file that is no model', () => pickedModel([{ path: 'notes.txt', blob: new Blob(['x']) }])],
    [
      'a folder that is no model',
      () => pickedModel(['a', 'b'].map((path) => ({ path, blob: new Blob([]) }))),
    ],
    ['questions as a debate', () => parseTrajectories('{"question": "2 + 2?", "answer": "4"}', 'gsm.jsonl')],
    ['a turn cut short', () => parseTrajectories(turn.replace('"reply"', '"rply"'), 'turns.jsonl')],
    [
      'a turn of another type',
      () => parseTrajectories(turn.replace('"round":0', '"round":"0"'), 'turns.jsonl'),
    ],
    ['a report without settings', () => importedDebate(turn, 'turns.jsonl', '{"items": []}')],
    ['other JSON as a run', () => parseArchive({ format: 'arklet-run' })],
    ['other JSON as a file', () => readArchive(new TextEncoder().encode('{"format": 1}'), 'x.json')],
    ['a fault of ours', () => (undefined as unknown as { x: number }).x],
  ];

  it.each(real)('for %s hold no flag, data structure, undefined or code name', async (_, work) => {
    const { message, hint } = pageError(await thrownBy(work));
    const words = `${message} ${hint}`;
    expect(words).not.toMatch(/--[a-z]|\{\s*"|\bundefined\b|\bcode\b|endpoint:|Invalid key|Expected "/);
    // Names of settings as code writes them.
    expect(words).not.toMatch(/\b(?:nAgents|trainQuestions|testQuestions|padHeldOutAgents|topP)\b/);
    expect(message).toMatch(/^.{8,}[.!]$/s);
    expect(hint.length).toBeGreaterThan(8);
  });

  it('name a setting by its label, with its value and its range', async () => {
    expect(pageError(await thrownBy(() => parseConfig({ ...config, nAgents: 999 })))).toMatchObject({
      message: 'Agents is 999, but must be a whole number from 1 to 64.',
      hint: 'Change "Agents" under Settings and start again.',
    });
  });

  it('keep what is said beside a flag or a data structure', () => {
    expect(plainWords('Use better agents, or accept any trace (--accept any).')).toBe(
      'Use better agents, or accept any trace.',
    );
    expect(plainWords('Lower --endpoint-rate or --steps.')).toBe(
      'Lower "Requests per minute" or "Training steps".',
    );
    expect(plainWords('rsft has no trace: {"wrong traces":168,"cut":2}.')).toBe(
      'rsft has no trace: wrong traces 168, cut 2.',
    );
    expect(plainWords("The GGUF's tokenizer is undefined with pre-tokenizer default.")).toBe(
      "The GGUF's tokenizer is missing with pre-tokenizer default.",
    );
    expect(plainWords('Nothing special: 3 of 4 (75 %).')).toBe('Nothing special: 3 of 4 (75 %).');
  });
});

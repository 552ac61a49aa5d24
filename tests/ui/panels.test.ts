/** The panels over the page: playground, help, shaders, runs; the tour; the keyboard. */
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { BusyError, ConfigError } from '../../src/core/errors';
import type { AskResult } from '../../src/wire/playground';
import type { RunArchive } from '../../src/records/runRecords';
import { unpacked } from './fixtures/saved';
import { zipFiles } from '../../src/ui/exports';
import { nativeKeys, shortcuts } from '../../src/ui/help/shortcuts';
import { guideSteps } from '../../src/ui/strings/guide';
import { guideCardStrings } from '../../src/ui/strings/guideCard';
import { glossary, termIds } from '../../src/ui/strings/glossary';
import { helpStrings } from '../../src/ui/strings/help';
import { makeArchive } from './fixtures/archive';
import { app, client, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

async function open(hash = '', recorded: RunArchive | null = makeArchive(40)): Promise<void> {
  await openPage(recorded, hash);
  await vi.waitFor(() => expect(app.session.connected).toBe(true));
  flushSync();
}
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const dialog = (name: string) => page.getByRole('dialog', { name });

const reply = (answer: string) => ({
  round: 0,
  agent: 0,
  model: 'student',
  reply: `3 + 4 = ${answer}. #### ${answer}`,
  answer,
  finishReason: 'stop' as const,
  tokens: 9,
});
const result = (answer: string): AskResult => ({
  answer,
  votes: null,
  tokens: 9,
  seconds: 0.2,
  replies: [reply(answer)],
});

beforeEach(async () => {
  client.adapterList = [
    { runId: 'old', runName: 'silver-tern', strategy: 'rsft', seed: 0, student: 'bundled', origin: 'run' },
    { runId: 'old', runName: 'silver-tern', strategy: 'da', seed: 0, student: 'bundled', origin: 'run' },
  ];
  client.kernelList = [
    { name: 'linear', source: '// y = W x.\n// Grid: a thread a row.\nfn main() { return; }', compiled: [] },
    {
      name: 'adamw',
      source: '// p = p - lr m.\nfn main() {}',
      compiled: [{ key: 'adamw VEC4', code: 'fn ran() {}' }],
    },
  ];
});
describe('the playground', () => {
  it('asks base, chosen adapters and the ensemble, and shows answers as they come', async () => {
    await open('#panel=ask');
    await expect.element(page.getByLabelText('Your question')).toHaveFocus();
    await vi.waitFor(() => expect(app.session.playground.examples).toHaveLength(3));
    const [example] = app.session.playground.examples;
    await button(example!.text).click();
    await page.getByLabelText('DA of silver-tern').click();
    let finish = (_: readonly AskResult[]): void => undefined;
    client.asked = new Promise((resolve) => (finish = resolve));
    await userEvent.keyboard('{Tab}');
    await dialog('Ask them a question').getByRole('button', { name: 'Ask', exact: true }).click();
    await vi.waitFor(() => expect(client.names()).toContain('ask'));
    const request = client.calls.find(([name]) => name === 'ask')![1] as { arms: object[] };
    expect(request.arms).toEqual([
      { type: 'base' },
      { type: 'distilled', runId: 'old', strategy: 'rsft', seed: 0 },
      { type: 'distilled', runId: 'old', strategy: 'da', seed: 0 },
      { type: 'ensemble' },
    ]);
    client.tellAsker({ type: 'text', arm: 0, round: 0, agent: 0, text: '3 + 4' });
    client.tellAsker({ type: 'text', arm: 0, round: 0, agent: 0, text: ' = 8' });
    await expect.element(page.getByText('3 + 4 = 8', { exact: true })).toBeVisible();
    client.tellAsker({ type: 'done', arm: 1, result: result(example!.gold) });
    client.tellAsker({ type: 'done', arm: 0, result: result('-1') });
    const answers = page.getByRole('region', { name: 'Answers' });
    await expect.element(answers.getByText('right', { exact: true })).toBeVisible();
    await expect.element(answers.getByText('wrong', { exact: true })).toBeVisible();
    await expect.element(button('Stop').last()).toBeEnabled();
    finish([]);
    await vi.waitFor(() => expect(app.session.playground.asking).toBe(false));
    expect(await violations()).toEqual([]);
  });

  it('takes in an adapter from a .zip, asks it, and lets it go again', async () => {
    await open('#panel=ask');
    await page.getByText('Import an adapter').click();
    const zip = await zipFiles({
      'out/adapter_config.json': new Uint8Array([123, 125]),
      'out/adapter_model.safetensors': new Uint8Array([1]),
      'out/README.md': new Uint8Array([2]),
    });
    await userEvent.upload(page.getByLabelText('Pick a .zip'), new File([zip], 'poet.adapter.zip'));
    await expect.element(page.getByText('poet is imported and chosen.')).toBeVisible();
    expect(client.calls.find(([name]) => name === 'importAdapter')).toEqual([
      'importAdapter',
      ['adapter_config.json', 'adapter_model.safetensors'],
      'poet',
      makeArchive(1).run.config.student,
    ]);
    await expect.element(page.getByRole('checkbox', { name: /poet/ })).toBeChecked();
    expect(app.session.playground.arms).toContainEqual({
      type: 'distilled',
      runId: 'imported',
      strategy: 'x',
      seed: 0,
    });
    expect(await violations()).toEqual([]);
    await button('Remove poet').click();
    await expect.element(page.getByRole('checkbox', { name: /poet/ })).not.toBeInTheDocument();
    expect(app.session.playground.arms.filter(({ type }) => type === 'distilled')).toHaveLength(1);

    const bare = await zipFiles({ 'adapter_config.json': new Uint8Array([123, 125]) });
    await userEvent.upload(page.getByLabelText('Pick a .zip'), new File([bare], 'bare.zip'));
    await expect.element(page.getByText('bare.zip has no adapter_model.safetensors.')).toBeVisible();
    await userEvent.upload(page.getByLabelText('Pick a .zip'), new File(['PK no'], 'torn.zip'));
    await expect.element(page.getByText('torn.zip is no .zip file, or it is damaged.')).toBeVisible();
  });

  it('does not offer agents that are a recording', async () => {
    const archive = makeArchive(4);
    const config = { ...archive.run.config, agents: ['recorded:imported'] };
    await open('#panel=ask', { ...archive, run: { ...archive.run, config } });
    await expect.element(page.getByText(/agents of this run are a recording/)).toBeVisible();
    expect(app.session.playground.arms.map(({ type }) => type)).not.toContain('ensemble');
  });

  it('reads what the run’s questions ask for, and from an example what that asks for', async () => {
    const archive = makeArchive(8);
    const questions = archive.questions.map((one, index) =>
      index === 0 ? one : { ...one, answerType: 'choice' as const, options: ['2', '4'], gold: 'B' },
    );
    await open('#panel=ask', { ...archive, questions });
    await page.getByLabelText('Your question').fill('Which is even: A) 3 or B) 4?');
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(app.session.playground.asking).toBe(false));
    await page.getByLabelText('Your question').fill(app.session.playground.examples[0]!.text);
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(client.names().filter((name) => name === 'ask')).toHaveLength(2));
    const asked = client.calls.filter(([name]) => name === 'ask').map(([, request]) => request);
    expect(asked).toMatchObject([{ answerType: 'choice' }, { answerType: 'number' }]);
  });

  it('names the words that the models do not know beside the question', async () => {
    client.failures.set(
      'ask',
      new ConfigError('student has no words "giraffes".', 'Take an example.', {
        details: { words: ['giraffes'] },
      }),
    );
    await open('#panel=ask');
    await page.getByLabelText('Your question').fill('Anna has 3 giraffes.');
    await userEvent.keyboard('{Enter}');
    const problem = dialog('Ask them a question').getByRole('alert').filter({ hasText: 'words' });
    await expect.element(problem).toHaveTextContent(/giraffes/);
    await expect.element(page.getByLabelText('Your question')).toHaveAttribute('aria-invalid', 'true');
    expect(app.session.notices.list).toEqual([]);
  });

  it('says so politely while a run works', async () => {
    client.failures.set('ask', new BusyError('A run is in progress already.', 'Wait.'));
    await open('#panel=ask');
    await page.getByLabelText('Your question').fill('How many?');
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText(/A run is in progress\. Stop or finish/)).toBeVisible();
  });
});

describe('the tour', () => {
  it('walks by keyboard through every step, stands in the address, and points at what it speaks of', async () => {
    await open();
    await userEvent.keyboard('g');
    for (const [at, id] of guideSteps.entries()) {
      await expect
        .element(page.getByRole('heading', { name: guideCardStrings.steps[id].title }))
        .toHaveFocus();
      expect(location.hash).toContain(`guide=${id}`);
      await vi.waitFor(() => expect(document.querySelectorAll('.guided')).toHaveLength(1));
      const ringed = document.querySelector('.guided')!;
      expect(ringed.matches('[data-guide]'), `${id} points at ${ringed.className}`).toBe(true);
      if (at === 1) expect(await violations()).toEqual([]);
      await userEvent.keyboard('{ArrowRight}');
    }
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('region', { name: 'Guided tour' })).not.toBeInTheDocument();
    expect(document.querySelectorAll('.guided')).toHaveLength(0);
    expect(location.hash).not.toContain('guide');
  });

  it('begins where the address says, and leaves the choices of the reader alone', async () => {
    await open('#guide=reading');
    await expect.element(page.getByText(guideCardStrings.steps.reading.title)).toBeVisible();
    const other = app.session.screen
      .view!.questionIds(null, null)
      .find((id) => id !== app.session.screen.selected)!;
    app.session.screen.selected = other;
    flushSync();
    expect(app.session.screen.selected).toBe(other);
  });
});

describe('help', () => {
  it('opens by ? and lists every shortcut and every native key', async () => {
    await open();
    await userEvent.keyboard('?');
    for (const { id } of [...shortcuts, ...nativeKeys]) {
      await expect
        .element(dialog('Help').getByRole('cell', { name: helpStrings.keys[id], exact: true }))
        .toBeInTheDocument();
    }
    expect(new Set(shortcuts.map(({ key }) => key)).size).toBe(shortcuts.length);
    expect(await violations()).toEqual([]);
  });

  it('explains a term where it stands, by keyboard, and Escape closes it', async () => {
    await open('#step=compare');
    const term = page.getByRole('button', { name: 'Wilson interval' });
    (term.element() as HTMLElement).focus();
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByText(/that holds the true accuracy/)).toBeVisible();
    await expect.element(term).toHaveAttribute('aria-expanded', 'true');
    expect(await violations()).toEqual([]);
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByText(/that holds the true accuracy/)).not.toBeVisible();
  });

  it('explains every term of the glossary, and each view has its own terms beside what they are about', async () => {
    await open('#panel=help');
    for (const id of termIds) {
      await expect.element(dialog('Help').getByText(glossary[id].text)).toBeInTheDocument();
    }
    await button('Close').click();
    const terms = async (step: string): Promise<string[]> => {
      await page.getByRole('tab', { name: new RegExp(step) }).click();
      return [...target.querySelectorAll('.panel .term')].map((node) => node.textContent ?? '');
    };
    expect(await terms('Debate')).toEqual(expect.arrayContaining(['Debate', 'Round', 'Vote']));
    expect(await terms('Distil')).toEqual(expect.arrayContaining(['Trace', 'RSFT', 'Loss', 'LoRA']));
    expect(await terms('Compare')).toEqual(
      expect.arrayContaining(['Wilson interval', 'Minimum detectable effect', 'McNemar mid-p']),
    );
  });

  it('shows each shader with its maths, and the form that ran', async () => {
    await open('#step=distil');
    await button('Show the shaders that ran this').click();
    await expect.element(page.getByText('1 variant has run in this session.')).toBeVisible();
    await expect.element(dialog('The shaders').getByText('y = W x.')).toBeVisible();
    await page.getByRole('button', { name: /^adamw/ }).click();
    await expect.element(dialog('The shaders').getByText('p = p - lr m.')).toBeVisible();
    await page.getByRole('combobox', { name: 'Variant' }).selectOptions('adamw VEC4');
    await expect.element(page.getByRole('region', { name: 'Source' })).toHaveTextContent('fn ran() {}');
    expect(await violations()).toEqual([]);
  });
});

describe('single keys', () => {
  it('open panels, choose views and walk questions, but not while text is typed', async () => {
    await open();
    await userEvent.keyboard('3');
    await expect.element(page.getByRole('tab', { name: /Compare/ })).toHaveAttribute('aria-selected', 'true');
    await userEvent.keyboard('1j');
    const first = app.session.screen.selected;
    await userEvent.keyboard('j');
    expect(app.session.screen.selected).not.toBe(first);
    await userEvent.keyboard('a');
    await expect.element(dialog('Ask them a question')).toBeVisible();
    await page.getByLabelText('Your question').fill('');
    await userEvent.keyboard('3um');
    await expect.element(page.getByLabelText('Your question')).toHaveValue('3um');
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  });

  it('can be turned off, and stay off', async () => {
    await open('#panel=help');
    await page.getByLabelText(/Single-key shortcuts/).click();
    await button('Close').click();
    await userEvent.keyboard('3');
    expect(app.session.screen.step).toBe('debate');
    expect(localStorage.getItem('arklet-appearance')).toContain('"singleKeys":false');
  });

  it('run, pause, step and stop a run', async () => {
    await open();
    await userEvent.keyboard('r');
    await expect.element(button('Pause')).toBeEnabled();
    await userEvent.keyboard('p');
    await expect.element(button('Step')).toBeEnabled();
    await userEvent.keyboard('.');
    await userEvent.keyboard('x');
    await vi.waitFor(() =>
      expect(client.names().filter((name) => /^(start|pause|step|stop)$/.test(name))).toEqual([
        'start',
        'pause',
        'step',
        'stop',
      ]),
    );
  });

  it('restart in presentation mode with the same seed when asked twice, and delete nothing', async () => {
    await open('#preset=quick&seed=7&stage=on');
    expect(document.documentElement.classList.contains('stage')).toBe(true);
    await userEvent.keyboard('r');
    await expect.element(button('Pause')).toBeEnabled();
    await userEvent.keyboard('r');
    await expect.element(page.getByText(/R again stops it and starts a new one/)).toBeVisible();
    expect(client.names().filter((name) => /^(stop|start)$/.test(name))).toEqual(['start']);
    await userEvent.keyboard('r');
    await vi.waitFor(() => expect(client.names().filter((name) => name === 'start')).toHaveLength(2));
    const seeds = client.calls
      .filter(([name]) => name === 'start')
      .map(([, config]) => (config as { seed: number }).seed);
    expect(seeds).toEqual([7, 7]);
    expect(client.names()).not.toContain('remove');
    await userEvent.keyboard('m');
    expect(document.documentElement.classList.contains('stage')).toBe(false);
  });

  it.each(['while the old run is being stopped', 'while the new run is being started'])(
    'remember a stop that comes in the midst of a restart: %s',
    async (when) => {
      await open('#preset=quick&seed=7&stage=on');
      await userEvent.keyboard('r');
      await expect.element(button('Pause')).toBeEnabled();
      const held = Promise.withResolvers<void>();
      const { control } = client.api;
      const name = when.includes('stopped') ? 'stop' : 'start';
      const real = control[name] as (...given: unknown[]) => Promise<never>;
      const spied = vi.spyOn(control, name).mockImplementationOnce(async (...given: unknown[]) => {
        await held.promise;
        return real(...given);
      });
      await userEvent.keyboard('rr');
      await vi.waitFor(() => expect(spied).toHaveBeenCalled());
      await expect.element(button('Stop')).toBeEnabled();
      await userEvent.keyboard('x');
      held.resolve();
      await vi.waitFor(() => expect(app.session.controls.starting).toBe(false));
      await vi.waitFor(() => expect(app.session.controls.active).toBe(false));
      expect(client.runs.filter(({ status }) => status === 'running')).toEqual([]);
      const starts = client.names().filter((each) => each === 'start').length;
      expect(starts).toBe(name === 'stop' ? 1 : 2);
    },
  );
});

describe('the runs', () => {
  beforeEach(() => {
    client.store({ id: 'one', name: 'silver-tern', status: 'done', createdAt: 1 });
    const two = client.store({ id: 'two', name: 'calm-finch', status: 'done', createdAt: 2 });
    client.archives.set('two', {
      ...client.archives.get('two')!,
      run: { ...two, config: { ...two.config, rank: 32 } },
    });
  });

  it('carry notes, are pinned as the one baseline, and give their settings to the panel', async () => {
    await open('#panel=runs');
    await page.getByRole('textbox', { name: 'Note: silver-tern' }).fill('first try');
    await userEvent.keyboard('{Tab}');
    await vi.waitFor(() => expect(client.calls).toContainEqual(['update', 'one', { note: 'first try' }]));
    await button('Pin as baseline: silver-tern').click();
    await button('Pin as baseline: calm-finch').click();
    await vi.waitFor(() =>
      expect(app.session.stored.runs.filter(({ pinned }) => pinned).map(({ id }) => id)).toEqual(['two']),
    );
    await button('Use its settings').nth(1).click();
    await expect.element(dialog('Settings')).toBeVisible();
  });

  it('are compared: settings that differ, curves with a table, arms with their distance to the baseline', async () => {
    await open('#panel=runs');
    await button('Pin as baseline: silver-tern').click();
    // What the button is for while there is nothing to compare yet.
    await expect.element(button('Compare runs')).toBeDisabled();
    await page.getByLabelText('Compare silver-tern').click();
    await expect.element(button('Compare runs')).toBeDisabled();
    await page.getByLabelText('Compare calm-finch').click();
    await button('Compare 2 runs').click();
    const panel = dialog('Compare runs');
    await expect.element(panel.getByRole('row', { name: /^LoRA rank \d/ })).toBeVisible();
    await expect.element(panel.getByRole('img', { name: /Smoothed training loss/ })).toBeVisible();
    const rows = panel.getByRole('region', { name: 'Runs and their result' }).getByRole('row');
    await expect.element(rows.nth(1)).toHaveTextContent(/silver-tern.*Baseline/);
    await expect.element(rows.nth(2)).toHaveTextContent(/calm-finch.*different questions, unpaired.*32/);
    await panel.getByText('Show as a table').last().click();
    await expect.element(panel.getByRole('rowheader', { name: '200' })).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  it('are in the trash after a reload, from where they are restored or removed for good', async () => {
    client.binned = [{ ...client.runs.shift()!, deletedAt: Date.now() }];
    await open('#panel=runs');
    await page.getByText('Trash (1)').click();
    expect(await violations()).toEqual([]);
    await button('Restore: silver-tern').click();
    await vi.waitFor(() => expect(app.session.stored.runs.map(({ id }) => id)).toContain('one'));
  });

  it('leave as one file that holds the adapters, and as a link that holds settings and seed alone', async () => {
    await open('#panel=runs');
    const link = app.session.settings.hashOf({ ...app.session.stored.runs[0]!.config, seed: 9, rank: 32 });
    expect(new URLSearchParams(link).get('seed')).toBe('9');
    expect(new URLSearchParams(link).get('rank')).toBe('32');
    await page.getByText('Export', { exact: true }).nth(1).click();
    const file = unpacked();
    await button('Whole run with its adapters (.json.gz)').first().click();
    expect((await file).format).toBe('arklet-run');
    expect(client.calls.filter(([name]) => name === 'archive').at(-1)).toEqual([
      'archive',
      expect.any(String),
      true,
    ]);
  });
});

describe('every panel', () => {
  const panels = ['ask', 'runs', 'settings', 'device', 'help', 'kernels'] as const;
  it.each(panels.flatMap((panel) => (['light', 'dark'] as const).map((theme) => [panel, theme] as const)))(
    '%s passes axe in %s',
    async (panel, theme) => {
      client.store({ id: 'one', name: 'silver-tern', status: 'done' });
      localStorage.setItem('arklet-appearance', JSON.stringify({ theme }));
      await open(`#panel=${panel}`);
      await expect.element(page.getByRole('dialog')).toBeVisible();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await violations()).toEqual([]);
    },
  );

  it.each([...panels, 'guide'] as const)('%s fits a phone of 390 px', async (panel) => {
    await page.viewport(390, 844);
    await open(panel === 'guide' ? '#guide=table' : `#panel=${panel}`);
    await vi.waitFor(() => expect(innerWidth).toBe(390));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const wide = [document.documentElement, ...document.querySelectorAll('dialog .content')];
    for (const node of wide) expect(node.scrollWidth).toBeLessThanOrEqual(node.clientWidth);
  });
});

/** What a student explores with: the hero, ties, the runs list, comparing, exports, time left, the address, the next training, Ask. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { AdapterPlace } from '../../src/wire/runs';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunArchive, RunRecord } from '../../src/records/runRecords';
import { makeArchive, makeTurn } from './fixtures/archive';
import { app, client, openPage, target, usePage, violations } from './fixtures/mounted';
import { saved } from './fixtures/saved';

usePage();

async function open(hash = '', recorded: RunArchive | null = makeArchive(40)): Promise<void> {
  await openPage(recorded, hash);
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });
const dialog = (name: string) => page.getByRole('dialog', { name });
const address = (): URLSearchParams => new URLSearchParams(location.hash.slice(1));
const popped = (): Promise<unknown> =>
  new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));

async function back(): Promise<void> {
  const moved = popped();
  history.back();
  await moved;
}

/** A finished run of the scripted client that says what the recorded one does. */
function store(change: Partial<RunRecord>, count = 40): RunRecord {
  const run = client.store(change);
  const archive = makeArchive(count);
  client.archives.set(run.id, {
    ...archive,
    run,
    turns: archive.turns.map((turn) => ({ ...turn, runId: run.id })),
  });
  return run;
}

describe('the result at a glance', () => {
  it('holds one agent alone, decoded as the student is, beside the ensemble', async () => {
    await open();
    const row = target.querySelector('[data-kind=single]')!;
    expect(row.textContent).toMatch(/One agent, greedy/);
    expect(row.textContent).toMatch(/60\u00a0%/);
    await expect
      .element(page.getByText(/is better than the best single agent \(greedy, as the student is decoded\)/))
      .toBeVisible();
  });

  it('gives no share of the ensemble’s gain where the student fell', async () => {
    const archive = makeArchive(40);
    const [first, ...rest] = archive.report!.pairs;
    const fell = { ...first!, difference: -0.1, ci: [-0.15, -0.05] as const };
    const gainKept = { strategy: 'rsft', ensemble: 'debate', value: -0.4, ci: [-6, 0] as const };
    await open('', { ...archive, report: { ...archive.report!, pairs: [fell, ...rest], gainKept } });
    await expect.element(page.getByText(/made the student worse/)).toBeVisible();
    expect(target.querySelector('.headline')!.textContent).not.toMatch(/keeps|share/);
  });
});

describe('a run that came to the bytes of the recorded one', () => {
  it('says so, and offers the next seed', async () => {
    store({ id: 'again', name: 'silver-tern', status: 'done' });
    await open();
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(1));
    await app.session.screen.open('again');
    await expect
      .element(page.getByText('Your machine reproduced the recorded run byte for byte (seed 0).'))
      .toBeVisible();
    await button('Run with seed 1').click();
    await vi.waitFor(() => expect(client.names()).toContain('start'));
    expect(client.calls.find(([name]) => name === 'start')![1]).toMatchObject({ seed: 1 });
  });

  it('is not claimed where one answer or one byte of an adapter differs', async () => {
    const run = store({ id: 'other', name: 'calm-finch', status: 'done' });
    const archive = client.archives.get(run.id)!;
    const turns = archive.turns.map((turn, at) => (at === 5 ? { ...turn, reply: `${turn.reply} ` } : turn));
    client.archives.set(run.id, { ...archive, turns });
    store({ id: 'adapter', name: 'silver-tern', status: 'done' });
    client.adapterList = [
      {
        runId: 'fixture',
        runName: 'amber-finch',
        strategy: 'rsft',
        seed: 0,
        student: 'bundled',
        origin: 'recorded',
      },
    ];
    const bytes = (id: string) => ({
      'adapter_model.safetensors': new Uint8Array([1, id === 'fixture' ? 2 : 3]),
    });
    Object.assign(client.api.runs, { adapter: async ({ runId }: AdapterPlace) => bytes(runId) });
    await open();
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(2));
    for (const id of ['other', 'adapter']) {
      await app.session.screen.open(id);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await expect.element(page.getByText(/byte for byte/)).not.toBeInTheDocument();
    }
  });
});

describe('a tied vote', () => {
  it('says how many answers share it and which one counts, and one voter is no majority', async () => {
    const archive = makeArchive(4);
    const [question] = archive.questions;
    const say = (round: number, agent: number, answer: string) =>
      makeTurn(question!, { round, agent }, answer);
    const first = ['1', '2', '3'].map((answer, agent) => say(0, agent, answer));
    await open('', {
      ...archive,
      questions: [question!],
      turns: [...first, ...[0, 1, 2].map((agent) => say(1, agent, question!.gold))],
    });
    const round = page.getByRole('region', { name: 'Alone' });
    await expect.element(round.getByText('3-way tie: a draw by the seed decides')).toBeVisible();
    await expect.element(page.getByText('(a 3-way tie: a draw decided)')).toBeVisible();
    const slider = target.querySelector<HTMLInputElement>('input[type=range]')!;
    slider.value = '1';
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await expect.element(round.getByText('1 vote so far')).toBeVisible();
  });
});

describe('the list of runs', () => {
  beforeEach(() => {
    store({ id: 'one', name: 'silver-tern', status: 'done', createdAt: 1 });
    const best = store({ id: 'two', name: 'calm-finch', status: 'done', createdAt: 2 });
    const archive = client.archives.get('two')!;
    const arms = archive.report!.arms.map((arm) =>
      arm.name === 'distilled:rsft' ? { ...arm, accuracy: 0.9, ci: [0.86, 0.93] as const } : arm,
    );
    client.archives.set('two', { ...archive, run: best, report: { ...archive.report!, arms } });
    client.store({
      id: 'bad',
      name: 'dim-owl',
      status: 'failed',
      phase: 'load',
      createdAt: 3,
      error: { code: 'model', message: 'The model has no weights.', hint: '' },
    });
    client.archives.set('bad', { ...client.archives.get('bad')!, report: null });
  });

  const names = (): string[] =>
    [...document.querySelectorAll<HTMLInputElement>('dialog > .inside .drawer > ul .name')].map(
      ({ value }) => value,
    );

  it('shows result, agents, questions, strategies and seed of each, and folds failed attempts away', async () => {
    await open('#panel=runs');
    await vi.waitFor(() => expect(names()).toEqual(['calm-finch', 'silver-tern']));
    const row = document.querySelector('[data-run=two]')!;
    await vi.waitFor(() => expect(row.textContent).toMatch(/32\.7\s%\s→\s*90\.0\s%/));
    expect(row.textContent).toMatch(/86\.0\s% – 93\.0\s%/);
    expect(row.textContent).toMatch(
      /3 agents · 300 test questions · RSFT · independent samples, one agent, greedy · seed 0/,
    );
    await expect.element(page.getByText('1 failed attempt')).toBeVisible();
    await expect.element(page.getByText('The model has no weights.')).not.toBeVisible();
    await page.getByText('1 failed attempt').click();
    await expect.element(page.getByText('The model has no weights.')).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  it('is sorted by result and filtered by words, and each row is low', async () => {
    await open('#panel=runs');
    await vi.waitFor(() => expect(names()).toHaveLength(2));
    await page.getByLabelText('Sort by').selectOptions('Oldest first');
    expect(names()).toEqual(['silver-tern', 'calm-finch']);
    await page.getByLabelText('Sort by').selectOptions('Accuracy after');
    await vi.waitFor(() => expect(names()).toEqual(['calm-finch', 'silver-tern']));
    await page.getByLabelText('Filter').fill('silver');
    expect(names()).toEqual(['silver-tern']);
    expect(document.querySelector('[data-run=one]')!.getBoundingClientRect().height).toBeLessThan(140);
  });
});

describe('runs that are compared', () => {
  beforeEach(() => {
    for (const [at, name] of ['silver-tern', 'calm-finch', 'dim-owl', 'red-fox'].entries()) {
      const run = store({ id: name, name, status: 'done', createdAt: at });
      const config = { ...run.config, seed: at % 2, rank: at < 2 ? 8 : 16 };
      const archive = client.archives.get(name)!;
      client.archives.set(name, { ...archive, run: { ...run, config } });
    }
    client.archives.set('red-fox', { ...client.archives.get('red-fox')!, report: null });
  });

  it('stand in the address, as rows with the settings that differ, without the unfinished', async () => {
    await open('#panel=compare-runs&compare=silver-tern,calm-finch,dim-owl,red-fox');
    const panel = dialog('Compare runs');
    await expect.element(panel.getByText(/Left out, because they have no result: red-fox/)).toBeVisible();
    const table = panel.getByRole('region', { name: 'Runs and their result' });
    await expect.element(table.getByRole('columnheader', { name: 'LoRA rank' })).toBeVisible();
    await expect.element(table.getByRole('columnheader', { name: 'Seed' })).toBeVisible();
    await expect.element(table.getByRole('row', { name: /dim-owl/ })).toHaveTextContent(/unpaired/);
    const groups = panel.getByRole('region', { name: 'Groups' });
    await expect.element(groups.getByRole('row', { name: /LoRA rank 8 2/ })).toBeVisible();
    await panel.getByLabelText('Group by').selectOptions('Seed');
    await expect.element(groups.getByRole('row', { name: /Seed 0 2/ })).toBeVisible();
    expect(await violations()).toEqual([]);
    expect(address().get('compare')).toBe('silver-tern,calm-finch,dim-owl,red-fox');
  });

  it('leave as CSV with full numbers', async () => {
    await open('#panel=compare-runs&compare=silver-tern,calm-finch');
    const file = saved();
    await button('Save as CSV: Runs and their result').click();
    const lines = (await (await file).text()).trim().split('\r\n');
    expect(lines[0]).toContain('run,arm,seed,n,correct,accuracy,ci_low,ci_high,difference');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^silver-tern,distilled:rsft,0,300,199,0\.6633/);
  });
});

describe('runs along a setting', () => {
  it('are drawn with their intervals, have a table, and leave the page; without a setting in order there is nothing', async () => {
    for (const [at, rank] of [8, 16, 16].entries()) {
      const run = store({ id: `rank-${at}`, name: `rank-${at}`, status: 'done', createdAt: at });
      const config = {
        ...run.config,
        seed: at,
        rank,
        visibility: at === 2 ? ('ring' as const) : run.config.visibility,
      };
      client.archives.set(run.id, { ...client.archives.get(run.id)!, run: { ...run, config } });
    }
    await open('#panel=compare-runs&compare=rank-0,rank-1,rank-2');
    const panel = dialog('Compare runs');
    const name = 'Accuracy of each arm in percent by the setting LoRA rank';
    await expect.element(panel.getByRole('img', { name })).toBeVisible();
    await expect.element(panel.getByText(/These runs also differ in: Who reads whom/)).toBeVisible();
    await vi.waitFor(
      () => expect(target.querySelector('.u-legend')?.textContent).toMatch(/Vote after the debate/),
      5000,
    );
    const svg = saved();
    await button('Save as SVG: Accuracy by: LoRA rank').click();
    const drawn = new DOMParser().parseFromString(await (await svg).text(), 'image/svg+xml');
    const lines = drawn.querySelectorAll('polyline').length;
    expect(lines).toBeGreaterThan(1);
    expect(drawn.querySelectorAll('circle').length).toBe(3 * lines);
    const section = [...target.querySelectorAll('section')].find(
      (one) => one.querySelector('h3')?.textContent === 'Accuracy by a setting',
    )!;
    section.querySelector('summary')!.click();
    const table = panel.getByRole('region', { name: 'Accuracy by the setting as a table' });
    await expect.element(table.getByRole('row', { name: /^8 rank-0/ })).toBeVisible();
    const csv = saved();
    await button('Save as CSV: Accuracy by: LoRA rank').click();
    expect(await (await csv).text()).toMatch(/rank,run,arm,n,accuracy,ci_low,ci_high\r\n8,rank-0,/);
    expect(await violations()).toEqual([]);
  });

  it('show nothing where only seeds and unordered choices differ', async () => {
    for (const [at, visibility] of (['all', 'ring'] as const).entries()) {
      const run = store({ id: visibility, name: visibility, status: 'done', createdAt: at });
      const config = { ...run.config, seed: at, visibility };
      client.archives.set(run.id, { ...client.archives.get(run.id)!, run: { ...run, config } });
    }
    await open('#panel=compare-runs&compare=all,ring');
    await expect
      .element(dialog('Compare runs').getByRole('region', { name: 'Runs and their result' }))
      .toBeVisible();
    expect(target.textContent).not.toContain('Accuracy by a setting');
  });
});

describe('every figure leaves the page', () => {
  it('the arms as CSV and Markdown, the plot as SVG and PNG', async () => {
    await open('#step=compare');
    const csv = saved();
    await button('Save as CSV: Who got how many right').click();
    expect(await (await csv).text()).toMatch(/distilled:rsft,300,199,0\.6633/);
    let copied = '';
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation(async (text) => void (copied = text));
    await button('Copy as Markdown: Who got how many right').click();
    await vi.waitFor(() => expect(copied).toMatch(/^\| arm \| name \|/));
    const svg = saved();
    await button('Save as SVG: Accuracy against cost').click();
    const drawn = new DOMParser().parseFromString(await (await svg).text(), 'image/svg+xml');
    expect(drawn.querySelector('parsererror')).toBeNull();
    expect(drawn.querySelectorAll('path').length).toBe(7);
    expect(drawn.documentElement.outerHTML).not.toContain('var(--');
    const png = saved();
    await button('Save as PNG: Accuracy against cost').click();
    const picture = await createImageBitmap(await png);
    expect(picture.width).toBeGreaterThan(600);
  });

  it('the loss as SVG with a line each, and every step as CSV', async () => {
    await open('#step=distil');
    await vi.waitFor(() => expect(target.querySelectorAll('canvas')).toHaveLength(2));
    const title = 'Loss on the training data and on held-out questions, by step';
    const svg = saved();
    await button(`Save as SVG: ${title}`).click();
    const drawn = new DOMParser().parseFromString(await (await svg).text(), 'image/svg+xml');
    expect(drawn.querySelector('parsererror')).toBeNull();
    expect(drawn.querySelectorAll('polyline')).toHaveLength(3);
    const csv = saved();
    await button(`Save as CSV: ${title}`).click();
    expect((await (await csv).text()).trim().split('\r\n')).toHaveLength(201);
  });
});

describe('the time that is left', () => {
  const figure = (name: string): string | null | undefined =>
    [...target.querySelectorAll('.transport dt')].find((term) => term.textContent === name)
      ?.nextElementSibling?.textContent;
  const progress = (change: Partial<Extract<JobEvent, { type: 'progress' }>>): JobEvent => ({
    type: 'progress',
    runId: 'new',
    phase: 'debate',
    status: 'running',
    done: 500,
    total: 1000,
    detail: null,
    secondsLeft: 30.5,
    tokensPerSecond: 1000,
    bytes: null,
    ...change,
  });

  /** The recorded run, timed: 61 s of debate, 48 s of training, 30 s of evaluation. */
  function timed(): RunArchive {
    const archive = makeArchive(40);
    return {
      ...archive,
      report: { ...archive.report!, timings: { load: 1, debate: 61, distil: 48, evaluate: 30 } },
    };
  }

  it('is of the whole run, before it starts and while it works, and never milliseconds', async () => {
    await open('', timed());
    await expect
      .element(page.getByText(/It would take about 2 min 20 s on the machine of the recording/))
      .toBeVisible();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    // Half of the debate took as long as was expected: training and evaluation are still to come.
    client.emit(progress({}));
    await vi.waitFor(() => expect(figure('Time left')).toBe('1 min 49 s'));
    client.emit(progress({ phase: 'evaluate', done: 999, secondsLeft: 0.001 }));
    await vi.waitFor(() => expect(figure('Time left')).toBe('under 1 s'));
  });

  it('is of the phase alone, and says so, where nothing like it was timed', async () => {
    await open('#agents=hf:a/b', timed());
    await button('Run with the chosen models').click();
    await expect.element(button('Pause')).toBeVisible();
    client.emit(progress({}));
    await vi.waitFor(() => expect(figure('Time left')).toBe('31 s'));
    expect(target.querySelector('.transport .scope')?.textContent).toBe('this phase');
  });
});

describe('the address and Back', () => {
  it('Back closes a panel and goes through steps, and Settings survive it', async () => {
    await open();
    await vi.waitFor(() => expect(app.session.settings.config).not.toBeNull());
    await page.getByRole('tab', { name: /Compare/ }).click();
    await vi.waitFor(() => expect(address().get('step')).toBe('compare'));
    await button('Settings').click();
    await expect.element(dialog('Settings')).toBeVisible();
    app.session.settings.set('nAgents', 5);
    await vi.waitFor(() => expect(address().get('n-agents')).toBe('5'));
    await back();
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
    expect(app.session.screen.step).toBe('compare');
    await vi.waitFor(() => expect(address().get('n-agents')).toBe('5'));
    await back();
    await vi.waitFor(() => expect(app.session.screen.step).toBe('debate'));
    expect(app.session.settings.config?.nAgents).toBe(5);
  });

  it('a panel that was closed does not open again by Back', async () => {
    await open('#step=distil');
    await page.getByRole('tab', { name: /Compare/ }).click();
    await button('Runs').click();
    await button('Close').click();
    await vi.waitFor(() => expect(address().get('panel')).toBeNull());
    await back();
    await vi.waitFor(() => expect(app.session.screen.step).toBe('distil'));
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
  });

  it('a stored run and a question have an address, which shows them again', async () => {
    store({ id: 'one', name: 'silver-tern', status: 'done' });
    const { id } = makeArchive(40).questions[2]!;
    await open(`#step=debate&run=one&question=${id}`);
    await vi.waitFor(() => expect(app.session.screen.view?.run.id).toBe('one'));
    await vi.waitFor(() => expect(app.session.screen.selected).toBe(id));
    expect(app.session.screen.step).toBe('debate');
    expect(address().get('run')).toBe('one');
    await button('Show the recorded run').click();
    await vi.waitFor(() => expect(address().get('run')).toBeNull());
    await back();
    await vi.waitFor(() => expect(app.session.screen.view?.run.id).toBe('one'));
  });

  it('leaving while a run works is asked about first', async () => {
    await open();
    const leave = (): boolean => dispatchEvent(new Event('beforeunload', { cancelable: true }));
    expect(leave()).toBe(true);
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    expect(leave()).toBe(false);
    await button('Stop').click();
    await vi.waitFor(() => expect(leave()).toBe(true));
  });
});

describe('learning another way from a debate', () => {
  it('has its own controls: the settings of the next run stay, what was trained stands beside, an agent can be left out', async () => {
    await open('#step=distil');
    await vi.waitFor(() => expect(app.session.settings.config).not.toBeNull());
    await expect.element(button('Learn another way from this debate')).toBeVisible();
    await page.getByRole('checkbox', { name: /^DA up/ }).click();
    await page.getByText('Settings of the training').click();
    const steps = page.getByRole('spinbutton', { name: 'Training steps' });
    await steps.fill('70');
    await userEvent.keyboard('{Tab}');
    const without = page.getByRole('group', { name: 'Without the turns of' });
    await without.getByRole('button').nth(1).click();
    expect(app.session.settings.changed).toBe(false);
    await button('Train on this debate').click();
    await vi.waitFor(() => expect(client.names()).toContain('start'));
    const [, config] = client.calls.find(([name]) => name === 'start')!;
    expect(config).toMatchObject({ strategies: ['rsft', 'da'], steps: 70, exclude: ['*/*/1'] });
    expect(app.session.settings.changed).toBe(false);
  });

  it('comes to arms beside those of the run whose debate it uses, which is one click away', async () => {
    const parent = makeArchive(20);
    client.runs.length = 0;
    client.archives.set('parent', { ...parent, run: { ...parent.run, id: 'parent', name: 'old-heron' } });
    client.runs.push({ ...parent.run, id: 'parent', name: 'old-heron' });
    // Trained without an agent: the same arm answers otherwise, another is taken over, a third is new.
    const report = parent.report!;
    const items = report.items.map((item) => ({
      ...item,
      verdicts: {
        ...item.verdicts,
        'distilled:rsft': { ...item.verdicts['distilled:rsft']!, answer: 'other', correct: false },
      },
    }));
    const arms = report.arms.map((arm) =>
      arm.name === 'distilled:rsft' ? { ...arm, correct: 0, accuracy: 0, ci: [0, 0.02] as const } : arm,
    );
    const run = { ...parent.run, id: 'child', name: 'new-finch' };
    client.archives.set('child', { ...parent, run, report: { ...report, arms, items } });
    client.runs.push({ ...run, from: 'parent' });
    await open('#step=compare');
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(2));
    await app.session.screen.open('child');
    app.session.screen.chooseStep('compare');
    await expect.element(page.getByText(/This run learns from the debate of old-heron/)).toBeVisible();
    const rows = (): string[] =>
      [...target.querySelectorAll('[data-guide=arms] tbody tr')].map((row) => row.textContent ?? '');
    await vi.waitFor(() => expect(rows().filter((row) => row.includes('of old-heron'))).toHaveLength(1));
    expect(rows().filter((row) => row.includes('RSFT'))).toHaveLength(2);
    expect(await violations()).toEqual([]);
    await button('Open old-heron').click();
    await vi.waitFor(() => expect(app.session.screen.view?.run.id).toBe('parent'));
    await expect.element(page.getByText(/This run learns from the debate of/)).not.toBeInTheDocument();
  });

  it('a row that opens a thread says so', async () => {
    await open('#step=compare');
    await expect.element(page.getByText(/Choose a question to see what the student wrote/)).toBeVisible();
    const row = target.querySelector<HTMLElement>('.items [role=option] .row')!;
    expect(getComputedStyle(row).cursor).toBe('pointer');
  });
});

describe('a question of one’s own', () => {
  it('shows the words that the student does not know while they are typed, and takes the right answer', async () => {
    await open('#panel=ask');
    app.session.playground.words = new Set(['Anna', 'has', 'apples', '?', '.', 'How', 'many', '2', '+']);
    const field = page.getByLabelText('Your question');
    await field.fill('What is 2+2?');
    const marked = (name: string): Element[] => [...document.querySelectorAll(name)];
    await vi.waitFor(() =>
      expect(marked('mark').map(({ textContent }) => textContent)).toEqual(['What', 'is']),
    );
    await field.fill('Anna has app');
    await vi.waitFor(() => expect(marked('mark')).toHaveLength(0));
    await page.getByLabelText('Right answer, if you know it').fill('1,042');
    await userEvent.click(field);
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(client.names()).toContain('ask'));
    expect(app.session.playground.gold).toBe('1042');
  });

  it('that is a multiple choice is asked with its options, and its answer is a letter', async () => {
    await open('#panel=ask');
    app.session.playground.words = null;
    await page.getByLabelText('Your question').fill('Capital of France?');
    await page.getByText('Multiple choice', { exact: true }).click();
    await page.getByLabelText('Options, one a line').fill('Lyon\nParis\n');
    await page.getByLabelText('Right answer, if you know it').fill('b');
    await page.getByLabelText('Your question').click();
    await userEvent.keyboard('{Enter}');
    await vi.waitFor(() => expect(client.names()).toContain('ask'));
    const [, request] = client.calls.find(([name]) => name === 'ask')!;
    expect(request).toMatchObject({ answerType: 'choice', options: ['Lyon', 'Paris'] });
    expect(app.session.playground.gold).toBe('B');
    expect(await violations()).toEqual([]);
  });

  it('that is one of the run’s own choices takes the options along', async () => {
    await open('#panel=ask');
    const own = makeArchive(8);
    const [first, ...others] = own.questions;
    const options = ['one', 'two', 'three'];
    const question = { ...first!, text: 'Which one?', gold: 'B', answerType: 'choice' as const, options };
    client.archives.set('choices', {
      ...own,
      questions: [question, ...others],
      run: { ...own.run, id: 'choices' },
    });
    await app.session.screen.open('choices');
    app.session.playground.text = 'Which one?';
    await app.session.playground.ask();
    const [, request] = client.calls.find(([name]) => name === 'ask')!;
    expect(request).toMatchObject({ question: 'Which one?', answerType: 'choice', options });
  });
});

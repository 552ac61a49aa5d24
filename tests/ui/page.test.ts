import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cdp, page, userEvent } from 'vitest/browser';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunArchive } from '../../src/records/runRecords';
import { packArchive } from '../../src/ui/archiveFile';
import { makeArchive, sixQuestions } from './fixtures/archive';
import { app, client, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

async function open(recorded: RunArchive | null = makeArchive(60), hash = ''): Promise<void> {
  await openPage(recorded, hash);
}

const tab = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('tab', { name: new RegExp(name) });
const button = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });
const options = (): Element[] => [...target.querySelectorAll('[role=option]')];

describe('the first paint', () => {
  it('shows the recorded debate, its result and the three steps', async () => {
    await open();
    await expect.element(page.getByText(/Distilling lifted the student/)).toBeVisible();
    await expect.element(tab('Debate')).toHaveAttribute('aria-selected', 'true');
    await expect.element(tab('Distil')).toHaveTextContent('640 traces');
    await expect.element(tab('Compare')).toHaveTextContent(/Student 33.% → 66.%/);
    await expect.element(page.getByText('Recorded run').first()).toBeVisible();
    expect(options().length).toBeGreaterThan(3);
  });

  it('says what to do where no run was recorded', async () => {
    await open(null);
    await expect.element(page.getByText(/No recorded run came with this build/)).toBeVisible();
    await expect.element(button('Run on the bundled models')).toBeEnabled();
  });

  it('names a setting of the address that it cannot read', async () => {
    await open(makeArchive(4), '#preset=quick&n-agents=many');
    await expect.element(page.getByText('The address sets n-agents to "many".')).toBeVisible();
    await button('Dismiss').click();
    await expect.element(page.getByText('The address sets n-agents to "many".')).not.toBeInTheDocument();
  });
});

describe('what a run would contact', () => {
  const nothing = page.getByText('Nothing leaves this machine.');

  it('is nothing with the bundled models, and then the page says so', async () => {
    await open(null);
    await expect.element(nothing).toBeVisible();
  });

  it('is named before Run, wherever a model comes from elsewhere, also beside a stored run', async () => {
    client.store({ id: 'old', name: 'silver-tern', status: 'done' });
    await open(makeArchive(4), '#agents=endpoint:http://192.0.2.1:8080/v1%23m&student=hf:a/b');
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(1));
    await app.session.screen.open('old');
    await expect
      .element(page.getByText(/^A run with the chosen models contacts 192\.0\.2\.1:8080, huggingface\.co, /))
      .toBeVisible();
    await expect.element(nothing).not.toBeInTheDocument();
    app.session.settings.reset();
    await expect.element(nothing).toBeVisible();
  });
});

describe('the debate', () => {
  it('keeps a list of 5,000 questions short in the page, and reaches its end by one key', async () => {
    await open(makeArchive(5000));
    expect(options().length).toBeLessThan(40);
    const list = page.getByRole('listbox', { name: 'Questions' });
    (list.element() as HTMLElement).focus();
    await userEvent.keyboard('{End}');
    await vi.waitFor(() =>
      expect(target.querySelector('[role=option][aria-selected=true]')?.getAttribute('aria-posinset')).toBe(
        '5000',
      ),
    );
    await expect.element(page.getByText('5,000 of 5,000').first()).toBeVisible();
    expect(options().length).toBeLessThan(40);
  });

  it('filters the questions by what happened', async () => {
    const archive = makeArchive(60);
    await open(archive);
    const chip = page.getByRole('button', { name: /^Flipped/ });
    const count = Number(/\d+/.exec(chip.element().textContent ?? '')?.[0]);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(60);
    await chip.click();
    await expect.element(chip).toHaveAttribute('aria-pressed', 'true');
    expect(options()[0]?.getAttribute('aria-setsize')).toBe(String(count));
    await expect.element(page.getByText('vote changed').first()).toBeVisible();
  });

  it('tells right from wrong by a word, and who was read before a change of mind', async () => {
    await open();
    const round = page.getByRole('region', { name: 'Round 1' });
    await expect.element(round.getByText('right', { exact: true }).first()).toBeVisible();
    await expect.element(round.getByText(/after reading/).first()).toBeVisible();
  });
});

describe('moving by keyboard', () => {
  it('walks the steps with the arrows', async () => {
    await open();
    (tab('Debate').element() as HTMLElement).focus();
    await userEvent.keyboard('{ArrowRight}');
    await expect.element(tab('Distil')).toHaveFocus();
    await expect.element(page.getByText('640 of 4,800 traces kept')).toBeVisible();
    await userEvent.keyboard('{End}');
    await expect.element(tab('Compare')).toHaveAttribute('aria-selected', 'true');
    expect(location.hash).toContain('step=compare');
  });

  it('closes a panel by Escape and gives the focus back', async () => {
    await open();
    (button('Settings').element() as HTMLElement).focus();
    await userEvent.keyboard('{Enter}');
    await expect.element(page.getByRole('dialog', { name: 'Settings' })).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
    await expect.element(button('Settings')).toHaveFocus();
  });
});

describe('the comparison', () => {
  it('has every arm and pair with its interval, and filters of single questions', async () => {
    await open(makeArchive(60), '#step=compare');
    for (const name of ['Base student', 'Vote of 3', 'Distilled: RSFT']) {
      await expect.element(page.getByRole('row', { name: new RegExp(name) }).first()).toBeVisible();
    }
    await expect.element(page.getByText('27.4\u00a0% – 38.0\u00a0%')).toBeVisible();
    await expect.element(page.getByText('PGR 73\u00a0%')).toBeVisible();
    await page.getByRole('button', { name: /^Gained/ }).click();
    for (const option of options()) expect(option.textContent).toMatch(/wrong[\s\S]*right/);
  });
});

describe('training', () => {
  it('draws the loss and gives the same numbers as a table', async () => {
    await open(makeArchive(60), '#step=distil');
    await vi.waitFor(() => expect(target.querySelectorAll('canvas')).toHaveLength(2));
    await page.getByText('Show as a table').click();
    await expect.element(page.getByRole('rowheader', { name: '200' })).toBeInTheDocument();
  });

  it('leads from a trace back to its debate', async () => {
    await open(makeArchive(60), '#step=distil');
    await page.getByRole('option').first().click();
    await button('Open its debate').click();
    await expect.element(tab('Debate')).toHaveAttribute('aria-selected', 'true');
  });
});

describe('a run', () => {
  it('is started, paused, stepped and stopped in one place', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeEnabled();
    await expect.element(button('Step')).toBeDisabled();
    await button('Pause').click();
    await button('Step').click();
    await button('Stop').click();
    await expect.element(page.getByText(/calm-otter was interrupted/)).toBeVisible();
    expect(client.names().filter((name) => /^(start|pause|step|stop)$/.test(name))).toEqual([
      'start',
      'pause',
      'step',
      'stop',
    ]);
  });

  it('tells its phase in a live region and streams text into the columns', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    const question = makeArchive(8).questions[0]!;
    client.emit({ type: 'text', runId: 'new', questionId: question.id, round: 0, agent: 1, text: '3 * 4 =' });
    client.emit({ type: 'turn', runId: 'new', turn: makeArchive(8).turns[0]! });
    const warming = { model: 'agent-a', phase: 'warm up', bytesPerSecond: null, secondsLeft: null } as const;
    client.emit({ type: 'load', ...warming, loaded: 1, total: 1 });
    await expect.element(page.getByText('3 * 4 =', { exact: true })).toBeVisible();
    await expect.element(page.getByText('answering …')).toBeVisible();
    expect([...target.querySelectorAll('[role=status]')].map((node) => node.textContent)).toContain(
      'Warm up: running',
    );
  });
});

describe('live figures', () => {
  /** The figure beside its name, within a part of the page. */
  const figure = (within: string, name: string): string | null | undefined =>
    [...target.querySelectorAll(`${within} dt`)].find((term) => term.textContent === name)?.nextElementSibling
      ?.textContent;
  const progress = (change: Partial<Extract<JobEvent, { type: 'progress' }>>): JobEvent => ({
    type: 'progress',
    runId: 'new',
    phase: 'distil',
    status: 'running',
    done: 5,
    total: 200,
    detail: { kind: 'training', strategy: 'rsft', seed: 0, seeds: 1 },
    secondsLeft: 95,
    tokensPerSecond: 1234,
    bytes: 5.2e8,
    ...change,
  });
  function train(from: number, to: number): void {
    for (let step = from; step <= to; step++) {
      const log = {
        step,
        loss: 2 / step,
        grad_norm: 1,
        learning_rate: 1e-4 * step,
        num_tokens: 700 * step,
        epoch: 0,
      };
      client.emit({ type: 'train', runId: 'new', strategy: 'rsft', seed: 0, log });
    }
  }
  function probe(step: number, correct: boolean): void {
    const [question] = makeArchive(8).questions;
    const answers = [{ questionId: question!.id, reply: `asked at ${step}`, answer: '1', correct }];
    client.emit({ type: 'probe', runId: 'new', strategy: 'rsft', seed: 0, probe: { step, answers } });
  }
  const chart = (at: number): string => target.querySelectorAll('canvas')[at]!.toDataURL();

  beforeEach(async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
  });

  it('of a download that Run began are bytes, speed and time left', async () => {
    const load = { type: 'load', model: 'hf:a/b', phase: 'download', total: 270e6 } as const;
    client.emit({ ...load, loaded: 0, bytesPerSecond: null, secondsLeft: null });
    await expect.element(page.getByText('Download · 0 B / 270.0 MB · hf:a/b')).toBeVisible();
    expect(figure('.transport', 'Time left')).toBe('–');
    client.emit({ ...load, loaded: 90e6, bytesPerSecond: 2e6, secondsLeft: 90 });
    await expect.element(page.getByText('Download · 90.0 MB / 270.0 MB · 2.0 MB/s · hf:a/b')).toBeVisible();
    expect(figure('.transport', 'Time left')).toBe('1 min 30 s');
  });

  it('of an agent that comes while others have spoken already are its load, until it is ready', async () => {
    const debating = {
      phase: 'debate',
      done: 12,
      total: 48,
      detail: { kind: 'debate' },
      secondsLeft: 95,
    } as const;
    const detail = (): string | null | undefined => target.querySelector('.transport .detail')?.textContent;
    client.emit(progress(debating));
    await vi.waitFor(() => expect(detail()).toBe('12 of 48 · debate'));
    const load = { type: 'load', model: 'hf:c/d', total: 270e6 } as const;
    client.emit({ ...load, phase: 'download', loaded: 90e6, bytesPerSecond: 2e6, secondsLeft: 90 });
    await vi.waitFor(() => expect(detail()).toBe('Download · 90.0 MB / 270.0 MB · 2.0 MB/s · hf:c/d'));
    expect(figure('.transport', 'Time left')).toBe('1 min 30 s');
    expect(target.querySelector<HTMLProgressElement>('.transport progress')?.value).toBeCloseTo(1 / 3, 5);
    client.emit({ ...load, phase: 'ready', loaded: 1, total: 1, bytesPerSecond: null, secondsLeft: null });
    await vi.waitFor(() => expect(detail()).toBe('12 of 48 · debate'));
    expect(figure('.transport', 'Time left')).toBe('1 min 35 s');
    // A load that never got ready is over when another phase begins, and when the run is stopped.
    const warming = {
      ...load,
      phase: 'warm up',
      loaded: 0,
      bytesPerSecond: null,
      secondsLeft: null,
    } as const;
    client.emit(warming);
    await vi.waitFor(() => expect(detail()).toBe('Warm up · hf:c/d'));
    client.emit(progress({}));
    await vi.waitFor(() => expect(detail()).toBe('5 of 200 · RSFT'));
    client.emit(warming);
    await vi.waitFor(() => expect(detail()).toBe('Warm up · hf:c/d'));
    await button('Stop').click();
    await vi.waitFor(() => expect(detail()).toBe('5 of 200 · RSFT'));
  });

  it('of a training stand in both places, and its charts, table and probes grow with every event', async () => {
    client.emit(progress({}));
    train(1, 5);
    probe(0, false);
    for (const part of ['.transport', '#panel-distil']) {
      await vi.waitFor(() => expect(figure(part, 'Tokens/s')).toBe('1,234'));
      expect(figure(part, 'Time left')).toBe('1 min 35 s');
      expect(figure(part, 'Memory')).toBe('520.0 MB');
    }
    expect(figure('#panel-distil', 'Step')).toBe('5 of 200');
    await vi.waitFor(() => expect(target.querySelectorAll('canvas')).toHaveLength(2));
    await page.getByText('Show as a table').click();
    await expect.element(page.getByRole('rowheader', { name: '5', exact: true })).toBeVisible();
    await expect.element(page.getByText('asked at 0', { exact: true })).toBeVisible();
    await expect.element(page.getByText('0 of 1 right')).toBeVisible();
    const before = [chart(0), chart(1)];

    client.emit(
      progress({ phase: 'distil', done: 200, secondsLeft: 12, tokensPerSecond: 2000, bytes: 6.1e8 }),
    );
    train(6, 12);
    probe(10, true);
    await expect.element(page.getByRole('rowheader', { name: '12', exact: true })).toBeInTheDocument();
    for (const part of ['.transport', '#panel-distil']) {
      expect(figure(part, 'Tokens/s')).toBe('2,000');
      expect(figure(part, 'Time left')).toBe('12 s');
      expect(figure(part, 'Memory')).toBe('610.0 MB');
    }
    expect(figure('#panel-distil', 'Step')).toBe('12 of 200');
    await vi.waitFor(() => expect(chart(0)).not.toBe(before[0]));
    await vi.waitFor(() => expect(chart(1)).not.toBe(before[1]));
    await expect.element(page.getByText('asked at 10', { exact: true })).toBeVisible();
    await expect.element(page.getByText('1 of 1 right')).toBeVisible();
    const columns = page.getByRole('table', { name: 'Eval samples by training step' });
    expect(columns.element().querySelectorAll('thead th')).toHaveLength(3);
  });
});

describe('reduced motion', () => {
  const session = cdp() as unknown as { send(method: string, params: object): Promise<unknown> };
  const prefer = (value: 'reduce' | ''): Promise<unknown> =>
    session.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-reduced-motion', value }] });
  afterEach(() => prefer(''));

  it('leaves no movement: drawers stand at once and the caret of a speaking agent does not blink', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    const { id: questionId } = makeArchive(8).questions[0]!;
    client.emit({ type: 'text', runId: 'new', questionId, round: 0, agent: 1, text: '3 * 4 =' });
    await expect.element(page.getByText('3 * 4 =', { exact: true })).toBeVisible();
    await button('Settings').click();
    await expect.element(page.getByRole('dialog', { name: 'Settings' })).toBeVisible();
    const caret = getComputedStyle(target.querySelector('.caret')!);
    const drawer = getComputedStyle(target.querySelector('dialog')!);
    for (const visibility of ['hidden', 'visible', 'hidden'])
      await vi.waitFor(() => expect(caret.visibility).toBe(visibility), { interval: 20 });
    expect(drawer.animationDuration).toBe('0.16s');
    await prefer('reduce');
    await vi.waitFor(() => expect(parseFloat(drawer.animationDuration)).toBeLessThan(0.001));
    await vi.waitFor(() => expect(caret.visibility).toBe('visible'));
    const seen = new Set<string>();
    for (let look = 0; look < 24; look++) {
      seen.add(caret.visibility);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect([...seen]).toEqual(['visible']);
  });
});

describe('a device that computes wrong', () => {
  it('is named on screen with its kernel, and that the CPU is used', async () => {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    const kernels = [{ kernel: 'attention', error: 7 }];
    client.emit({
      type: 'device',
      backend: 'wasm',
      device: 'WASM SIMD, 2 threads',
      reason: [{ kind: 'wrong-kernels', device: 'Some GPU', kernels }],
    });
    const why = 'Some GPU computes wrong numbers in attention (7.0 x its bound): the CPU is used.';
    await expect.element(page.getByText(`WASM SIMD, 2 threads: ${why}`)).toBeVisible();
  });
});

describe('the runs', () => {
  it('are renamed, and deleted with an undo', async () => {
    client.store({ id: 'old', name: 'silver-tern', status: 'done' });
    await open();
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(1));
    await button('Runs').click();
    await page.getByRole('textbox', { name: 'Name' }).fill('my-run');
    await userEvent.keyboard('{Tab}');
    await vi.waitFor(() => expect(client.calls).toContainEqual(['update', 'old', { name: 'my-run' }]));
    await button('Delete my-run').click();
    await expect.element(page.getByText(/No run is stored/)).toBeVisible();
    await button('Close').click();
    await button('Undo').click();
    await vi.waitFor(() => expect(app.session.stored.runs.map(({ name }) => name)).toEqual(['my-run']));
    expect(client.names()).toContain('restore');
  });

  it('take in a run from a file, and refuse what is none', async () => {
    await open();
    await button('Runs').click();
    const file = new File([await packArchive(makeArchive(5))], 'run.json.gz');
    await userEvent.upload(page.getByLabelText('Import a run'), file);
    await vi.waitFor(() => expect(app.session.screen.view?.run.id).toBe('imported'));
    await button('Runs').click();
    await userEvent.upload(page.getByLabelText('Import a run'), new File(['hello'], 'x.json'));
    await expect.element(page.getByText(/not a run of Arklet/)).toBeVisible();
  });

  it('take in a debate with the report beside it, and say what was left out', async () => {
    await open();
    await button('Runs').click();
    const turns = new File(['{}'], 'trajectories.jsonl');
    const report = new File(['{}'], 'report.json');
    await userEvent.upload(page.getByLabelText('Import a run'), [report, turns]);
    await expect.element(page.getByText(/still-heron-0: a debate of 8 questions and 48 turns/)).toBeVisible();
    await expect.element(page.getByText(/Left out: 1 question whose debate is incomplete/)).toBeVisible();
    await expect.element(page.getByText(/no turn answered correctly/)).not.toBeInTheDocument();
    expect(client.calls.find(([name]) => name === 'importTrajectories')).toEqual([
      'importTrajectories',
      'trajectories.jsonl',
      '{}',
    ]);
    expect(app.session.screen.view?.run.note).toBe('Debate imported from trajectories.jsonl.');
    expect(await violations()).toEqual([]);

    await userEvent.upload(page.getByLabelText('Import a run'), turns);
    await expect
      .element(page.getByText(/Left out: 2 questions that no turn answered correctly/))
      .toBeVisible();
    await userEvent.upload(page.getByLabelText('Import a run'), [turns, new File([''], 'other.jsonl')]);
    await expect.element(page.getByText(/2 files were picked/)).toBeVisible();
  });
});

describe('a question file', () => {
  it('shows counts, a preview and the rows left out, and is used by the next run', async () => {
    await open();
    await button('Settings').click();
    await userEvent.upload(
      page.getByLabelText('Use a file of your own'),
      new File([sixQuestions], 'mine.jsonl'),
    );
    await expect.element(page.getByText('6 questions read, 1 row left out')).toBeVisible();
    await expect.element(page.getByText('no number after "####"')).toBeVisible();
    await button('Use these questions').click();
    await button('Close').click();
    await button('Run on mine.jsonl').click();
    await vi.waitFor(() => expect(client.names()).toContain('start'));
    const [, config, questions] = client.calls.find(([name]) => name === 'start')!;
    expect(config).toMatchObject({ questions: 'mine.jsonl' });
    expect(questions).toHaveLength(6);
  });

  const counts = () => {
    const { trainQuestions, validationQuestions, testQuestions } = app.session.settings.config;
    return [trainQuestions, validationQuestions, testQuestions];
  };

  it('with fewer questions than are asked for sets the counts to what there is, and says so beside them', async () => {
    await open();
    await button('Settings').click();
    await vi.waitFor(() => expect(counts()).toEqual([800, 64, 300]));
    await userEvent.upload(
      page.getByLabelText('Use a file of your own'),
      new File([sixQuestions], 'mine.jsonl'),
    );
    await button('Use these questions').click();
    expect(counts()).toEqual([4, 1, 1]);
    const note = page.getByText(/mine\.jsonl holds 6 different questions, but 1,164 were asked for/);
    await expect.element(note).toBeVisible();
    // They may still be changed; what is too much is said at the field, before Run is pressed.
    const field = page.getByRole('spinbutton', { name: 'Training questions' });
    await field.fill('5');
    await userEvent.keyboard('{Tab}');
    await expect.element(field).toBeInvalid();
    await expect
      .element(field)
      .toHaveAccessibleDescription(/At most 4 with the others: mine\.jsonl holds 6 different questions\./);
    await expect.element(note).not.toBeInTheDocument();
    const others = page.getByRole('spinbutton', { name: 'Validation questions' });
    await expect.element(others).toBeValid();
    expect(await violations()).toEqual([]);
    await field.fill('3');
    await userEvent.keyboard('{Tab}');
    await expect.element(field).toBeValid();
    // Without the file the counts that were not touched are as before.
    await button('Use the bundled problems instead').click();
    expect(counts()).toEqual([3, 64, 300]);
  });

  it('whose counts are far too many says so at each of them, and never without a file', async () => {
    await open();
    await button('Settings').click();
    const fields = ['Training', 'Validation', 'Test'].map((name) =>
      page.getByRole('spinbutton', { name: `${name} questions` }),
    );
    for (const field of fields) await expect.element(field).toBeValid();
    await userEvent.upload(
      page.getByLabelText('Use a file of your own'),
      new File([sixQuestions], 'mine.jsonl'),
    );
    await button('Use these questions').click();
    await button('Full').click();
    for (const field of fields)
      await expect
        .element(field)
        .toHaveAccessibleDescription(/mine\.jsonl holds 6 different questions, but 3,528 are asked for\./);
  });

  it('that cannot be read at all becomes a message with its hint', async () => {
    await open();
    await button('Settings').click();
    await userEvent.upload(page.getByLabelText('Use a file of your own'), new File([' '], 'x.csv'));
    await expect.element(page.getByText('Pick a file with one question per line.').first()).toBeVisible();
  });
});

describe('every view', () => {
  const views = ['debate', 'distil', 'compare'] as const;
  const themes = ['light', 'dark'] as const;
  it.each(views.flatMap((view) => themes.map((theme) => [view, theme] as const)))(
    '%s passes axe in %s',
    async (view, theme) => {
      localStorage.setItem('arklet-appearance', JSON.stringify({ theme }));
      await open(makeArchive(60), `#step=${view}`);
      expect(await violations()).toEqual([]);
    },
  );

  it.each(['Runs', 'Settings'])('passes axe with the panel %s open', async (name) => {
    client.store({ id: 'old', name: 'silver-tern', status: 'done' });
    await open();
    await vi.waitFor(() => expect(app.session.stored.runs).toHaveLength(1));
    await button(name).click();
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
    expect(await violations()).toEqual([]);
  });

  it.each(views)('%s fits a phone of 390 px without sideways scrolling', async (view) => {
    await page.viewport(390, 844);
    await open(makeArchive(60), `#step=${view}`);
    await vi.waitFor(() => expect(innerWidth).toBe(390));
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(390);
  });
});

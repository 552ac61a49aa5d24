/** A run as it grows, as it is gone on with, and out of storage: the same numbers in the same words. */
import { flushSync } from 'svelte';
import { describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { seedSummaries } from '../../src/eval/seeds';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunArchive, RunRecord } from '../../src/records/runRecords';
import type { ArmResult } from '../../src/records/records';
import type { TrainLog } from '../../src/records/trainLog';
import type { RunConfig } from '../../src/settings/config';
import { formatPercent } from '../../src/ui/format';
import type { Step } from '../../src/ui/state/sessionParts';
import { makeArchive } from './fixtures/archive';
import { app, client, closePage, freshClient, openPage, target, usePage } from './fixtures/mounted';

usePage();

async function open(): Promise<void> {
  await openPage(null);
  await app.session.connect();
}

/** Losses of each training, so that none is taken for another. */
const losses = { rsft: [0.182, 0.0144], da: [0.6, 0.21], 'answer-only': [7.03, 0.305] } as const;

function steps(name: keyof typeof losses): TrainLog[] {
  return losses[name].map((loss, i) => ({
    step: 100 * (i + 1),
    loss,
    grad_norm: 1,
    learning_rate: 0.001,
    num_tokens: 1000 * (i + 1),
    epoch: i + 1,
    eval_loss: loss + 1,
  }));
}

const base = makeArchive(24);
const config: RunConfig = {
  ...base.run.config,
  strategies: ['rsft', 'da'],
  controls: ['answer-only'],
  steps: 200,
};
const run: RunRecord = {
  ...base.run,
  id: '0000000a',
  name: 'plain-crane',
  config,
  status: 'done',
  phase: 'done',
};
const arm = (name: string, accuracy: number): ArmResult => ({
  ...base.report!.arms.at(-1)!,
  name,
  accuracy,
});

/** As storage gives it: by name, so that the control comes first. */
const whole: RunArchive = {
  ...base,
  run,
  turns: base.turns.map((turn) => ({ ...turn, runId: run.id })),
  datasets: ['answer-only', 'da', 'rsft'].map((strategy, i) => ({
    ...base.datasets[0]!,
    strategy,
    kept: 150 + i,
  })),
  logs: (['answer-only', 'da', 'rsft'] as const).map((strategy) => ({
    strategy,
    seed: 0,
    steps: steps(strategy),
  })),
  report: {
    ...base.report!,
    config,
    arms: [...base.report!.arms, arm('distilled:da', 0.4), arm('control:answer-only', 0.2)],
    seeds: [],
  },
};

const progress = (phase: RunRecord['phase'], status: RunRecord['status'], done = 1): JobEvent => ({
  type: 'progress',
  runId: run.id,
  phase,
  status,
  done,
  total: 10,
  detail: null,
  secondsLeft: 33,
  tokensPerSecond: 4321,
  bytes: 1e6,
});

/** Trains by events, in the order of the settings. */
function train(names: readonly (keyof typeof losses)[]): void {
  for (const strategy of names) {
    const { traces: _, ...dataset } = whole.datasets.find((one) => one.strategy === strategy)!;
    client.emit({ type: 'dataset', runId: run.id, dataset });
    for (const log of steps(strategy)) client.emit({ type: 'train', runId: run.id, strategy, seed: 0, log });
  }
}

/** All that the page says of the run, step by step. */
async function said(): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const plain = (element: Element | null): string => (element?.textContent ?? '').replace(/\s+/g, ' ').trim();
  for (const step of ['debate', 'distil', 'compare'] satisfies Step[]) {
    app.session.screen.chooseStep(step);
    flushSync();
    await new Promise((resolve) => setTimeout(resolve, 300));
    texts[step] = plain(target.querySelector(`#panel-${step}`));
  }
  texts['tabs'] = plain(target.querySelector('[role=tablist]'));
  texts['headline'] = plain(target.querySelector('[data-guide=headline]'));
  return texts;
}

async function fromStorage(): Promise<Record<string, string>> {
  client.archives.set(run.id, whole);
  client.runs = [run];
  await open();
  await app.session.screen.open(run.id);
  expect(app.session.screen.view?.source).toBe('stored');
  return said();
}

async function ended(): Promise<Record<string, string>> {
  client.archives.set(run.id, whole);
  client.runs = [run];
  client.emit({ type: 'report', runId: run.id, report: whole.report! });
  client.emit(progress('done', 'done', 10));
  await vi.waitFor(() => expect(app.session.screen.view?.datasets.every(({ traces }) => traces)).toBe(true));
  expect(app.session.screen.view?.source).toBe('live');
  return said();
}

/** Begins to follow a run of which that much is stored. */
async function follow(stored: Partial<RunArchive>): Promise<void> {
  const going: RunRecord = { ...run, status: 'running', phase: 'distil' };
  client.runs = [going];
  client.archives.set(run.id, { ...whole, datasets: [], logs: [], report: null, ...stored, run: going });
  await open();
  client.emit(progress('distil', 'running'));
  await vi.waitFor(() => expect(app.session.screen.view?.run.id).toBe(run.id));
}

describe('the page says of a run', () => {
  it('that grew before its eyes what it says of the same run out of storage', async () => {
    await follow({});
    train(['rsft', 'da', 'answer-only']);
    const live = await ended();
    await closePage();
    freshClient();
    const stored = await fromStorage();
    expect(stored).toEqual(live);
    expect(stored['tabs']).toContain('152 traces · 200 steps');
    expect(stored['tabs']).toContain('Loss 0.182 → 0.0144');
    expect(stored['headline']).toContain('Student after RSFT');
    expect(stored['distil']).toMatch(/^RSFT ?DA ?answers only/);
  });

  it('that was gone on with after a reload the same as well', async () => {
    await follow({ datasets: [whole.datasets[2]!], logs: [whole.logs[2]!] });
    train(['da', 'answer-only']);
    const resumed = await ended();
    await closePage();
    freshClient();
    expect(await fromStorage()).toEqual(resumed);
  });

  it('speed and time left for the training in work alone, beside whose figures they stand', async () => {
    await follow({ datasets: [whole.datasets[2]!], logs: [whole.logs[2]!] });
    train(['da']);
    client.emit(progress('distil', 'running', 2));
    app.session.screen.chooseStep('distil');
    const training = page.getByRole('group', { name: 'Strategy' });
    await expect
      .element(training.getByRole('button', { name: 'DA', exact: true }))
      .toHaveAttribute('aria-pressed', 'true');
    await vi.waitFor(() => expect(target.querySelector('.training')?.textContent).toContain('4,321'));
    await training.getByRole('button', { name: 'RSFT', exact: true }).click();
    await vi.waitFor(() => expect(target.querySelector('.training')?.textContent).toContain('0.0144'));
    expect(target.querySelector('.training')?.textContent).not.toContain('4,321');
    expect(target.querySelector('.training')?.textContent).not.toContain('33 s');
  });
});

describe('the table over the distillation seeds', () => {
  it.each([1, 2])(
    'is that of the exported report with %i further seeds: the first seed counts',
    async (further) => {
      const seeds = [0.6, 0.72].slice(0, further).map((accuracy, i) => ({
        seed: i + 1,
        arms: [arm('distilled:rsft', accuracy)],
        pairs: [],
      }));
      const report = { ...whole.report!, seeds };
      client.archives.set(run.id, { ...whole, report });
      client.runs = [run];
      await open();
      await app.session.screen.open(run.id);
      app.session.screen.chooseStep('compare');
      const table = page.getByRole('region', { name: 'Over the distillation seeds' });
      const [row] = seedSummaries(report);
      expect(row).toMatchObject({ name: 'distilled:rsft', seeds: further + 1 });
      await expect.element(table).toBeVisible();
      expect([...table.element().querySelectorAll('td')].map((cell) => cell.textContent)).toEqual([
        formatPercent(row!.mean),
        `${formatPercent(row!.lo)} – ${formatPercent(row!.hi)}`,
      ]);
    },
  );
});

describe('the Runs panel', () => {
  it('shows the good runs beside ones that cannot be shown, which can be deleted', async () => {
    client.store({ id: 'good', name: 'calm-otter' });
    client.store({ id: 'told', name: 'told-bad', damaged: 'phase: Invalid type' });
    // One that slipped through: no settings at all.
    client.store({
      id: 'slipped',
      name: 'slipped-bad',
      config: undefined as never,
      phase: 'zzz' as never,
      status: 'done',
    });
    await open();
    await page.getByRole('button', { name: /^Runs/ }).click();
    await expect.element(page.getByRole('textbox', { name: 'Note: calm-otter' })).toBeVisible();
    const bad = page.getByText('This run is damaged in storage and cannot be shown.', { exact: false });
    await expect.element(bad.nth(1)).toBeVisible();
    expect(bad.all()).toHaveLength(2);
    for (const name of ['told-bad', 'slipped-bad'])
      await page.getByRole('button', { name: `Delete ${name}` }).click();
    await vi.waitFor(() => expect(client.runs.map(({ id }) => id)).toEqual(['good']));
    await expect.element(page.getByRole('textbox', { name: 'Note: calm-otter' })).toBeVisible();
  });
});

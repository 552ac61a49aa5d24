/** The page when little can be learnt: no trace, few traces, memorising, a student that fell. */
import { describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import type { JobEvent } from '../../src/wire/jobEvents';
import type { RunArchive, RunRecord } from '../../src/records/runRecords';
import type { PairResult } from '../../src/records/records';
import type { TrainLog } from '../../src/records/trainLog';
import { nothingToLearn } from '../../src/job/nothingToLearn';
import { fallOf, overfitOf } from '../../src/ui/distil/advice';
import { makeArchive } from './fixtures/archive';
import { app, client, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

async function open(archive: RunArchive = makeArchive(20), hash = ''): Promise<void> {
  await openPage(archive, hash);
  await vi.waitFor(() => expect(app.session.settings.config).not.toBeNull(), 5000);
}
const button = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });
const started = (): readonly unknown[] | undefined => client.calls.findLast(([name]) => name === 'start');

const step = (at: number, heldOut?: number): TrainLog => ({
  step: at,
  loss: 1 / at,
  grad_norm: 1,
  learning_rate: 1e-3,
  num_tokens: at,
  epoch: at,
  ...(heldOut === undefined ? {} : { eval_loss: heldOut }),
});

describe('a run without a trace to learn from', () => {
  const error = nothingToLearn('rsft', { dropped: { 'wrong-trace': 168 } }, 28).toData();
  const failed: JobEvent = { type: 'error', runId: 'new', error };

  async function fail(): Promise<void> {
    await open();
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    client.emit({
      type: 'progress',
      runId: 'new',
      phase: 'debate',
      status: 'running',
      done: 28,
      total: 28,
      detail: { kind: 'debate' },
      secondsLeft: 0,
      tokensPerSecond: 1,
      bytes: null,
    });
    // As the coordinator tells it: the phase is in the record, no progress of it was sent.
    client.runs = client.runs.map((run): RunRecord => ({ ...run, status: 'failed', phase: 'distil', error }));
    client.emit(failed);
    client.emit({ type: 'runs', runs: client.runs });
  }

  it('says so under Distil in one sentence, and not as a failed debate', async () => {
    await fail();
    await expect
      .element(
        page.getByText(
          'No agent solved any of the 28 training questions, so there is nothing to learn from.',
        ),
      )
      .toBeVisible();
    await expect.element(page.getByRole('tab', { name: /Distil/ })).toHaveAttribute('aria-selected', 'true');
    await expect.element(page.getByText('Distil (failed)')).toBeVisible();
    await expect.element(page.getByText('Debate (failed)')).not.toBeInTheDocument();
    expect(app.session.notices.list).toEqual([]);
    expect(await violations()).toEqual([]);
  });

  it('goes on from its own debate with any trace', async () => {
    await fail();
    await button('Learn without labels').click();
    await vi.waitFor(() => expect(started()?.[3]).toBe('new'));
    expect(started()![1]).toMatchObject({ labels: 'none' });
  });

  it('leads to stronger agents', async () => {
    await fail();
    await button('Stronger agents').click();
    await expect.element(page.getByRole('dialog', { name: 'Settings' })).toBeVisible();
  });
});

describe('a training', () => {
  const archive = makeArchive(20);
  const withLog = (steps: readonly TrainLog[], kept: number): RunArchive => ({
    ...archive,
    datasets: [{ strategy: 'rsft', traces: [], kept, dropped: {} }],
    logs: [{ strategy: 'rsft', seed: 0, steps }],
  });
  const memorising = Array.from({ length: 200 }, (_, i) =>
    step(
      i + 1,
      (i + 1) % 20 === 0 ? (i + 1 <= 40 ? 3.9 - 0.005 * (i + 1) : 3.7 + 0.005 * (i - 39)) : undefined,
    ),
  );

  it('on two traces says that they are too few, and what to do', async () => {
    await open(withLog(memorising, 2), '#step=distil');
    // 200 steps of 32 on 2 traces, as older versions trained.
    await expect
      .element(page.getByText(/The student learns from 2 traces only: each is seen about 3,200 times/))
      .toBeVisible();
    await expect.element(button('Stronger agents')).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  it('whose held-out loss rises again is called memorising, and the better number of steps is one click', async () => {
    await open(withLog(memorising, 640), '#step=distil');
    await expect
      .element(page.getByText(/Held-out loss was lowest at step 40 \(3\.70\) and rose to 4\.50 by step 200/))
      .toBeVisible();
    await button('Use 40 steps in the next run').click();
    expect(app.session.settings.config?.steps).toBe(40);
    await expect.element(page.getByText('The next run trains for 40 steps.')).toBeVisible();
  });

  it('that memorised offers to stop early in the next run', async () => {
    await open(withLog(memorising, 640), '#step=distil');
    await button('Stop early in the next run').click();
    expect(app.session.settings.config?.patience).toBe(3);
    await expect
      .element(page.getByText('The next run stops early and keeps the adapter of the lowest held-out loss.'))
      .toBeVisible();
    expect(await violations()).toEqual([]);
  });

  it('that stopped early says when, and which adapter it kept', async () => {
    const stopped = withLog(memorising.slice(0, 100), 640);
    const { run } = stopped;
    await open({ ...stopped, run: { ...run, config: { ...run.config, patience: 3 } } }, '#step=distil');
    await expect.element(page.getByText('Stopped early, after step 100 of 200.')).toBeVisible();
    await expect
      .element(page.getByText('The adapter of step 40, where the held-out loss was lowest, is kept.'))
      .toBeVisible();
    await expect.element(page.getByText(/Use fewer steps/)).not.toBeInTheDocument();
    await expect.element(button('Stop early in the next run')).not.toBeInTheDocument();
  });

  it('on ten traces took fewer steps and says why', async () => {
    // 100 epochs of 10 traces are 1,000 traces: 32 steps of 32.
    await open(withLog(memorising.slice(0, 32), 10), '#step=distil');
    await expect
      .element(
        page.getByText(
          'Trained for 32 steps instead of 200, so that no trace is seen more than 100 times (Maximum epochs).',
        ),
      )
      .toBeVisible();
    await expect.element(page.getByText(/each is seen about 102 times/)).toBeVisible();
    await expect.element(page.getByText('32 of 32')).toBeVisible();
  });

  it('that learns gets no such sentence', async () => {
    await open(archive, '#step=distil');
    await expect.element(page.getByRole('heading', { name: 'Loss' })).toBeVisible();
    expect(target.querySelector('.hint')).toBeNull();
  });

  it('is judged by more than one bump and by more than two measurements', () => {
    const log = (...losses: number[]): TrainLog[] => losses.map((loss, i) => step(10 * (i + 1), loss));
    expect(overfitOf(log(3, 2, 2.5))).toBeNull();
    expect(overfitOf(log(3, 2, 2.5, 2.6))).toEqual({
      best: { step: 20, loss: 2 },
      last: { step: 40, loss: 2.6 },
    });
    expect(overfitOf(log(3, 2, 2.02, 2.03))).toBeNull();
    expect(overfitOf(log(2, 3, 1))).toBeNull();
    expect(overfitOf([step(1), step(2)])).toBeNull();
  });
});

describe('a student that fell', () => {
  const archive = makeArchive(40);
  const report = archive.report!;
  const pair = (difference: number, ci: readonly [number, number]): PairResult => ({
    ...report.pairs[0]!,
    difference,
    ci,
  });
  const fell = (difference: number, ci: readonly [number, number], kept: number): RunArchive => ({
    ...archive,
    report: { ...report, pairs: [pair(difference, ci), ...report.pairs.slice(1)] },
    datasets: [{ strategy: 'rsft', traces: [], kept, dropped: {} }],
  });

  it('on few traces gets one sentence with the next step', async () => {
    await open(fell(-0.1, [-0.2, 0.01], 2), '#step=compare');
    await expect
      .element(page.getByText(/^The student gets fewer questions right than before: 2 traces are too few/))
      .toBeVisible();
    await expect.element(button('Stronger agents')).toBeVisible();
    expect(await violations()).toEqual([]);
  });

  it('is told from one that rose and from chance', () => {
    const of = ({ report: own, datasets }: RunArchive) => fallOf(own!, datasets, []);
    expect(of(fell(-0.1, [-0.2, -0.01], 640))).toEqual({ type: 'other' });
    expect(of(fell(-0.1, [-0.2, 0.01], 640))).toBeNull();
    expect(of(fell(0.1, [0.01, 0.2], 2))).toBeNull();
  });
});

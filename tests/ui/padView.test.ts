/** The views of process-aware distillation, mounted in the page: what is drawn, what is said, and axe in both themes. */
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { RunArchive } from '../../src/records/runRecords';
import { makePadArchive, rewardLog } from './fixtures/padArchive';
import { client, openPage, target, usePage, violations } from './fixtures/mounted';

usePage();

async function open(recorded: RunArchive, hash: string): Promise<void> {
  await openPage(recorded, hash);
}

const button = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });
const strategy = (name: string): ReturnType<typeof page.getByRole> =>
  page.getByRole('group', { name: 'Strategy' }).getByRole('button', { name, exact: true });
const image = (name: string | RegExp): ReturnType<typeof page.getByRole> => page.getByRole('img', { name });
const training = (): Element => target.querySelector('.training')!;
const circles = (): SVGCircleElement[] => [...target.querySelectorAll<SVGCircleElement>('svg circle')];

/** Whether something is drawn on a chart's canvas. */
function drawn(canvas: HTMLCanvasElement): boolean {
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, at) => at % 4 === 3 && value > 0);
}

/** The last row of a table, by its column heads. */
function lastRow(table: Element): Record<string, string> {
  const texts = (selector: string): string[] =>
    [...table.querySelectorAll(selector)].map((cell) => cell.textContent.trim());
  const cells = texts('tbody tr:last-child > *');
  return Object.fromEntries(texts('thead th').map((head, at) => [head, cells[at] ?? '']));
}

describe('a run that was ended by reward hacking', () => {
  beforeEach(async () => {
    await open(makePadArchive(), '#step=distil');
    await strategy('PAD').click();
  });

  it('says what rose and what fell, and shows the answers that were liked and are wrong', async () => {
    const alert = page.getByRole('alert', { name: 'Reward hacking' });
    await expect.element(alert).toHaveTextContent(/reward rose from \u22120\.\d\d to 0\.\d\d while accuracy/);
    await expect.element(alert).toHaveTextContent(/an answer went from 2\d\.\d to 5\d\.\d tokens/);
    await expect.element(alert).toHaveTextContent(/repeat an earlier one .*: 1\.0.%, then 3\d\.\d.%/);
    await expect.element(alert.getByText(/^answered 5, right is \d+; reward 0\.93$/)).toBeVisible();
    const liked = alert.element().querySelectorAll('li');
    expect(liked).toHaveLength(3);
    for (const sample of liked) expect(sample.querySelectorAll('mark.good').length).toBeGreaterThan(1);
  });

  it('draws every curve by update, and gives the same numbers as a table', async () => {
    for (const name of [
      /^Reward by update/,
      /^Accuracy/,
      /^Completion length/,
      /^Divergence/,
      /^Policy loss/,
    ]) {
      const chart = image(name);
      await expect.element(chart).toBeVisible();
      await vi.waitFor(() => expect(drawn(chart.element().querySelector('canvas')!)).toBe(true));
    }
    await vi.waitFor(() =>
      expect(drawn(image('Learning rate by update').element().querySelector('canvas')!)).toBe(true),
    );
    await page.getByText('Show as a table').first().click();
    const table = page.getByRole('region', { name: 'Group RL by update' });
    const row = lastRow(table.element());
    expect(row).toMatchObject({ Update: '64', 'Learning rate': '2.1 e-4' });
    expect(row['Repeated sentences']).toMatch(/^39\.8.%$/);
    await expect.element(button('Show the shaders that ran this')).toBeVisible();
  });

  it('plots the calibration against the diagonal, with areas by the number of steps, and as a table', async () => {
    await expect.element(image(/^Calibration/)).toBeVisible();
    await vi.waitFor(() => expect(circles()).toHaveLength(9));
    const [first, last] = [circles()[0]!, circles().at(-1)!];
    const at = (circle: SVGCircleElement, name: string): number => Number(circle.getAttribute(name));
    const even = target.querySelector('line.even')!;
    const [x0, x1, y0, y1] = ['x1', 'x2', 'y1', 'y2'].map((name) => Number(even.getAttribute(name)));
    const onDiagonal = (circle: SVGCircleElement): number =>
      y0! + ((at(circle, 'cx') - x0!) / (x1! - x0!)) * (y1! - y0!);
    // Predicted 5 %, right 14 %: above the line. Predicted 95 %, right 86 %: below it.
    expect(at(first, 'cy')).toBeLessThan(onDiagonal(first));
    expect(at(last, 'cy')).toBeGreaterThan(onDiagonal(last));
    const areas = (at(first, 'r') / at(last, 'r')) ** 2;
    expect(areas).toBeCloseTo(310 / 1142, 6);
    await page.getByText('Show as a table').nth(1).click();
    await expect.element(page.getByRole('row', { name: /^95\.0.% 86\.0.% 1,142$/ })).toBeVisible();
  });

  it('paints the steps of held-out traces and names who wrote them by mark, name and id', async () => {
    const trace = (): HTMLElement => target.querySelector<HTMLElement>('.trace[aria-live]')!;
    await vi.waitFor(() => expect(trace().querySelectorAll('mark').length).toBeGreaterThan(1));
    expect(trace().textContent).toMatch(/by\s+Ada\s+agent-a/);
    const seen = new Set<string>();
    for (let i = 0; i < 18; i++) {
      for (const mark of trace().querySelectorAll('mark')) seen.add(mark.className.split(' ')[0]!);
      if (trace().querySelector('.missed')) seen.add('missed');
      (button('Next trace').element() as HTMLElement).click();
      flushSync();
    }
    expect([...seen].sort()).toEqual(['bad', 'good', 'missed', 'unsure']);
    await expect
      .element(page.getByRole('row', { name: /^Cy agent-c no 402 0\.902 0\.570 0\.540 0\.690$/ }))
      .toBeVisible();
    await expect
      .element(page.getByRole('row', { name: /^the student itself yes 271 – – – –$/ }))
      .toBeVisible();
  });
});

describe('the reward model', () => {
  it('shows loss, rate, how well it judges and its numbers while it is trained', async () => {
    await open(makePadArchive(8), '#strategy=pad&pad-reward-steps=300');
    await button('Run on the bundled models').click();
    await expect.element(button('Pause')).toBeVisible();
    client.emit({
      type: 'progress',
      runId: 'new',
      phase: 'distil',
      status: 'running',
      done: 0,
      total: 300,
      detail: null,
      secondsLeft: 40,
      tokensPerSecond: 51_000,
      bytes: 3e8,
    });
    const log = rewardLog(60);
    const send = (steps: typeof log): void => {
      for (const one of steps)
        client.emit({ type: 'train', runId: 'new', strategy: 'reward-model', seed: 0, log: one });
    };
    send(log.slice(0, 40));
    await expect.element(page.getByRole('heading', { name: 'Training of the reward model' })).toBeVisible();
    await expect.element(page.getByText('40 of 300', { exact: true })).toBeVisible();
    await expect.element(page.getByText('51,000', { exact: true }).first()).toBeVisible();
    for (const name of [/^Loss of the reward model/, /^Learning rate by step/, /^By step: share/])
      await vi.waitFor(() => expect(drawn(image(name).element().querySelector('canvas')!)).toBe(true));
    await page.getByText('Show as a table').click();
    send(log.slice(40));
    await expect.element(page.getByText('60 of 300', { exact: true })).toBeVisible();
    const auc = log[59]!['eval_auc']!.toFixed(3);
    await expect.element(page.getByText(auc).first()).toBeVisible();
    const table = page.getByRole('region', { name: 'Training log' });
    expect(lastRow(table.element())).toMatchObject({ Step: '60', 'AUC, held out': auc });
    expect(await violations(training())).toEqual([]);
  });
});

describe('the settings of PAD', () => {
  it('come with the strategy, and those under More stand in the address', async () => {
    await open(makePadArchive(8), '');
    await button('Settings').click();
    const panel = page.getByRole('dialog', { name: 'Settings' });
    const openGroup = async (title: string): Promise<void> => {
      const heading = panel.getByText(title, { exact: true });
      await expect.element(heading).toBeInTheDocument();
      const group = heading.element().closest('details')!;
      group.open = true;
      await expect.poll(() => group.open).toBe(true);
    };
    await openGroup('Learning');
    await panel.getByRole('checkbox', { name: /^PAD a reward model/ }).click();
    await openGroup('Process-aware (PAD)');
    await panel.getByText('More', { exact: true }).click();
    await panel.getByRole('button', { name: 'Off the reward (k1)' }).click();
    await panel.getByRole('checkbox', { name: 'Cy' }).click();
    await panel.getByRole('checkbox', { name: 'Mask truncated answers' }).click();
    const own = panel.getByRole('spinbutton', { name: 'On-policy samples' });
    await own.fill('2');
    await userEvent.keyboard('{Tab}');
    await panel.getByRole('checkbox', { name: 'Ada' }).click();
    // One agent has to stay for the reward model to learn from.
    await expect.element(panel.getByRole('checkbox', { name: 'Bo' })).toBeDisabled();
    await vi.waitFor(() => {
      const address = new URLSearchParams(location.hash.slice(1));
      expect(Object.fromEntries(address)).toMatchObject({
        strategy: 'rsft,pad',
        'pad-kl-form': 'k1-reward',
        'pad-held-out-agents': '0,2',
        'pad-own-samples': '2',
        'pad-mask-truncated': 'true',
      });
    });
    await expect.element(panel.getByRole('spinbutton', { name: 'Continuations' })).toBeVisible();
    await panel.getByRole('button', { name: 'Checker', exact: true }).click();
    await expect.element(panel.getByRole('spinbutton', { name: 'Continuations' })).not.toBeInTheDocument();
    expect(await violations(panel.element())).toEqual([]);
  });
});

describe('all of it', () => {
  it.each(['light', 'dark'] as const)('passes axe in %s, the tables unfolded', async (theme) => {
    localStorage.setItem('arklet-appearance', JSON.stringify({ theme }));
    await open(makePadArchive(), '#step=distil');
    await strategy('PAD').click();
    for (const one of target.querySelectorAll<HTMLDetailsElement>('.training details')) one.open = true;
    await vi.waitFor(() => expect(circles()).toHaveLength(9));
    expect(await violations(training())).toEqual([]);
  });
});

/** What the loss chart's legend says under the pointer, on the real chart. */
import { beforeEach, expect, it, vi } from 'vitest';
import type { TrainLog } from '../../src/records/trainLog';
import { makeArchive } from './fixtures/archive';
import { openPage, target, usePage } from './fixtures/mounted';

usePage();

/** 200 steps, measured on held-out questions at 100 (0.05) and 200 (0.04). */
const steps = Array.from({ length: 200 }, (_, i): TrainLog => {
  const heldOut = { 100: 0.05, 200: 0.04 }[i + 1];
  return {
    step: i + 1,
    loss: 1 / (i + 1),
    grad_norm: 1,
    learning_rate: 1e-3,
    num_tokens: i,
    epoch: i,
    ...(heldOut === undefined ? {} : { eval_loss: heldOut }),
  };
});

beforeEach(async () => {
  const logs = [{ strategy: 'rsft', seed: 0, steps }];
  await openPage({ ...makeArchive(8), logs }, '#step=distil');
});
it.each([
  [0.3, '0.0500 (step 100)'],
  [0.9, '0.0400 (step 200)'],
])('at %f of its width it is the nearest held-out loss, with its step', async (share, said) => {
  await vi.waitFor(() => expect(target.querySelector('.u-over')).not.toBeNull(), 5000);
  const over = target.querySelector<HTMLElement>('.u-over')!;
  over.scrollIntoView({ block: 'center' });
  await new Promise((done) => setTimeout(done, 300));
  const box = over.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.left + share * box.width, clientY: box.top + box.height / 2 };
  over.dispatchEvent(new MouseEvent('mouseenter', at));
  over.dispatchEvent(new MouseEvent('mousemove', at));
  await vi.waitFor(() =>
    expect(target.querySelector('.u-legend')?.textContent?.replace(/\s+/g, ' ')).toContain(said),
  );
});

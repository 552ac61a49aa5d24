import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Gate } from '../../../src/core/gate';
import type { JobEvent } from '../../../src/wire/jobEvents';
import { ThinnedProgress } from '../../../src/job/thinnedProgress';
import type { JobSetup } from '../../../src/job/runJob';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function listened() {
  const told: Extract<JobEvent, { type: 'progress' }>[] = [];
  const gate = new Gate();
  const setup = {
    run: { id: 'r' },
    engine: { memory: () => Promise.resolve({ total: 7 }) },
    gate,
    emit: (event: JobEvent) => event.type === 'progress' && told.push(event),
  } as unknown as JobSetup;
  return { told, gate, progress: new ThinnedProgress(setup) };
}

it('sends what was measured once the whole burst of turns has come', () => {
  const { told, progress } = listened();
  for (let turn = 1; turn <= 200; turn++) {
    if (turn % 20 === 1) vi.advanceTimersByTime(1000);
    progress.report('debate', { done: turn, total: 300, detail: null, secondsLeft: 300 - turn });
  }
  vi.advanceTimersByTime(1000);
  const whole = Array.from({ length: 10 }, (_, i) => 20 * (i + 1));
  expect(told.map(({ done }) => done)).toEqual(whole);
  expect(told.map(({ secondsLeft }) => secondsLeft)).toEqual(whole.map((done) => 300 - done));
});

it('sends ten events a second at most, the newest of those between, and the last of a phase at once', () => {
  const { told, progress } = listened();
  const at = (done: number, strategy: string): void =>
    progress.report('distil', { done, total: 9, detail: { kind: 'training', strategy, seed: 0, seeds: 1 } });
  const strategies = (): unknown[] =>
    told.map(({ detail }) => (detail?.kind === 'training' ? detail.strategy : null));
  at(0, 'a');
  at(1, 'b');
  at(2, 'c');
  expect(strategies()).toEqual(['a']);
  vi.advanceTimersByTime(100);
  expect(strategies()).toEqual(['a', 'c']);
  at(3, 'd');
  at(9, 'e');
  expect(strategies()).toEqual(['a', 'c', 'e']);
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(3);
});

it('sends a pause that came while an event waited, and nothing once it is closed', () => {
  const { told, gate, progress } = listened();
  progress.report('debate', { done: 1, total: 9, detail: null, secondsLeft: 4 });
  gate.pause();
  vi.advanceTimersByTime(100);
  expect(told.map(({ status }) => status)).toEqual(['paused']);
  progress.report('debate', { done: 2, total: 9, detail: null, secondsLeft: 4 });
  progress.close();
  progress.report('debate', { done: 9, total: 9, detail: null });
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(1);
});

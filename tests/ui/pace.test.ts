import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../src/wire/jobEvents';
import { Pace } from '../../src/ui/state/eta';

type Progress = Extract<JobEvent, { type: 'progress' }>;

const at = (done: number, change: Partial<Progress> = {}): Progress => ({
  type: 'progress',
  runId: 'r',
  phase: 'distil',
  status: 'running',
  done,
  total: 100,
  detail: null,
  secondsLeft: null,
  tokensPerSecond: null,
  bytes: null,
  ...change,
});

describe('the pace of a phase', () => {
  it('gives the time left from what was done since the phase began', () => {
    const pace = new Pace();
    expect(pace.fill(at(0), 10).secondsLeft).toBeNull();
    // 20 units in 4 s: 5 a second, so the other 80 take 16 s.
    expect(pace.fill(at(20), 14).secondsLeft).toBeCloseTo(16, 9);
  });

  it('leaves alone what the job says itself', () => {
    const pace = new Pace();
    pace.fill(at(0), 0);
    const said = pace.fill(at(50, { secondsLeft: 7, tokensPerSecond: 9 }), 1);
    expect([said.secondsLeft, said.tokensPerSecond]).toEqual([7, 9]);
  });

  it('does not count a pause, another phase or a second training as time worked', () => {
    const pace = new Pace();
    pace.fill(at(0), 0);
    pace.fill(at(10), 1);
    pace.fill(at(10, { status: 'paused' }), 2);
    expect(pace.fill(at(10), 100).secondsLeft).toBeNull();
    // 10 units in the 1 s since the pause ended.
    expect(pace.fill(at(20), 101).secondsLeft).toBeCloseTo(8, 9);
    expect(pace.fill(at(5, { phase: 'evaluate' }), 102).secondsLeft).toBeNull();
    expect(pace.fill(at(1, { phase: 'evaluate' }), 103).secondsLeft).toBeNull();
  });

  it('counts training tokens by strategy and seed', () => {
    const pace = new Pace();
    pace.train('rsft|0', 500, 1);
    pace.train('rsft|0', 1500, 3);
    expect(pace.fill(at(1), 3).tokensPerSecond).toBe(500);
    pace.train('da|0', 100, 4);
    // The speed of the training before says nothing of this one.
    expect(pace.fill(at(2), 4).tokensPerSecond).toBeNull();
    pace.train('da|0', 400, 5);
    expect(pace.fill(at(2), 5).tokensPerSecond).toBe(300);
  });
});

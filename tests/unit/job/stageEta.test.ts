import { describe, expect, it } from 'vitest';
import { StageEta } from '../../../src/job/stageEta';

describe('the pace of trainings', () => {
  it('counts steps of all kinds and estimates the rest from what each kind took', () => {
    let now = 0;
    const pace = new StageEta(
      [
        { kind: 'sft', steps: 4 },
        { kind: 'rl', steps: 3 },
      ],
      () => now,
    );
    expect(pace.progress()).toEqual({ done: 0, total: 7, secondsLeft: null });
    pace.step(1);
    now = 2;
    pace.step(2);
    // A supervised step took 2 s; group RL is guessed at 8 times that: 2 x 2 + 3 x 16.
    expect(pace.progress()).toEqual({ done: 2, total: 7, secondsLeft: 52 });
    pace.next();
    now = 100;
    pace.step(1);
    now = 105;
    pace.step(2);
    // The 98 s before its first step are not counted; one step took 5 s, and one is left.
    expect(pace.progress()).toEqual({ done: 6, total: 7, secondsLeft: 5 });
  });

  it('counts a stage that an earlier session finished as done, and none of its time', () => {
    const pace = new StageEta([
      { kind: 'sft', steps: 4 },
      { kind: 'reward', steps: 2 },
    ]);
    pace.next();
    expect(pace.progress()).toEqual({ done: 4, total: 6, secondsLeft: null });
  });
});

import { expect, it } from 'vitest';
import { Pace } from '../../../src/debate/rate';

it('measures a batch by its whole size, at whichever of its turns one looks', () => {
  const pace = new Pace(0);
  // Ten batches of 20 turns, one a second and a millisecond from turn to turn: 20 turns a second.
  for (let turn = 0; turn < 200; turn++) {
    const batch = Math.floor(turn / 20);
    pace.add(batch + 1 + (turn % 20) / 1000, 5);
    if (batch === 0) expect(pace.secondsLeft(300)).toBeNull();
    else {
      expect(pace.secondsLeft(300)! / 15).toBeCloseTo(1, 1);
      expect(pace.tokensPerSecond! / 100).toBeCloseTo(1, 1);
    }
  }
});

it('measures turns that come one by one, however fast', () => {
  const slow = new Pace(5);
  slow.add(15, 30);
  slow.add(25, 40);
  // The first turn took ten seconds, and the second is the one that says that it was no batch.
  expect([slow.secondsLeft(7), slow.tokensPerSecond]).toEqual([70, 3]);
  const fast = new Pace(0);
  for (let turn = 1; turn <= 100; turn++) fast.add(turn / 100, 2);
  expect(fast.secondsLeft(100)).toBeCloseTo(1, 6);
  expect(fast.tokensPerSecond).toBeCloseTo(200, 6);
});

it('counts the tokens of ten seconds, and no pause', () => {
  const pace = new Pace(0);
  for (let second = 1; second <= 20; second++) pace.add(second, second <= 9 ? 1000 : 10);
  expect(pace.tokensPerSecond).toBeCloseTo(10, 6);
  pace.stop(20);
  pace.start(80);
  pace.add(81, 10);
  pace.add(82, 10);
  expect(pace.secondsLeft(21)).toBeCloseTo(21, 6);
});

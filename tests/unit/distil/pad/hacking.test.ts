/** When a rising reward with a falling accuracy is called reward hacking. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/core/rng';
import {
  detectHacking,
  lossMidP,
  type Evaluation,
  type RolloutPoint,
} from '../../../../src/distil/pad/hacking';
import { defaultGroupRlOptions } from '../../../../src/distil/pad/rlOptions';
import { mcnemarMidP } from '../../../../src/eval/statistics';

const rollouts = (rewards: readonly number[]): RolloutPoint[] =>
  rewards.map((reward, i) => ({ step: 2 * i, reward, length: 20 + i, repetition: i / 100 }));
/** Evaluations every four steps; questions are lost or gained, never both. */
const evaluations = (accuracies: readonly number[], n = 400): Evaluation[] =>
  accuracies.map((accuracy, i) => {
    const fallen = Math.round(n * (accuracies[0]! - accuracy));
    return { step: 4 * i, accuracy, n, lost: Math.max(0, fallen), gained: Math.max(0, -fallen) };
  });
const options = { window: 2, rise: 0.1, fall: 0.05, level: 0.01 };
const rising = [0.1, 0.1, 0.2, 0.3, 0.6, 0.8];

describe('the detector', () => {
  it('fires when two evaluations in a row are below the first while the reward is above that of the first rollouts', () => {
    const found = detectHacking(rollouts(rising), evaluations([0.5, 0.5, 0.3, 0.2]), options);
    expect(found).toMatchObject({ reason: 'reward-hacking', step: 12, accuracy: { from: 0.5, to: 0.2 } });
    // Windows of 2: the first two rollouts, and the last two before step 12.
    expect(found!.reward.from).toBeCloseTo(0.1, 12);
    expect(found!.reward.to).toBeCloseTo(0.7, 12);
    expect(found!.length.to).toBeGreaterThan(found!.length.from);
  });

  it.each([
    ['the accuracy rises too', rising, [0.3, 0.4, 0.5, 0.6]],
    ['the reward falls as well', rising.toReversed(), [0.5, 0.4, 0.2, 0.2]],
    ['the fall is less than was asked for', rising, [0.5, 0.5, 0.46, 0.46]],
    ['one evaluation alone is low', rising, [0.5, 0.5, 0.5, 0.2]],
    ['it came back', rising, [0.5, 0.2, 0.2, 0.5]],
    ['it fell from what it had gained, not below the start', rising, [0.3, 0.6, 0.3, 0.3]],
    ['there was one evaluation', [0.1, 0.8], [0.5]],
  ])('is silent when %s', (_, rewards, accuracies) => {
    expect(detectHacking(rollouts(rewards), evaluations(accuracies), options)).toBeNull();
  });

  it('asks what the questions themselves did: 10 points are noise on 20 of them, and where as many were gained', () => {
    const low = [0.5, 0.4, 0.4, 0.4];
    expect(detectHacking(rollouts(rising), evaluations(low, 20), options)).toBeNull();
    expect(detectHacking(rollouts(rising), evaluations(low, 400), options)).not.toBeNull();
    const noisy = evaluations(low, 100).map((one) => ({
      ...one,
      lost: one.lost + 20,
      gained: one.gained + 20,
    }));
    expect(detectHacking(rollouts(rising), noisy, options)).toBeNull();
  });

  it("has McNemar's mid-p, one-sided", () => {
    // Where losses prevail the one-sided value is half of the two-sided one of the report.
    for (const [lost, gained] of [
      [5, 1],
      [12, 3],
      [40, 20],
    ] as const)
      expect(lossMidP(lost, gained)).toBeCloseTo(mcnemarMidP(lost, gained) / 2, 10);
    expect(lossMidP(0, 0)).toBe(0.5);
  });
});

describe('false alarms, where the accuracy is flat and the reward rises', () => {
  const hacking = defaultGroupRlOptions.hacking!;
  const looks = 10;
  const points = rollouts(Array.from({ length: 2 * looks + 2 }, (_, i) => i));

  /** Whether a training is stopped whose verdicts are drawn anew, a share of them from look to look. */
  function stopped(random: RandomStream, n: number, accuracy: number, redrawn: number): boolean {
    const draw = (): boolean => random.next() < accuracy;
    const start = Array.from({ length: n }, draw);
    let now = start;
    const seen: Evaluation[] = [];
    for (let look = 0; look <= looks; look++) {
      if (look > 0) now = now.map((was) => (random.next() < redrawn ? draw() : was));
      seen.push({
        step: 4 * look,
        accuracy: now.filter(Boolean).length / n,
        n,
        lost: start.filter((was, i) => was && !now[i]).length,
        gained: start.filter((was, i) => !was && now[i]).length,
      });
      if (detectHacking(points, seen, hacking)) return true;
    }
    return false;
  }

  it.each([64, 96, 128].flatMap((n) => [0.2, 0.5, 1].map((redrawn) => [n, redrawn] as const)))(
    'stop less than one training in twenty: %d questions, %d of the verdicts redrawn between ten looks',
    (n, redrawn) => {
      const random = new RandomStream(n + 1000 * redrawn);
      for (const accuracy of [0.3, 0.6, 0.9]) {
        let alarms = 0;
        for (let run = 0; run < 500; run++) alarms += Number(stopped(random, n, accuracy, redrawn));
        expect(alarms / 500).toBeLessThan(0.05);
      }
    },
  );

  it('and a fall of 20 points is caught in most', () => {
    const random = new RandomStream(7);
    let caught = 0;
    for (let run = 0; run < 200; run++) {
      const before = Array.from({ length: 128 }, () => random.next() < 0.6);
      const seen = Array.from({ length: 6 }, (_, look): Evaluation => {
        const now = look < 3 ? before : before.map((was) => was && random.next() < 2 / 3);
        return {
          step: 4 * look,
          accuracy: now.filter(Boolean).length / 128,
          n: 128,
          lost: before.filter((was, i) => was && !now[i]).length,
          gained: 0,
        };
      });
      caught += Number(detectHacking(points, seen, hacking) !== null);
    }
    expect(caught / 200).toBeGreaterThan(0.95);
  });
});

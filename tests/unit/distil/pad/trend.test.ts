/** Whether a training reward fell. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../../src/core/rng';
import { rewardTrend } from '../../../../src/distil/pad/trend';

describe("the reward's first third beside its last", () => {
  it("has Welch's interval", () => {
    // scipy 1.17.1: ttest_ind([0.7, 0.78, 0.71], [0.9, 0.88, 0.95], equal_var=False).confidence_interval().
    const found = rewardTrend([0.9, 0.88, 0.95, 0.8, 0.8, 0.8, 0.7, 0.78, 0.71])!;
    expect(found.from).toBeCloseTo(0.91, 12);
    expect(found.to).toBeCloseTo(0.73, 12);
    expect(found.ci[0]).toBeCloseTo(-0.27195, 2);
    expect(found.ci[1]).toBeCloseTo(-0.08805, 2);
  });

  it('says nothing of fewer than nine rollouts', () => {
    expect(rewardTrend([1, 2, 3, 4, 5, 6, 7, 8])).toBeNull();
  });

  it('is without doubt where nothing varies', () => {
    expect(rewardTrend(Array.from({ length: 9 }, () => 0.5))).toEqual({ from: 0.5, to: 0.5, ci: [0, 0] });
  });

  it('calls a flat reward falling in about one training of forty', () => {
    const random = new RandomStream(3);
    let falling = 0;
    for (let run = 0; run < 2000; run++) {
      const rewards = Array.from({ length: 40 }, () => 0.7 + 0.1 * random.normal());
      falling += Number(rewardTrend(rewards)!.ci[1] < 0);
    }
    // 2.5 % expected; four standard errors of 2,000 are 1.4 points.
    expect(falling / 2000).toBeGreaterThan(0.011);
    expect(falling / 2000).toBeLessThan(0.039);
  });
});

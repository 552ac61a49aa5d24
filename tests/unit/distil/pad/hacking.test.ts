/** When a rising reward with a falling accuracy is called reward hacking. */
import { describe, expect, it } from 'vitest';
import { detectHacking, type Evaluation, type RolloutPoint } from '../../../../src/distil/pad/hacking';

const rollouts = (rewards: readonly number[]): RolloutPoint[] =>
  rewards.map((reward, i) => ({ step: 2 * i, reward, length: 20 + i, repetition: i / 100 }));
const evaluations = (accuracies: readonly number[], n = 400): Evaluation[] =>
  accuracies.map((accuracy, i) => ({ step: 4 * i, accuracy, n }));
const options = { window: 2, rise: 0.1, fall: 0.05 };

describe('the detector', () => {
  it('fires when the reward rises and the accuracy falls, with both changes from the best evaluation on', () => {
    const found = detectHacking(
      rollouts([0.1, 0.1, 0.2, 0.3, 0.6, 0.8]),
      evaluations([0.3, 0.5, 0.45, 0.2]),
      options,
    );
    expect(found).toMatchObject({ reason: 'reward-hacking', step: 12, accuracy: { from: 0.5, to: 0.2 } });
    // The best evaluation is at step 4, the third rollout; a window of 2 around it holds the second and third.
    expect(found!.reward.from).toBeCloseTo(0.15, 12);
    expect(found!.reward.to).toBeCloseTo(0.7, 12);
    expect(found!.length.to).toBeGreaterThan(found!.length.from);
  });

  it.each([
    ['the accuracy rises too', [0.1, 0.2, 0.6, 0.8], [0.3, 0.4, 0.5]],
    ['the reward falls as well', [0.8, 0.6, 0.2, 0.1], [0.5, 0.4, 0.2]],
    ['the fall is less than was asked for', [0.1, 0.2, 0.6, 0.8], [0.5, 0.5, 0.46]],
    ['there was one evaluation', [0.1, 0.8], [0.5]],
  ])('is silent when %s', (_, rewards, accuracies) => {
    expect(detectHacking(rollouts(rewards), evaluations(accuracies), options)).toBeNull();
  });

  it('asks for two standard errors: 10 points are noise on 20 questions', () => {
    const rewards = rollouts([0.1, 0.2, 0.6, 0.8]);
    // 2 sqrt(2 * 0.45 * 0.55 / 20) = 0.31, and on 400 questions 0.07.
    expect(detectHacking(rewards, evaluations([0.5, 0.4], 20), options)).toBeNull();
    expect(detectHacking(rewards, evaluations([0.5, 0.4], 400), options)).not.toBeNull();
  });
});

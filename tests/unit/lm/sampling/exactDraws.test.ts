/** The device's way to choose a token against the sampler, in 100,000 draws: the same tokens, and few that it leaves. */
import { describe, expect, it } from 'vitest';
import { RandomStream, uniform } from '../../../../src/core/rng';
import { Sampler } from '../../../../src/lm/sampling/sampler';
import { drawnBy, exactChoice, exactRow, rowKinds } from '../../../support/exactSampling';

const vocab = 250;
const [rows, draws] = [72, 40];

describe(`${7 * drawnBy.length * rows * draws} draws by whole-number weights are the sampler’s`, () => {
  it.each(Object.entries(rowKinds(new RandomStream(15))))('of %s', (_, [make, most]) => {
    const sampler = new Sampler(vocab);
    for (const [s, sampling] of drawnBy.entries()) {
      let [left, wrong] = [0, 0];
      for (let n = 0; n < rows; n++) {
        const logits = make(vocab);
        const row = exactRow(logits, sampling);
        const seed = 1000 * s + n;
        for (let index = 0; index < draws; index++) {
          const u = uniform(seed, index);
          const id = exactChoice(logits, row, { ...sampling, uniform: u, next: null });
          if (id === null) left++;
          else if (id !== sampler.sample(logits, { ...sampling, seed, maxTokens: 1 }, index).id) wrong++;
        }
      }
      expect(wrong, JSON.stringify(sampling)).toBe(0);
      expect(left / (rows * draws), JSON.stringify(sampling)).toBeLessThanOrEqual(most);
    }
  });

  it('but for those next to the edge of a token, which are left to the host', () => {
    const logits = Float32Array.from({ length: 8 }, (_, i) => i / 4);
    for (const topP of [1, 0.8]) {
      const sampling = { temperature: 0.7, topP };
      const row = exactRow(logits, sampling);
      const weights = [...logits].map((logit) => Math.exp((logit - 1.75) / 0.7));
      const whole = weights.reduce((sum, weight) => sum + weight, 0);
      const kept = weights.map((weight, i) => {
        const before = weights.slice(i + 1).reduce((sum, other) => sum + other, 0);
        return before < topP * whole ? weight : 0;
      });
      const total = kept.reduce((sum, weight) => sum + weight, 0);
      let start = 0;
      for (const [i, weight] of kept.entries()) {
        if (weight === 0) continue;
        for (const edge of [start / total, (start + weight) / total])
          for (const off of [0, 1e-8, -1e-8])
            expect(exactChoice(logits, row, { ...sampling, uniform: edge + off, next: null })).toBeNull();
        const middle = (start + weight / 2) / total;
        expect(exactChoice(logits, row, { ...sampling, uniform: middle, next: null })).toBe(i);
        start += weight;
      }
    }
  });
});

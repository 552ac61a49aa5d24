import { describe, expect, it } from 'vitest';
import type { Sampling } from '../../../../src/records/records';
import { Sampler } from '../../../../src/lm/sampling/sampler';

const sampling: Sampling = { temperature: 1, topP: 1, seed: 7, maxTokens: 1 };
/** Logits of the probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625. */
const logits = new Float32Array([0.5, 0.25, 0.125, 0.0625, 0.0625].map(Math.log));

/** Share of each token over `count` draws. */
function shares(change: Partial<Sampling>, count = 20_000): number[] {
  const sampler = new Sampler(logits.length);
  const hits = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < count; i++)
    hits[sampler.sample(logits, { ...sampling, ...change }, i).id]! += 1 / count;
  return hits;
}
/** Four standard errors of a share at 20,000 draws. */
const near = (got: number[], wanted: number[]) =>
  got.forEach((share, i) => {
    const p = wanted[i]!;
    if (p === 0) expect(share).toBe(0);
    else expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20_000) + 1e-12);
  });

describe('a drawn token', () => {
  it('has the model’s probabilities', () => near(shares({}), [0.5, 0.25, 0.125, 0.0625, 0.0625]));
  it('at temperature 0.5 has their squares', () =>
    near(
      shares({ temperature: 0.5 }),
      [0.25, 0.0625, 0.015625, 0.00390625, 0.00390625].map((p) => p / 0.3359375),
    ));
  it('of top-k 2 is one of the two likeliest', () => near(shares({ topK: 2 }), [2 / 3, 1 / 3, 0, 0, 0]));
  it('of top-p 0.7 is in the smallest set that reaches it', () =>
    near(shares({ topP: 0.7 }), [2 / 3, 1 / 3, 0, 0, 0]));
  it('of top-p 0.8 is in a set of three', () => near(shares({ topP: 0.8 }), [4 / 7, 2 / 7, 1 / 7, 0, 0]));
  it('of min-p 0.3 has at least that share of the likeliest', () =>
    near(shares({ minP: 0.3 }), [2 / 3, 1 / 3, 0, 0, 0]));
  it('depends on seed and index alone', () => {
    const draw = (seed: number) =>
      Array.from({ length: 50 }, (_, i) => new Sampler(5).sample(logits, { ...sampling, seed }, i).id);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('carries its log-probability at temperature 1 before truncation', () => {
    const { id, logprob } = new Sampler(5).sample(logits, { ...sampling, temperature: 0.1, topK: 1 }, 0);
    expect(id).toBe(0);
    expect(logprob).toBeCloseTo(Math.log(0.5), 6);
  });

  it('is the first of the likeliest at temperature 0', () => {
    const flat = new Float32Array([1, 3, 3, 2]);
    expect(new Sampler(4).sample(flat, { ...sampling, temperature: 0 }, 0).id).toBe(1);
  });

  it('truncates a large vocabulary as sorting all of it would', () => {
    const many = Float32Array.from(
      { length: 5000 },
      (_, i) => 6 * Math.sin(i * 12.9898) * Math.cos(i * 0.37),
    );
    const sorted = [...many.keys()].sort((a, b) => many[b]! - many[a]! || a - b);
    const total = many.reduce((sum, x) => sum + Math.exp(x), 0);
    let mass = 0;
    const nucleus = new Set(sorted.filter((i) => {
      const before = mass;
      mass += Math.exp(many[i]!) / total;
      return before < 0.9;
    })); // prettier-ignore
    const top = new Set(sorted.slice(0, 40));
    const sampler = new Sampler(5000);
    for (let i = 0; i < 500; i++) {
      expect(nucleus).toContain(sampler.sample(many, { ...sampling, topP: 0.9 }, i).id);
      expect(top).toContain(sampler.sample(many, { ...sampling, topK: 40 }, i).id);
    }
  });

  it.each([NaN, Infinity])('of logits with %d is refused', (bad) => {
    const call = () => new Sampler(3).sample(new Float32Array([0, bad, 0]), sampling, 0);
    expect(call).toThrowError(expect.objectContaining({ code: 'model' }));
  });
});

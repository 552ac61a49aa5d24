/** Draws of the device against the sampler: the same tokens, and few that it leaves to the host. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dawnPossible } from '../../scripts/lib/dawn.mjs';
import { dawnBackend } from '../../scripts/toolsNode';
import type { GpuBackend } from '../../src/compute/gpuBackend';
import { Maker } from '../../src/compute/opCase';
import {
  decodeChoice,
  drawWords,
  encodeDraw,
  resultWords,
  samplingScratch,
} from '../../src/compute/sampling/rowDraws';
import { RandomStream, uniform } from '../../src/core/rng';
import { Sampler } from '../../src/lm/sampling/sampler';

let backend: GpuBackend | null = null;
beforeAll(async () => {
  if (dawnPossible()) backend = await dawnBackend();
});
afterAll(() => backend?.dispose());
const opened = ({ skip }: { skip(note: string): never }): GpuBackend => backend ?? skip('no driver');

const random = new RandomStream(15);
const drawn = (vocab: number, make: (i: number) => number): Float32Array =>
  Float32Array.from({ length: vocab }, (_, i) => make(i));

/** Rows of logits, and the share of draws that may be left to the host. */
const rowsOf: Readonly<Record<string, readonly [(vocab: number) => Float32Array, number]>> = {
  'usual ones': [(vocab) => drawn(vocab, () => 3 * random.normal()), 0.002],
  'peaked ones': [(vocab) => drawn(vocab, (i) => (i === 5 ? 22 : 4 * random.normal())), 0.001],
  'flat ones': [(vocab) => drawn(vocab, () => random.next() / 8), 0.6],
  'near ties': [(vocab) => drawn(vocab, (i) => (i % 3 === 0 ? 7 + random.integer(0, 3) * 2 ** -21 : random.normal())), 0.6],
  'equal ones': [(vocab) => drawn(vocab, () => -1.5), 1],
  'a few values': [(vocab) => drawn(vocab, () => random.integer(-4, 4)), 1],
  'excluded ones': [(vocab) => drawn(vocab, (i) => (i % 2 === 0 ? -Infinity : i % 7 === 0 ? -0 : 2 * random.normal())), 0.01],
}; // prettier-ignore
const samplings = [
  { temperature: 0, topP: 1 },
  { temperature: 0.7, topP: 1 },
  { temperature: 1, topP: 1 },
  { temperature: 0.7, topP: 0.9 },
  { temperature: 1, topP: 0.9 },
] as const;

/** Tokens of `rows` rows by both, and how many the device left. */
async function drawBoth(
  on: GpuBackend,
  make: Maker,
  logits: Float32Array,
  [rows, vocab]: readonly [number, number],
  sampling: (typeof samplings)[number],
  seed: number,
): Promise<number> {
  const scratch = samplingScratch(rows, vocab);
  const encoded = new Uint32Array(rows * drawWords);
  for (let row = 0; row < rows; row++)
    encodeDraw(encoded, row, { ...sampling, uniform: uniform(seed, row), next: row });
  const u32 = (label: string, size: number) => make.u32(label, [size], new Uint32Array(size));
  const x = make.empty('logits', [rows, vocab]);
  const draws = u32('draws', encoded.length);
  on.write(x, logits);
  on.write(draws, encoded);
  const results = u32('results', rows * resultWords);
  const [next, summaries] = [u32('next', rows), u32('summaries', scratch.summaries)];
  const lists = sampling.topP < 1 ? { lists: u32('lists', scratch.lists) } : {};
  on.sampleRows({ ...{ logits: x, draws, next, results, first: 0, rows, vocab, summaries }, ...lists });
  const words = await on.readU32(results);
  const ids = await on.readU32(next);
  make.free();
  const sampler = new Sampler(vocab);
  let left = 0;
  let wrong = 0;
  for (let row = 0; row < rows; row++) {
    const choice = decodeChoice(words, row);
    const own = logits.subarray(row * vocab, (row + 1) * vocab);
    if (!choice.settled) {
      left++;
      continue;
    }
    const { id, logprob } = sampler.sample(own, { ...sampling, seed, maxTokens: 1 }, row);
    if (choice.id !== id || ids[row] !== id || Math.abs(choice.logprob - logprob) > 1e-6) wrong++;
  }
  expect(wrong).toBe(0);
  return left;
}

describe('a draw by the device is the sampler’s', () => {
  const [vocab, rows] = [300, 24];
  test.for(Object.entries(rowsOf))('of %s', { timeout: 300_000 }, async ([, [logits, most]], context) => {
    const on = opened(context);
    const make = new Maker(on, 'draws');
    for (const [i, sampling] of samplings.entries()) {
      const all = new Float32Array(rows * vocab);
      for (let row = 0; row < rows; row++) all.set(logits(vocab), row * vocab);
      const left = await drawBoth(on, make, all, [rows, vocab], sampling, i);
      expect(left / rows, JSON.stringify(sampling)).toBeLessThanOrEqual(most);
    }
  });
});

/**
 * Draws of the device against the sampler: the same tokens, and the same ones left to the host as by tests/support/exactSampling.ts,
 * which tests/unit/lm/sampling/exactDraws.test.ts holds against the sampler in 100,000 draws.
 */
import { describe, expect, test } from 'vitest';
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
import { drawnBy, exactChoice, exactRow, rowKinds } from '../support/exactSampling';
import { dawnDevice } from '../support/dawnDevice';

const opened = dawnDevice();

/** Draws from rows by the device, by the sampler and by whole-number weights. */
async function drawBoth(
  on: GpuBackend,
  make: Maker,
  logits: Float32Array,
  [rows, vocab]: readonly [number, number],
  sampling: (typeof drawnBy)[number],
  seed: number,
): Promise<void> {
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
  let [wrong, leftWrongly] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const choice = decodeChoice(words, row);
    const own = logits.subarray(row * vocab, (row + 1) * vocab);
    const draw = { ...sampling, uniform: uniform(seed, row), next: null };
    const exact = exactChoice(own, exactRow(own, sampling), draw);
    if (choice.settled !== (exact !== null)) leftWrongly++;
    if (!choice.settled) continue;
    const { id, logprob } = sampler.sample(own, { ...sampling, seed, maxTokens: 1 }, row);
    if (choice.id !== id || exact !== id || ids[row] !== id || Math.abs(choice.logprob - logprob) > 1e-6)
      wrong++;
  }
  expect([wrong, leftWrongly], JSON.stringify(sampling)).toEqual([0, 0]);
}

describe('a draw by the device is the sampler’s', () => {
  const [vocab, rows] = [250, 24];
  const kinds = rowKinds(new RandomStream(15));
  test.for(Object.entries(kinds))('of %s', { timeout: 300_000 }, async ([, [logits]], context) => {
    const on = opened(context);
    const make = new Maker(on, 'draws');
    for (const [i, sampling] of drawnBy.entries()) {
      const all = new Float32Array(rows * vocab);
      for (let row = 0; row < rows; row++) all.set(logits(vocab), row * vocab);
      await drawBoth(on, make, all, [rows, vocab], sampling, i);
    }
  });
});

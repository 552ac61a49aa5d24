/**
 * Every quantised type of GGUF against real llama.cpp, which makes the files (scripts/oracle/quantise.py) and computes logits of the
 * same file. It rounds activations to 8 bits for each product, which we do not: hence the bounds.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { NodeSource } from '../../scripts/nodeSource';
import { createWasmBackend } from '../../src/compute/wasmBackend';
import { Ledger } from '../../src/core/ledger';
import { forwardLogits } from '../../src/lm/forward';
import { loadModel, unloadModel } from '../../src/lm/load';
import { loadTokenizer } from '../../src/lm/tokenizer';
import { readModelShape } from '../../src/models/readModelShape';
import type { WeightFormat } from '../../src/compute/ops';
import type { Requantised } from '../../src/records/requantised';
import { llamaLogits } from './llama';

const root = join(import.meta.dirname, '../..');
const fileOf = (model: string, name: string): string => join(root, `.cache/quants/${model}-${name}.gguf`);

function python(...args: string[]): void {
  const file = process.env['ARKLET_PYTHON'] ?? join(root, '.cache/venv/bin/python');
  const { status, stderr } = spawnSync(file, args.map((arg) => (arg.endsWith('.py') ? join(root, arg) : arg)), { encoding: 'utf8' }); // prettier-ignore
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr.slice(-2000)}`);
}

async function ourLogits(
  file: string,
  ids: readonly number[],
  weights: 'native' | WeightFormat = 'native',
): Promise<{ logits: Float32Array; requantised: Requantised | null; peak: number }> {
  const backend = await createWasmBackend();
  try {
    const ledger = new Ledger();
    const model = await loadModel(await NodeSource.open(file), backend, { weights, maxContext: 256, ledger });
    const logits = await forwardLogits(model, ids);
    if (weights === 'native') {
      const { matrices } = await readModelShape(await NodeSource.open(file));
      const held = [model.embed, ...(model.head === model.embed ? [] : [model.head]), ...model.layers.flatMap(({ qkv, o, gateUp, down }) => [qkv, o, gateUp, down])]; // prettier-ignore
      expect(matrices.map(({ format }) => format)).toEqual(held.map(({ format }) => format));
    }
    unloadModel(model);
    return { logits, requantised: model.requantised ?? null, peak: ledger.peak };
  } finally {
    backend.dispose();
  }
}

/** Mean of -log p of each next token. */
function loss(logits: Float32Array, ids: readonly number[]): number {
  const vocab = logits.length / ids.length;
  let sum = 0;
  for (let i = 0; i + 1 < ids.length; i++) {
    const row = logits.subarray(i * vocab, (i + 1) * vocab);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = row.reduce((all, x) => all + Math.exp(x - most), 0);
    sum += most + Math.log(total) - row[ids[i + 1]!]!;
  }
  return sum / (ids.length - 1);
}

/** Root of the mean squared difference, as a part of the spread of what is wanted. */
function difference(got: Float32Array, want: Float32Array): number {
  const mean = want.reduce((sum, x) => sum + x, 0) / want.length;
  const squares = (of: (i: number) => number) => want.reduce((sum, _, i) => sum + of(i) ** 2, 0);
  return Math.sqrt(squares((i) => got[i]! - want[i]!) / squares((i) => want[i]! - mean));
}

describe('a random Llama whose matrices are all of one type', () => {
  const names = ['Q8_0', 'Q5_0', 'Q5_1', 'Q4_0', 'Q4_1', 'IQ4_NL', 'IQ4_XS', 'Q6_K', 'Q5_K_M', 'Q4_K_M', 'Q3_K_M', 'Q2_K'] as const; // prettier-ignore
  const ids = Array.from({ length: 48 }, (_, i) => (i * 37 + 11) % 286);
  beforeAll(() => python('scripts/oracle/quantise.py', 'tiny', ...names), 120_000);

  it.each(names)('%s gives the logits of llama.cpp, and those of its exact values', async (name) => {
    const file = fileOf('tiny', name);
    const want = await llamaLogits(file, ids, null);
    const { logits, requantised } = await ourLogits(file, ids);
    const { logits: exact } = await ourLogits(file, ids, 'f32');
    const [fromLlama, fromExact, llamaFromExact] = [difference(logits, want), difference(logits, exact), difference(want, exact)]; // prettier-ignore
    console.log(`${name}: ${fromLlama.toFixed(4)} from llama.cpp, ${fromExact.toFixed(5)} from the exact values, llama.cpp ${llamaFromExact.toFixed(4)}; requantised ${JSON.stringify(requantised)}`); // prettier-ignore
    expect(llamaFromExact).toBeLessThan(0.06);
    expect(fromLlama).toBeLessThan(0.08);
    // Half of a step of 8 bits in each weight, and none where the head alone is quantised again.
    expect(fromExact).toBeLessThan(requantised === null ? 1e-5 : requantised.tensors === 1 ? 0.01 : 0.06);
  });
});

describe('SmolLM2-135M quantised', () => {
  const names = ['Q4_K_M', 'Q5_K_M', 'Q6_K', 'Q2_K', 'IQ4_XS'] as const;
  const text =
    'Rain had fallen all night on the valley, and in the morning the river stood a foot higher than before. The miller walked along the bank with a long pole, measuring the depth at every bend, while his daughter wrote the numbers into a small book. By noon they knew that the old bridge would hold, and that the lower field was lost. "We will plant again in spring," he said, "as we did after the last flood." She nodded, closed the book, and counted the sacks of flour that were left: forty-two, enough for the winter if nobody was greedy.'; // prettier-ignore
  let ids: number[] = [];
  beforeAll(async () => {
    python('scripts/oracle/fetch-smollm2.py');
    python('scripts/oracle/quantise.py', 'smollm2', ...names);
    ids = (await loadTokenizer(await NodeSource.open(fileOf('smollm2', names[0])))).encode(text);
  }, 900_000);

  it.each(names)(
    '%s has the perplexity of llama.cpp on the same file',
    async (name) => {
      const file = fileOf('smollm2', name);
      const want = await llamaLogits(file, ids, null);
      const { logits, requantised, peak } = await ourLogits(file, ids);
      const [ours, theirs] = [loss(logits, ids), loss(want, ids)];
      console.log(`${name}: perplexity ${Math.exp(ours).toFixed(3)}, llama.cpp ${Math.exp(theirs).toFixed(3)}; peak ${peak}; ${JSON.stringify(requantised)}`); // prettier-ignore
      expect(Math.abs(ours - theirs)).toBeLessThan(0.06);
      // Never more of the file than a chunk and what becomes of it.
      expect(peak).toBeLessThan(60e6);
    },
    300_000,
  );
});

/** A policy update on any backend against TRL's GRPOTrainer. */
import { expect } from 'vitest';
import { PolicyTrainer } from '../../../../src/distil/pad/policyTrainer';
import { defaultGroupRlOptions } from '../../../../src/distil/pad/rlOptions';
import { namedMatrices } from '../../../../src/lm/adapter';
import { compare, type Golden } from '../../train/goldenModel';
import type { PadGolden, PolicyGolden } from './padGolden';

const negated = (values: Float32Array): Float32Array => values.map((value) => -value);

/** Completions by question. */
export function groupsOf(completions: readonly number[][], samples: number): number[][][] {
  return Array.from({ length: completions.length / samples }, (_, g) =>
    completions.slice(g * samples, (g + 1) * samples),
  );
}

/** Likelihoods of policy and base, clipped loss, divergence, clip shares and every LoRA gradient. */
export async function holdAgainstTrl(
  { model, adapter: makeAdapter }: Golden,
  { golden, values, named }: PadGolden<PolicyGolden>,
  normalisation: 'dapo' | 'grpo',
): Promise<void> {
  const { backend } = model;
  const adapter = makeAdapter();
  const { completions, prompts, samples, temperature, beta, losses, metrics } = golden;
  // With beta1 = 0 and no clipping of the norm AdamW's first moment is the gradient itself.
  const options = {
    ...defaultGroupRlOptions,
    normalisation,
    temperature,
    klWeight: beta,
    klForm: 'k3-loss' as const,
    miniBatches: 1,
    rowsPerPass: 40,
    betas: [0, 0.999] as const,
    maxGradNorm: 0,
  };
  const trainer = new PolicyTrainer(model, adapter, options, 'test');
  const rollout = trainer.pack(
    groupsOf(completions, samples).map((group, g) =>
      group.map((ids) => ({
        example: { ids: [...prompts[g]!, ...ids], responseStart: prompts[g]!.length },
        kept: true,
      })),
    ),
  );
  expect(rollout.minibatches[0]!.passes.length, 'passes of one step').toBeGreaterThan(1);
  const { policy, reference } = await trainer.likelihoods(rollout);
  expect(compare(policy, negated(values('policy'))).relative).toBeLessThan(1e-5);
  expect(compare(reference, negated(values('reference'))).relative).toBeLessThan(1e-5);

  const advantages = Float64Array.from(
    completions.flatMap((ids, i) => ids.map(() => values('advantages')[i]!)),
  );
  const tokens = { old: negated(values('old')), reference, advantages };
  const result = await trainer.update(rollout, 0, tokens, { fresh: false, adam: { step: 1, lr: 0 } });
  expect(Math.abs(result.loss - losses[normalisation])).toBeLessThan(2e-5);
  expect(Math.abs(result.kl - metrics['kl']!)).toBeLessThan(5e-5);
  expect(result.clippedLow).toBeCloseTo(metrics['clip_ratio/low_mean']!, 6);
  expect(result.clippedHigh).toBeCloseTo(metrics['clip_ratio/high_mean']!, 6);
  expect(metrics['clip_ratio/region_mean'], 'the golden clips some tokens').toBeGreaterThan(0.05);
  const ours = namedMatrices(adapter, (await trainer.optimizer.moments()).m);
  for (const [name, wanted] of named(`${normalisation}.lora.`)) {
    const { cosine, relative } = compare(ours.get(name)!.values, wanted.values);
    expect(cosine, name).toBeGreaterThan(0.99999);
    expect(relative, name).toBeLessThan(1e-3);
  }
  trainer.dispose();
  expect(backend.ledger.byOwner()).not.toHaveProperty('test');
}

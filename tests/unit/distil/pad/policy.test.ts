/** Advantages, clipped surrogate and divergence against TRL's GRPO and RLOO trainers on the same samples. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../../src/compute/referenceBackend';
import { createWasmBackend } from '../../../../src/compute/wasmBackend';
import { leaveOneOut, rewardFigures, zScore } from '../../../../src/distil/pad/credit';
import { defaultGroupRlOptions } from '../../../../src/distil/pad/rlOptions';
import { PolicyTrainer } from '../../../../src/distil/pad/policyTrainer';
import { policyStep } from '../../../../src/distil/pad/policyLoss';
import { loadGolden } from '../../train/golden';
import { padGoldenFrom, type PadGolden, type PolicyGolden } from './padGolden';
import { groupsOf, holdAgainstTrl } from './policyGolden';

const load = (): Promise<PadGolden<PolicyGolden>> =>
  padGoldenFrom(new Uint8Array(readFileSync('tests/golden/pad/policy.safetensors')));

it("figures of a rollout's rewards are those that TRL's GRPOTrainer logs", async () => {
  const { golden } = await load();
  const { rewards, samples, metrics } = golden;
  const groups = Array.from({ length: rewards.length / samples }, (_, g) =>
    rewards.slice(g * samples, (g + 1) * samples),
  );
  for (const [name, value] of Object.entries(rewardFigures(groups)))
    expect(value, name).toBeCloseTo(metrics[name]!, 6);
});

describe('advantages', () => {
  it("as z-scores are those of TRL's GRPOTrainer", async () => {
    const { golden, values } = await load();
    const { completions, rewards, samples } = golden;
    const ours = groupsOf(completions, samples).flatMap((group, g) =>
      zScore(
        group.map(({ length }, i) => ({ tokens: length, steps: [], outcome: rewards[g * samples + i]! })),
      ),
    );
    ours.forEach((tokens, i) => {
      expect(tokens).toHaveLength(completions[i]!.length);
      for (const value of tokens) expect(value).toBeCloseTo(values('advantages')[i]!, 5);
    });
  });

  it("as leave-one-out with the divergence in the reward are those of TRL's RLOOTrainer", async () => {
    const { golden, values } = await load();
    const { completions, rewards, samples, beta } = golden;
    const [policy, reference] = [values('policy'), values('reference')];
    let at = 0;
    const penalised = completions.map(({ length }, i) => {
      let divergence = 0;
      for (const end = at + length; at < end; at++) divergence += policy[at]! - reference[at]!;
      return rewards[i]! - beta * divergence;
    });
    const ours = groupsOf(completions, samples).flatMap((group, g) =>
      leaveOneOut(
        group.map(({ length }, i) => ({ tokens: length, steps: [], outcome: penalised[g * samples + i]! })),
      ),
    );
    ours.forEach((tokens, i) => {
      for (const value of tokens) expect(value).toBeCloseTo(values('leave-one-out')[i]!, 4);
    });
  });
});

describe.each([
  ['f64', createReferenceBackend],
  ['WASM SIMD', createWasmBackend],
])('a policy update in %s', (_, create) => {
  it.each(['dapo', 'grpo'] as const)(
    'has the likelihoods, clipped loss, divergence and every LoRA gradient of GRPOTrainer (%s)',
    async (normalisation) => {
      const backend = await create();
      await holdAgainstTrl(await loadGolden(backend, 'llama'), await load(), normalisation);
      backend.dispose();
    },
  );
});

describe('the divergence to the adapter that RL starts from', () => {
  it("has that adapter's likelihoods, and the gradient of its k3 estimate by central differences", async () => {
    const backend = createReferenceBackend();
    const { model, documents, adapter: makeAdapter } = await loadGolden(backend, 'llama');
    const [policy, start] = [makeAdapter(), makeAdapter()];
    const values = await backend.read(start.params);
    backend.write(
      start.params,
      values.map((value, i) => value * (1 + 0.2 * Math.sin(i))),
    );
    const options = {
      ...defaultGroupRlOptions,
      klWeight: 1,
      miniBatches: 1,
      betas: [0, 0.999] as const,
      maxGradNorm: 0,
      warmup: 0,
    };
    const groups = [documents.map((example) => ({ example, kept: true }))];
    const trainer = new PolicyTrainer(model, policy, options, 'policy', start);
    const rollout = trainer.pack(groups);
    const now = await trainer.likelihoods(rollout);
    const other = new PolicyTrainer(model, start, options, 'start');
    expect(now.reference).toEqual((await other.likelihoods(rollout)).policy);
    expect(now.reference).not.toEqual(now.policy);

    // With no advantage the loss is the mean of k3 = exp(d) - d - 1, d = log p_start - log p, over all tokens.
    const tokens = {
      old: now.policy,
      reference: now.reference,
      advantages: new Float64Array(rollout.tokens),
    };
    const result = await trainer.update(rollout, 0, tokens, { fresh: true, adam: { step: 1, lr: 0 } });
    const loss = async (): Promise<number> => {
      const { policy: nll } = await trainer.likelihoods(rollout);
      const k3 = nll.map((value, t) => Math.exp(value - now.reference[t]!) - (value - now.reference[t]!) - 1);
      return k3.reduce((sum, value) => sum + value, 0) / k3.length;
    };
    expect(result.loss).toBeCloseTo(await loss(), 6);
    const gradient = (await trainer.optimizer.moments()).m;
    const params = await backend.read(policy.params);
    const largest = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!));
    for (const at of largest.slice(0, 3)) {
      const step = 1e-2;
      const moved = async (by: number): Promise<number> => {
        backend.write(
          policy.params,
          params.map((value, i) => (i === at ? value + by : value)),
        );
        return loss();
      };
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      expect(slope / gradient[at]!).toBeCloseTo(1, 1);
    }
    other.dispose();
    trainer.dispose();
    backend.dispose();
  });
});

describe('the clipped surrogate', () => {
  const one = (ratio: number, advantage: number) =>
    policyStep(
      { nll: [1], old: [1 + Math.log(ratio)], reference: null, advantages: [advantage], shares: [1] },
      { clip: 0.2, klWeight: 0 },
    );

  it.each([
    // ratio, advantage, loss, d loss / d nll: worked by hand from -min(r A, clip(r) A)
    [1.0, 2, -2, 2],
    [1.5, 2, -2.4, 0],
    [0.5, 2, -1, 1],
    [1.5, -2, 3, -3],
    [0.5, -2, 1.6, 0],
  ])('at ratio %d and advantage %d is %d with slope %d', (ratio, advantage, loss, slope) => {
    const step = one(ratio, advantage);
    expect(step.loss).toBeCloseTo(loss, 12);
    expect(step.weights[0]).toBeCloseTo(slope, 6);
  });

  it('leaves tokens without a share out of loss, gradient and counts', () => {
    const step = policyStep(
      { nll: [1, 1], old: [3, 1], reference: [2, 1], advantages: [5, 1], shares: [0, 1] },
      { clip: 0.2, klWeight: 1 },
    );
    expect(step).toMatchObject({ loss: -1, clippedHigh: 0, kl: 0 });
    expect([...step.weights]).toEqual([0, 1]);
  });
});

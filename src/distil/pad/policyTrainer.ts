/**
 * The device side of a policy update: log-probabilities of a rollout under the policy and its reference (the policy that RL
 * starts from: a frozen adapter, or the base with the adapter switched off), and optimiser steps whose token weights come from `policyStep`.
 */
import type { LanguageModel, LoraAdapter } from '../../lm/types';
import { Backprop } from '../../train/backprop';
import type { TrainHooks } from '../../train/hooks';
import { divergence, LoraOptimizer } from '../../train/loraOptimizer';
import { exampleRows, exampleTargets, packExamples, type Example, type PackedBatch } from '../../train/batch';
import { policyStep, tokenShares, type PolicyOptions } from './policyLoss';
import { inPasses } from './rewardData';
import type { GroupRlOptions } from './rlOptions';

type Tensor = LoraAdapter['params'];

/** One completion of a rollout. */
export interface Completion {
  readonly example: Example;
  /** Whether it carries a loss. */
  readonly kept: boolean;
}

interface Pass {
  readonly batch: PackedBatch;
  /** Place of its first token among the rollout's. */
  readonly start: number;
}

/** A rollout on the trainer's side: completions packed into passes, one list of passes an optimiser step. */
export interface PackedRollout {
  readonly tokens: number;
  readonly minibatches: readonly {
    readonly passes: readonly Pass[];
    readonly shares: Float64Array;
    readonly start: number;
  }[];
}

export interface Adam {
  readonly step: number;
  readonly lr: number;
}

export interface UpdateResult {
  readonly loss: number;
  readonly gradNorm: number;
  /** Shares of the tokens with a loss. */
  readonly clippedLow: number;
  readonly clippedHigh: number;
  /** Mean k3 estimate of the divergence from the reference. */
  readonly kl: number;
}

export class PolicyTrainer {
  readonly #model: LanguageModel;
  readonly #options: GroupRlOptions;
  readonly #owner: string;
  readonly #backprop: Backprop;
  readonly #reference: LoraAdapter | null;
  readonly optimizer: LoraOptimizer;
  #nll: Tensor | null = null;
  /** The pass whose activations under the present parameters are in the workspace. */
  #ready: Pass | null = null;

  readonly #recompute: TrainHooks<never>['recompute'];

  /** `reference` is frozen and of the adapter's shape; null: the base. */
  constructor(
    model: LanguageModel,
    adapter: LoraAdapter,
    options: GroupRlOptions,
    owner: string,
    reference: LoraAdapter | null = null,
    recompute: TrainHooks<never>['recompute'] = undefined,
  ) {
    this.#reference = reference;
    this.#recompute = recompute;
    this.#model = model;
    this.#options = options;
    this.#owner = owner;
    const { backend } = model;
    this.optimizer = new LoraOptimizer(backend, adapter, owner);
    try {
      this.#backprop = new Backprop(model, adapter, { owner });
    } catch (error) {
      this.optimizer.dispose();
      throw error;
    }
  }

  dispose(): void {
    this.#backprop.dispose();
    if (this.#nll) this.#model.backend.release(this.#nll);
    this.optimizer.dispose();
  }

  /** Packs whole groups into mini-batches and those into passes. `groups` are completions of one question each. */
  pack(groups: readonly (readonly Completion[])[]): PackedRollout {
    const { miniBatches, rowsPerPass, normalisation } = this.#options;
    const size = Math.ceil(groups.length / miniBatches);
    let tokens = 0;
    const minibatches: PackedRollout['minibatches'][number][] = [];
    for (let first = 0; first < groups.length; first += size) {
      const completions = groups.slice(first, first + size).flat();
      const start = tokens;
      const passes = [...inPasses(completions, rowsPerPass, ({ example }) => exampleRows(example))].map(
        (part) => {
          const batch = packExamples(part.map(({ example }) => example));
          const pass = { batch, start: tokens };
          tokens += batch.targets.length;
          return pass;
        },
      );
      const lengths = completions.map(({ example }) => exampleTargets(example));
      const shares = tokenShares(lengths, completions.map(({ kept }) => kept), normalisation); // prettier-ignore
      minibatches.push({ passes, shares, start });
    }
    return { tokens, minibatches };
  }

  /**
   * Negative log-likelihoods of every token of the rollout: under the reference, under the policy, both at the sampling
   * temperature, and under the policy at temperature 1 (to compare with the sampler's).
   */
  async likelihoods(
    rollout: PackedRollout,
  ): Promise<{ reference: Float32Array; policy: Float32Array; raw: Float32Array }> {
    const { temperature } = this.#options;
    const [reference, policy] = [new Float32Array(rollout.tokens), new Float32Array(rollout.tokens)];
    const raw = temperature === 1 ? policy : new Float32Array(rollout.tokens);
    const all = rollout.minibatches.flatMap(({ passes }) => passes);
    const size = {
      rows: Math.max(1, ...all.map(({ batch }) => batch.rows)),
      targets: Math.max(1, ...all.map(({ batch }) => batch.targets.length)),
    };
    this.#ready = null;
    await this.#backprop.reserve(size, this.#recompute?.(size) ?? 'off');
    for (const pass of all) {
      this.#ready = null;
      this.#backprop.forward(pass.batch, { adapter: this.#reference });
      reference.set(await this.#losses(pass, temperature), pass.start);
      this.#backprop.forward(pass.batch);
      this.#ready = pass;
      policy.set(await this.#losses(pass, temperature), pass.start);
      if (temperature !== 1) raw.set(await this.#losses(pass, 1), pass.start);
    }
    return { reference, policy, raw };
  }

  /** One optimiser step on a mini-batch. `fresh`: the parameters are still those of the rollout. */
  async update(
    rollout: PackedRollout,
    minibatch: number,
    tokens: {
      readonly old: Float32Array;
      readonly reference: Float32Array;
      readonly advantages: Float64Array;
    },
    { fresh, adam }: { readonly fresh: boolean; readonly adam: Adam },
  ): Promise<UpdateResult> {
    const { temperature, clip, klWeight, klForm, betas, weightDecay, maxGradNorm } = this.#options;
    const { passes, shares, start } = rollout.minibatches[minibatch]!;
    const policy: PolicyOptions = { clip, klWeight: klForm === 'k3-loss' ? klWeight : 0 };
    this.optimizer.zero();
    const sums = { loss: 0, low: 0, high: 0, kl: 0 };
    for (const pass of passes) {
      if (this.#ready !== pass) this.#backprop.forward(pass.batch);
      this.#ready = null;
      const end = pass.start + pass.batch.targets.length;
      const cut = <T extends Float32Array | Float64Array>(values: T): T =>
        values.subarray(pass.start, end) as T;
      const old = cut(tokens.old);
      const step = policyStep(
        {
          nll: fresh ? old : await this.#losses(pass, temperature),
          old,
          reference: cut(tokens.reference),
          advantages: cut(tokens.advantages),
          shares: shares.subarray(pass.start - start, end - start),
        },
        policy,
      );
      sums.loss += step.loss;
      sums.low += step.clippedLow;
      sums.high += step.clippedHigh;
      sums.kl += step.kl;
      const nll = this.#room(pass);
      this.#backprop.backward({ nll, temperature, weights: step.weights, gradient: this.optimizer.gradient });
    }
    const gradNorm = Math.sqrt(await this.optimizer.squaredNorm());
    const diverged = divergence('The policy', adam.step, { loss: sums.loss, gradNorm });
    if (diverged) throw diverged;
    this.optimizer.step(adam.step, adam.lr, { betas, eps: 1e-8, weightDecay, maxGradNorm });
    const counted = Math.max(1, shares.reduce((sum, share) => sum + Number(share > 0), 0)); // prettier-ignore
    return {
      loss: sums.loss,
      gradNorm,
      clippedLow: sums.low / counted,
      clippedHigh: sums.high / counted,
      kl: sums.kl / counted,
    };
  }

  async #losses(pass: Pass, temperature: number): Promise<Float32Array> {
    const nll = this.#room(pass);
    this.#backprop.losses({ nll, temperature });
    return this.#model.backend.read(nll, 0, pass.batch.targets.length);
  }

  /** A tensor for the losses of a pass. */
  #room({ batch }: Pass): Tensor {
    const { backend } = this.#model;
    const needed = batch.targets.length;
    if (this.#nll && this.#nll.size >= needed) return this.#nll;
    if (this.#nll) backend.release(this.#nll);
    this.#nll = null;
    this.#nll = backend.tensor([Math.ceil(needed / 64) * 64], { owner: this.#owner, label: 'losses' });
    return this.#nll;
  }
}

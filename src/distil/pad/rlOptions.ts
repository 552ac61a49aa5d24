/** Settings of group RL, their defaults and ranges. */
import { checkLoraConfig } from '../../lm/adapter';
import type { LoraConfig } from '../../lm/types';
import { checkCounts, checkOption } from '../../train/checkOption';
import { defaultLora, type Scheduler } from '../../train/options';
import type { HackingOptions } from './hacking';

export const rewardModes = ['verifiable', 'process', 'both'] as const;
export type RewardMode = (typeof rewardModes)[number];

export interface GroupRlOptions {
  /** Optimiser steps in all. */
  readonly updates: number;
  /** Questions of one rollout, and samples of each (G). */
  readonly questions: number;
  readonly samples: number;
  readonly temperature: number;
  /** Longest completion in tokens. */
  readonly maxTokens: number;
  /** Times that a rollout is gone through, each in `miniBatches` optimiser steps of whole groups. */
  readonly iterations: number;
  readonly miniBatches: number;
  readonly reward: RewardMode;
  /** Weight of the process reward beside the verdict's 1. */
  readonly processWeight: number;
  readonly softMinTemperature: number;
  /** Weight of what a second answer made better or worse beside the verdict's 1; without a first answer it plays no part. */
  readonly mendBonus: number;
  readonly advantage: 'rloo' | 'z-score';
  /** Whitens leave-one-out advantages over the rollout. */
  readonly whiten: boolean;
  /** Mean over all tokens (TRL's "dapo") or over sequences' means ("grpo"). */
  readonly normalisation: 'dapo' | 'grpo';
  readonly clip: number;
  readonly klWeight: number;
  /** k1: subtracted from each sample's reward, summed over its tokens; k3: a term of the loss. */
  readonly klForm: 'k1-reward' | 'k3-loss';
  readonly guards: {
    /** Completions cut at maxTokens carry no loss. */
    readonly maskTruncated: boolean;
    /** A step that repeats an earlier one counts as certainly bad. */
    readonly repetition: boolean;
  };
  /** When to stop for reward hacking, null for never. */
  readonly hacking: HackingOptions | null;
  readonly lr: number;
  /** Several: a short training of `sweepUpdates` with each from the same start chooses `lr` by held-out accuracy. */
  readonly rates: readonly number[];
  readonly sweepUpdates: number;
  readonly warmup: number;
  readonly scheduler: Scheduler;
  readonly weightDecay: number;
  readonly betas: readonly [number, number];
  readonly maxGradNorm: number;
  /** Of a fresh adapter; one to start from keeps its own. */
  readonly lora: LoraConfig;
  readonly seed: number;
  /** In optimiser steps, at the end of the rollout that reaches them; 0 = at start and end, or only when stopped. */
  readonly evalEvery: number;
  readonly saveEvery: number;
  /** Most token rows of one pass. */
  readonly rowsPerPass: number;
}

export const defaultGroupRlOptions: GroupRlOptions = {
  updates: 200,
  questions: 16,
  samples: 8,
  temperature: 0.8,
  maxTokens: 64,
  iterations: 1,
  miniBatches: 2,
  reward: 'both',
  processWeight: 1,
  softMinTemperature: 0.1,
  mendBonus: 0,
  advantage: 'rloo',
  whiten: true,
  normalisation: 'dapo',
  clip: 0.2,
  klWeight: 0.1,
  klForm: 'k3-loss',
  guards: { maskTruncated: false, repetition: true },
  hacking: { window: 5, rise: 0.1, fall: 0.05, level: 0.01 },
  lr: 1e-3,
  rates: [],
  sweepUpdates: 20,
  warmup: 5,
  scheduler: 'linear',
  weightDecay: 0,
  betas: [0.9, 0.999],
  maxGradNorm: 1,
  lora: defaultLora,
  seed: 0,
  evalEvery: 20,
  saveEvery: 0,
  rowsPerPass: 4096,
};

/** Throws ConfigError naming the setting, its value and its range. */
export function checkGroupRlOptions(options: GroupRlOptions): void {
  checkCounts(options, {
    updates: 1,
    sweepUpdates: 1,
    questions: 1,
    samples: 2,
    maxTokens: 1,
    iterations: 1,
    miniBatches: 1,
    warmup: 0,
    evalEvery: 0,
    saveEvery: 0,
    rowsPerPass: 1,
  });
  checkOption(
    'temperature',
    options.temperature,
    options.temperature > 0 && options.temperature <= 2,
    'above 0 to 2',
  );
  checkOption('clip', options.clip, options.clip > 0 && options.clip < 1, 'above 0 to below 1');
  for (const name of ['klWeight', 'processWeight', 'mendBonus', 'lr', 'weightDecay', 'maxGradNorm'] as const)
    checkOption(name, options[name], options[name] >= 0 && options[name] <= 10, '0 to 10');
  const { softMinTemperature, miniBatches, questions } = options;
  checkOption('softMinTemperature', softMinTemperature, softMinTemperature > 0, 'above 0');
  checkOption(
    'miniBatches',
    miniBatches,
    miniBatches <= questions,
    `1 to ${questions}, the questions of a rollout`,
  );
  checkLoraConfig(options.lora);
}

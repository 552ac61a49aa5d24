/** Settings of the reward model's training. */
import { checkLoraConfig } from '../../lm/adapter';
import type { LoraConfig } from '../../lm/types';
import { checkCounts, checkOption } from '../../train/checkOption';
import { defaultLora } from '../../train/options';
import type { Splitter } from './textSteps';

export interface RewardOptions {
  readonly splitter: Splitter;
  /** Optimiser steps. */
  readonly steps: number;
  /** Traces of one step. */
  readonly batch: number;
  /** Learning rates of the LoRA and of the head; both fall linearly to 0 after the warm-up. */
  readonly lr: number;
  readonly headLr: number;
  readonly warmup: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly lora: LoraConfig;
  readonly seed: number;
  /** Weighs good and bad steps so that both classes count alike. */
  readonly classBalance: boolean;
  /** The contrastive term, null without it. AgentArk: weight 0.5, temperature 0.1. */
  readonly contrastive: { readonly weight: number; readonly temperature: number } | null;
  /** Held-out loss and AUC every so many steps; 0 = only at the end. */
  readonly evalEvery: number;
  readonly saveEvery: number;
}

export const defaultRewardOptions: RewardOptions = {
  splitter: 'sentence',
  steps: 200,
  batch: 32,
  lr: 2e-3,
  headLr: 1e-2,
  warmup: 10,
  weightDecay: 0,
  maxGradNorm: 1,
  lora: defaultLora,
  seed: 0,
  classBalance: true,
  contrastive: null,
  evalEvery: 0,
  saveEvery: 0,
};

/** Throws ConfigError for a setting outside its range. */
export function checkRewardOptions(options: RewardOptions): void {
  checkCounts(options, { steps: 1, batch: 1, warmup: 0, evalEvery: 0, saveEvery: 0 });
  for (const name of ['lr', 'headLr', 'weightDecay', 'maxGradNorm'] as const)
    checkOption(name, options[name], options[name] >= 0 && options[name] <= 10, '0 to 10');
  const { contrastive } = options;
  if (contrastive) {
    const { weight, temperature } = contrastive;
    checkOption('contrastive.weight', weight, weight >= 0 && weight <= 10, '0 to 10');
    checkOption(
      'contrastive.temperature',
      temperature,
      temperature > 0 && temperature <= 10,
      'above 0 to 10',
    );
  }
  checkLoraConfig(options.lora);
}

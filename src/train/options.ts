/** Settings of supervised LoRA training, their defaults and ranges, and what follows from them alone. */
import { hashKey, RandomStream } from '../core/rng';
import { checkLoraConfig } from '../lm/adapter';
import { linearNames } from '../lm/types';
import type { LoraConfig } from '../lm/types';
import { checkCounts, checkOption } from './checkOption';

export type Scheduler = 'linear' | 'cosine' | 'constant';
export type Order = 'file' | 'shuffle';

export interface TrainOptions {
  /** Optimiser steps. */
  readonly steps: number;
  /** Documents packed into one pass. */
  readonly batch: number;
  /** Passes per optimiser step. */
  readonly gradAccum: number;
  /** Longest document in tokens, prompt and response together. */
  readonly maxLength: number;
  readonly lr: number;
  readonly scheduler: Scheduler;
  /** Steps over which the learning rate rises from 0. */
  readonly warmup: number;
  readonly weightDecay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Largest norm of the gradient; 0 = no clipping. */
  readonly maxGradNorm: number;
  readonly lora: LoraConfig;
  /** Keys the adapter's start, the order and the dropout. */
  readonly seed: number;
  readonly order: Order;
  /** Held-out loss every so many steps and at the end; 0 = only at the end. Needs held-out rows. */
  readonly evalEvery: number;
  /** Stop after so many held-out losses in a row that are no better than the best; 0 = never. */
  readonly patience: number;
  /** End with the parameters of the best held-out loss. */
  readonly loadBest: boolean;
  /** Hand out a checkpoint every so many steps; 0 = only at the end. */
  readonly saveEvery: number;
}

export const defaultLora: LoraConfig = {
  rank: 16,
  alpha: 32,
  rslora: false,
  dropout: 0,
  targets: linearNames,
};

export const defaultTrainOptions: TrainOptions = {
  steps: 100,
  batch: 8,
  gradAccum: 1,
  maxLength: 512,
  lr: 5e-4,
  scheduler: 'linear',
  warmup: 0,
  weightDecay: 0,
  betas: [0.9, 0.999],
  eps: 1e-8,
  maxGradNorm: 1,
  lora: defaultLora,
  seed: 0,
  order: 'shuffle',
  evalEvery: 0,
  patience: 0,
  loadBest: false,
  saveEvery: 0,
};

/** Throws ConfigError naming the setting, its value and its range. */
export function checkTrainOptions(options: TrainOptions): void {
  checkCounts(options, {
    steps: 1,
    batch: 1,
    gradAccum: 1,
    maxLength: 2,
    warmup: 0,
    evalEvery: 0,
    patience: 0,
    saveEvery: 0,
  });
  checkOption('lr', options.lr, options.lr >= 0 && options.lr <= 10, '0 to 10');
  checkOption(
    'weightDecay',
    options.weightDecay,
    options.weightDecay >= 0 && options.weightDecay <= 10,
    '0 to 10',
  );
  for (const beta of options.betas) checkOption('betas', beta, beta >= 0 && beta < 1, '0 to below 1');
  checkOption('eps', options.eps, options.eps > 0 && options.eps <= 1, 'above 0 to 1');
  checkOption(
    'maxGradNorm',
    options.maxGradNorm,
    options.maxGradNorm >= 0 && Number.isFinite(options.maxGradNorm),
    '0 and up',
  );
  checkOption('seed', options.seed, Number.isSafeInteger(options.seed), 'the integers');
  checkLoraConfig(options.lora);
}

/** Learning rate of step `step` (from 0), as transformers' schedules with warm-up have it. */
export function learningRate(
  options: Pick<TrainOptions, 'lr' | 'warmup' | 'steps' | 'scheduler'>,
  step: number,
): number {
  const { lr, warmup, steps, scheduler } = options;
  if (step < warmup) return (lr * step) / warmup;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  switch (scheduler) {
    case 'linear':
      return lr * Math.max(0, 1 - progress);
    case 'cosine':
      return lr * Math.max(0, (1 + Math.cos(Math.PI * progress)) / 2);
    case 'constant':
      return lr;
    default:
      return scheduler satisfies never;
  }
}

/** Which document stands at a place of the endless sequence of epochs; depends on seed and place only. */
export class DocumentOrder {
  readonly #count: number;
  readonly #order: Order;
  readonly #seed: number;
  #epoch = -1;
  #permutation: readonly number[] = [];

  constructor(count: number, order: Order, seed: number) {
    this.#count = count;
    this.#order = order;
    this.#seed = seed;
  }

  at(place: number): number {
    const within = place % this.#count;
    if (this.#order === 'file') return within;
    const epoch = Math.floor(place / this.#count);
    if (epoch !== this.#epoch) {
      const identity = Array.from({ length: this.#count }, (_, i) => i);
      this.#permutation = new RandomStream(hashKey('order', this.#seed, epoch)).shuffle(identity);
      this.#epoch = epoch;
    }
    return this.#permutation[within] ?? 0;
  }
}

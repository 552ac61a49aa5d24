/** Fits the training kernels to a model and its data before the first step of a new training. */
import { tuneVariants, type TuningRequest } from '../compute/gpuTuning';
import type { LanguageModel } from '../lm/types';
import { exampleRows } from './batch';
import type { Example } from './batch';
import type { TrainOptions } from './options';
import { onGpu } from '../lm/variantsOf';

export interface Tuning {
  /** Choices by adapter and shape class, kept by the caller; a checkpoint holds those of its own run. */
  readonly memory: NonNullable<TuningRequest['memory']>;
  /** Most milliseconds to spend. Default 2000. */
  readonly budgetMs?: number;
  /** Before the first timing; not called where nothing is timed (a backend without a choice). */
  onStart?(): void;
}

/**
 * Sets the forms of the training kernels by timing them at the shapes of the block's linears; they go into the checkpoints (see
 * gpuTuning.ts). Throws InterruptedError, DeviceLostError, OutOfMemoryError.
 */
export async function tuneTraining(
  model: LanguageModel,
  examples: readonly Example[],
  { batch, lora }: Pick<TrainOptions, 'batch' | 'lora'>,
  { memory, budgetMs, onStart }: Tuning,
  signal?: AbortSignal,
): Promise<void> {
  const { backend, layers } = model;
  const [layer] = layers;
  if (!onGpu(backend) || layer === undefined) return;
  const { gateUp, down, qkv, o } = layer;
  onStart?.();
  const rows = examples.reduce((sum, example) => sum + exampleRows(example), 0) / examples.length;
  await tuneVariants(backend, {
    rows: Math.ceil(rows * batch),
    linears: [gateUp, down, qkv, o].map(({ cols, rows }) => [cols, rows] as const),
    rank: lora.rank,
    format: gateUp.format,
    memory,
    ...(budgetMs === undefined ? {} : { budgetMs }),
    ...(signal ? { signal } : {}),
  });
}

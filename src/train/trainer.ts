/**
 * Supervised LoRA training: next-token cross-entropy on response tokens, mean over the target tokens of the whole
 * accumulated batch, AdamW. Losses and gradient norm are read before the update is recorded, so a run that diverges
 * keeps the parameters of its last good step.
 */
import { ConfigError } from '../core/errors';
import type { TrainLog } from '../core/records';
import { createAdapter, releaseAdapter } from '../lm/adapter';
import type { LanguageModel, LoraAdapter, Tokenizer } from '../lm/types';
import { tokeniseRows } from './batch';
import type { Example, TrainRow } from './batch';
import type { Checkpoint } from './checkpoint';
import { checkTrainOptions } from './options';
import type { TrainOptions } from './options';
import { checkResume } from './resume';
import { TrainRun } from './trainRun';
import { tuneTraining } from './tuning';
import type { Tuning } from './tuning';

export interface TrainHooks {
  /** Times the forms of the kernels before step 1; a resumed training keeps those that its checkpoint names. */
  readonly tuning?: Tuning;
  /** Stops between two steps: a checkpoint is handed out, then InterruptedError is thrown. */
  readonly signal?: AbortSignal;
  /** Awaited before every step (pause, single steps). */
  readonly gate?: { pass(signal?: AbortSignal): Promise<void> };
  onLog?(log: TrainLog): void;
  /** Awaited before the first step of this call and after every step, with the steps done; leaves the adapter as it is. */
  onStep?(step: number, adapter: LoraAdapter): void | Promise<void>;
  /** Every saveEvery steps, at the end, when stopped and when diverged; awaited. */
  onCheckpoint?(checkpoint: Checkpoint): void | Promise<void>;
}

export interface TrainExamplesRequest extends TrainHooks {
  readonly model: LanguageModel;
  readonly examples: readonly Example[];
  readonly evalExamples?: readonly Example[];
  readonly options: TrainOptions;
  /** Trained in place; without it a fresh one is made from the seed. Its LoRA settings must be the options'. */
  readonly adapter?: LoraAdapter;
  readonly resume?: Checkpoint;
  /** Ledger owner. Default "train". */
  readonly owner?: string;
}

export interface TrainRequest extends Omit<TrainExamplesRequest, 'examples' | 'evalExamples'> {
  readonly tokenizer: Tokenizer;
  readonly rows: readonly TrainRow[];
  readonly evalRows?: readonly TrainRow[];
}

export interface TrainResult {
  readonly adapter: LoraAdapter;
  /** Logs of the steps of this call. */
  readonly logs: readonly TrainLog[];
  /** The state at the end (before `loadBest` put the best parameters back). */
  readonly checkpoint: Checkpoint;
  readonly best: { readonly step: number; readonly loss: number } | null;
  readonly stoppedEarly: boolean;
  /** Rows cut at the maximum length, and rows without a target left. */
  readonly truncated: number;
  readonly dropped: number;
}

/** Tokenises the rows with the model's own template, then trains. Throws as `trainExamples` does, and ImportError. */
export async function train(request: TrainRequest): Promise<TrainResult> {
  const { tokenizer, rows, evalRows, options } = request;
  const data = tokeniseRows(tokenizer, rows, options.maxLength);
  const held = evalRows
    ? { evalExamples: tokeniseRows(tokenizer, evalRows, options.maxLength).examples }
    : {};
  const result = await trainExamples({ ...request, examples: data.examples, ...held });
  return { ...result, truncated: data.truncated, dropped: data.dropped };
}

/**
 * Trains on tokenised documents. Throws ConfigError, TokenError, OutOfMemoryError, DeviceLostError, InterruptedError,
 * and TrainingError when loss or gradient are no longer finite. Leaves nothing allocated but the adapter, and not that
 * either when it made the adapter itself and throws.
 */
export async function trainExamples(request: TrainExamplesRequest): Promise<TrainResult> {
  checkTrainOptions(request.options);
  if (request.examples.length === 0)
    throw new ConfigError(
      'There is no training document.',
      'Give rows with a response within the maximum length.',
    );
  const owner = request.owner ?? 'train';
  const { model, options } = request;
  const adapter = request.adapter ?? createAdapter(model, options.lora, { seed: options.seed, owner });
  let run: TrainRun | null = null;
  try {
    checkResume(request, adapter);
    const { tuning, resume, examples, signal } = request;
    if (tuning && !resume) await tuneTraining(model, examples, options, tuning, signal);
    run = new TrainRun(request, adapter, owner);
    return await run.go();
  } catch (error) {
    if (!request.adapter) releaseAdapter(model.backend, adapter);
    throw error;
  } finally {
    run?.dispose();
  }
}

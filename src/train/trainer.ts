/**
 * Supervised LoRA training: next-token cross-entropy on response tokens, mean over the target tokens of the whole
 * accumulated batch, AdamW. Losses and gradient norm are read while the next step is computed; an update by a gradient
 * that is not finite changes nothing, so a run that diverges keeps the parameters of its last good step.
 */
import { ConfigError } from '../core/errors';
import { createAdapter, releaseAdapter } from '../lm/adapter';
import type { Tokenizer } from '../lm/types';
import { tokeniseRows } from './batch';
import type { TrainRow } from './batch';
import { checkTrainOptions } from './options';
import { checkResume } from './resume';
import { TrainRun } from './trainRun';
import { tuneTraining } from './tuning';
import type { TrainExamplesRequest, TrainResult } from './trainRun';

export interface TrainRequest extends Omit<TrainExamplesRequest, 'examples' | 'evalExamples'> {
  readonly tokenizer: Tokenizer;
  readonly rows: readonly TrainRow[];
  readonly evalRows?: readonly TrainRow[];
  /** Called once the rows are tokens, before the first step. */
  onRows?(rows: { readonly cut: number; readonly dropped: number }): void;
}

/** Tokenises the rows with the model's own template, then trains. Throws as `trainExamples` does, and ImportError. */
export async function train(request: TrainRequest): Promise<TrainResult> {
  const { tokenizer, rows, evalRows, options } = request;
  const data = tokeniseRows(tokenizer, rows, options.maxLength);
  request.onRows?.({ cut: data.truncated, dropped: data.dropped });
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
    await run.prepare();
    return await run.go();
  } catch (error) {
    if (!request.adapter) releaseAdapter(model.backend, adapter);
    throw error;
  } finally {
    run?.dispose();
  }
}

/**
 * Group RL of a student's adapter (GRPO, arXiv 2402.03300; RLOO, arXiv 2402.14740; process credit as PURE's, arXiv
 * 2504.15275): rollouts of G samples a question, a reward from verdicts and step scores, clipped updates.
 */
import { ConfigError, TrainingError } from '../../core/errors';
import { filesSource } from '../../core/fileSource';
import type { PadSweep } from '../../records/padRecords';
import type { TrainLog } from '../../records/trainLog';
import { createAdapter, releaseAdapter } from '../../lm/adapter';
import type { LoraAdapter } from '../../lm/types';
import { loadAdapter, writePeft } from '../../train/adapterFiles';
import { tuneTraining } from '../../train/tuning';
import { GroupRlRun, rateOf } from './groupRlRun';
import type { Evaluation, HackingStop } from './hacking';
import { checkGroupRlOptions } from './rlOptions';
import type { GroupRlRequest } from './groupRlRun';

export interface GroupRlResult {
  /** PEFT files of the adapter. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** Of the steps of this call. */
  readonly logs: readonly TrainLog[];
  /** Why it ended before its last update, or null. */
  readonly stopped: HackingStop | null;
  /** Of the whole training: completions, their tokens, held-out evaluations. */
  readonly samples: number;
  readonly generatedTokens: number;
  readonly evaluations: readonly Evaluation[];
  /** The peak learning rate, and what it was chosen from. */
  readonly lr: number;
  readonly sweep: PadSweep | null;
}

/**
 * Trains. Throws ConfigError, InterruptedError (a checkpoint was handed out first), TrainingError when it diverges,
 * TokenError, OutOfMemoryError, DeviceLostError. Nothing stays allocated.
 */
export async function groupRl(request: GroupRlRequest): Promise<GroupRlResult> {
  const { model, options, init, questions, heldOut, rewardModel, owner = 'group RL' } = request;
  checkGroupRlOptions(options);
  if (questions.length === 0)
    throw new ConfigError('There is no question to train on.', 'Give questions with answers.');
  if (options.reward !== 'verifiable' && !rewardModel)
    throw new ConfigError(
      `Reward ${options.reward} needs a reward model.`,
      'Train one first, or choose reward verifiable.',
    );
  if (options.rates.length > 1 && heldOut.length === 0)
    throw new ConfigError(
      'A learning rate is chosen on held-out questions, and there are none.',
      'Give one learning rate, or validation questions.',
    );
  const { resume } = request;
  const found = resume ? await rateOf(resume) : null;
  const start = (): Promise<LoraAdapter> | LoraAdapter =>
    init
      ? loadAdapter(model, filesSource(init, 'the first stage'), { owner })
      : createAdapter(model, options.lora, { seed: options.seed, owner });
  // The policy that RL starts from is what the divergence is taken to: the base itself needs no copy.
  const reference = init ? await start() : null;
  let adapter: LoraAdapter | null = null;
  let run: GroupRlRun | null = null;
  try {
    adapter = await start();
    if (request.tuning && !resume) {
      const rows = Math.min(
        options.rowsPerPass,
        options.questions * options.samples * (options.maxTokens + 1),
      );
      const example = { ids: Array.from({ length: rows + 1 }, () => 0), responseStart: 1 };
      const shape = { batch: 1, lora: adapter.config };
      await tuneTraining(model, [example], shape, request.tuning, request.signal);
    }
    const sweep = found
      ? found.sweep
      : options.rates.length > 1
        ? await trainedAt(request, options.rates, reference, start, owner)
        : null;
    const lr = found && options.rates.includes(found.lr) ? found.lr : (bestRate(sweep) ?? options.lr);
    run = new GroupRlRun({ ...request, options: { ...options, lr } }, adapter, { reference, owner, sweep });
    if (resume) await run.resume(resume);
    const { logs, stopped } = await run.go();
    const files = await writePeft(model.backend, adapter, request.baseName ?? 'student');
    const { samples, generatedTokens, evaluations } = run.totals;
    return {
      files: Object.fromEntries(files),
      logs,
      stopped,
      samples,
      generatedTokens,
      evaluations,
      lr,
      sweep,
    };
  } finally {
    await run?.dispose();
    if (adapter) releaseAdapter(model.backend, adapter);
    if (reference) releaseAdapter(model.backend, reference);
  }
}

/** A short training from the same start with each rate. One that diverges has accuracy 0. */
async function trainedAt(
  request: GroupRlRequest,
  rates: readonly number[],
  reference: LoraAdapter | null,
  start: () => Promise<LoraAdapter> | LoraAdapter,
  owner: string,
): Promise<PadSweep> {
  const { model, options, heldOut, onLog: _, onCheckpoint: __, ...rest } = request;
  const updates = Math.min(options.sweepUpdates, options.updates);
  const short = {
    ...options,
    updates,
    warmup: Math.min(options.warmup, updates - 1),
    hacking: null,
    evalEvery: 0,
    saveEvery: 0,
  };
  const found: { lr: number; accuracy: number }[] = [];
  for (const lr of rates) {
    const adapter = await start();
    let run: GroupRlRun | null = null;
    try {
      run = new GroupRlRun({ ...rest, model, heldOut, options: { ...short, lr } }, adapter, {
        reference,
        owner,
        sweep: null,
      });
      await run.go();
      found.push({ lr, accuracy: run.totals.evaluations.at(-1)?.accuracy ?? 0 });
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      found.push({ lr, accuracy: 0 });
    } finally {
      await run?.dispose();
      releaseAdapter(model.backend, adapter);
    }
  }
  return { updates, n: heldOut.length, rates: found };
}

/** The rate with the best held-out accuracy, the lowest of equals. */
export function bestRate(sweep: PadSweep | null): number | null {
  const sorted = [...(sweep?.rates ?? [])].sort((a, b) => b.accuracy - a.accuracy || a.lr - b.lr);
  return sorted[0]?.lr ?? null;
}

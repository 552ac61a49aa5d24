/**
 * Group RL of a student's adapter (GRPO, arXiv 2402.03300; RLOO, arXiv 2402.14740; process credit as PURE's, arXiv
 * 2504.15275): rollouts of G samples a question, a reward from verdicts and step scores, clipped updates.
 */
import { ConfigError } from '../../core/errors';
import { filesSource } from '../../core/fileSource';
import type { TrainLog } from '../../records/trainLog';
import { createAdapter, releaseAdapter } from '../../lm/adapter';
import { loadAdapter, writePeft } from '../../train/adapterFiles';
import { tuneTraining } from '../../train/tuning';
import { GroupRlRun } from './groupRlRun';
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
}

/**
 * Trains. Throws ConfigError, InterruptedError (a checkpoint was handed out first), TrainingError when it diverges,
 * TokenError, OutOfMemoryError, DeviceLostError. Nothing stays allocated.
 */
export async function groupRl(request: GroupRlRequest): Promise<GroupRlResult> {
  const { model, options, init, questions, rewardModel, owner = 'group RL' } = request;
  checkGroupRlOptions(options);
  if (questions.length === 0)
    throw new ConfigError('There is no question to train on.', 'Give questions with answers.');
  if (options.reward !== 'verifiable' && !rewardModel)
    throw new ConfigError(
      `Reward ${options.reward} needs a reward model.`,
      'Train one first, or choose reward verifiable.',
    );
  const adapter = init
    ? await loadAdapter(model, filesSource(init, 'the first stage'), { owner })
    : createAdapter(model, options.lora, { seed: options.seed, owner });
  let run: GroupRlRun | null = null;
  try {
    if (request.tuning && !request.resume) {
      const rows = Math.min(
        options.rowsPerPass,
        options.questions * options.samples * (options.maxTokens + 1),
      );
      const example = { ids: Array.from({ length: rows + 1 }, () => 0), responseStart: 1 };
      const shape = { batch: 1, lora: adapter.config };
      await tuneTraining(model, [example], shape, request.tuning, request.signal);
    }
    run = new GroupRlRun(request, adapter, owner);
    if (request.resume) await run.resume(request.resume);
    const { logs, stopped } = await run.go();
    const files = await writePeft(model.backend, adapter, request.baseName ?? 'student');
    const { samples, generatedTokens, evaluations } = run.totals;
    return { files: Object.fromEntries(files), logs, stopped, samples, generatedTokens, evaluations };
  } finally {
    await run?.dispose();
    releaseAdapter(model.backend, adapter);
  }
}

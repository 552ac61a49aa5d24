/** A group RL of the student as a stage: its inputs, its record, and what it resulted in. */
import { hashKey } from '../core/rng';
import { defaultGroupRlOptions, type GroupRlOptions } from '../distil/pad/rlOptions';
import type { RlQuestion } from '../distil/pad/rollout';
import { rewardTrend } from '../distil/pad/trend';
import type { AdapterFiles, PadUpdate } from '../engine/padProtocol';
import { linearNames } from '../lm/types';
import type { PadRewardModel, PadRun, PadTrace } from '../records/padRecords';
import type { Message, Question } from '../records/records';
import type { TrainLog } from '../records/trainLog';
import type { CheckpointId } from '../store/checkpoints';
import type { Job } from './job';
import { hasTraining, trainingInputs } from './trainingInputs';
import { openTrainingRecord, type TrainingRecord } from './trainingRecord';

/** File beside the adapter that says how it was made: a PadRun, or what a reward model resulted in. */
export const noteFile = 'pad.json';

export interface RewardNote {
  readonly rewardModel: PadRewardModel;
  readonly traces: readonly PadTrace[];
}

export const note = (value: RewardNote | PadRun): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(value));

export async function readNote<T>(job: Job, id: CheckpointId): Promise<T | null> {
  const bytes = await job.store.getAdapterFile(id, noteFile);
  return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as T) : null;
}

export function updates(record: TrainingRecord, onStep: (step: number) => void): (update: PadUpdate) => void {
  return (update) => {
    if (update.type === 'checkpoint') record.save(update.step, update.bytes);
    else {
      record.log(update.log);
      onStep(update.log.step);
    }
  };
}

export function loraOf({ config }: Job) {
  return { rank: config.rank, alpha: config.alpha, rslora: false, dropout: 0, targets: linearNames };
}

/** A question as group RL asks it. */
export function rlQuestion(question: Question, messages: readonly Message[]): RlQuestion {
  const { id, gold, answerType, options } = question;
  return { id, messages, gold, answerType, ...(options && { options }) };
}

export interface Practice extends Pick<GroupRlOptions, 'reward' | 'updates'> {
  readonly questions: readonly RlQuestion[];
  readonly heldOut: readonly RlQuestion[];
  readonly judge: AdapterFiles | null;
  readonly mendBonus?: number;
  /** Questions among these that an earlier stage trained on. */
  readonly learnt: number;
}

/** Peak rates where none is chosen: 1e-3 pulls an adapter that is trained already to pieces (docs/method.md section 5). */
const usualRates = { trained: 2e-4, fresh: 1e-3 };
/** Share of the updates that a rate is tried for, and their bounds. */
const trial = { share: 1 / 4, least: 5, most: 20 };

/** The rewards of a log, a rollout's once though it was gone through several times. */
export function rolloutRewards(logs: readonly TrainLog[]): readonly number[] {
  const rollouts = new Map(logs.map((log) => [log['completions/num_tokens'], log['reward']]));
  return [...rollouts.values()].flatMap((reward) => (reward === undefined ? [] : [reward]));
}

/** Group RL from the adapter of stage `after` (null: the student as it is); false where one on the same inputs is stored. */
export async function groupRlStage(
  job: Job,
  {
    strategy,
    after,
    seed,
  }: { readonly strategy: string; readonly after: string | null; readonly seed: number },
  { questions, heldOut, judge, reward, updates: planned, mendBonus = 0, learnt }: Practice,
  onStep: (step: number) => void,
): Promise<boolean> {
  const { config, engine, runId, store, student } = job;
  const { maskTruncated, stopOnHacking, lr: rates, share: _, ...options } = config.pad.rl;
  const id = { runId, strategy, seed };
  const init = after === null ? null : await store.getAdapter({ runId, strategy: after, seed });
  const every = Math.max(1, Math.ceil(planned / 10));
  const data = {
    questions,
    heldOut,
    options: {
      ...defaultGroupRlOptions,
      ...options,
      reward,
      updates: planned,
      mendBonus,
      lr: rates[0] ?? (init ? usualRates.trained : usualRates.fresh),
      rates: rates.length > 1 ? rates : [],
      sweepUpdates: Math.min(trial.most, Math.max(trial.least, Math.ceil(trial.share * planned))),
      maxTokens: config.maxTokens,
      guards: { ...defaultGroupRlOptions.guards, maskTruncated },
      ...(!stopOnHacking && { hacking: null }),
      miniBatches: 1,
      // The first step of a warm-up has rate 0: a single update has none.
      warmup: Math.min(5, planned - 1),
      lora: loraOf(job),
      seed: hashKey(config.seed, 'group-rl', strategy, seed),
      evalEvery: every,
      saveEvery: every,
    },
  };
  const inputs = await trainingInputs(job, { kind: 'rl', adapters: { init, judge }, data });
  if (await hasTraining(job, id, inputs)) return false;
  const record = await openTrainingRecord(job, id, inputs);
  await record.finish(async (checkpoint) => {
    const { files, samples, generatedTokens, evaluations, lr, sweep, stopped } = await engine.pad(
      'groupRl',
      { model: student.id, init, rewardModel: judge, ...data, recompute: config.recompute, checkpoint },
      { signal: record.signal, onProgress: updates(record, onStep) },
    );
    const tokensAt = (step: number): number =>
      record.logs.findLast((log) => log.step <= step)?.['completions/num_tokens'] ?? 0;
    const run: PadRun = {
      strategy,
      seed,
      reward,
      samples,
      generatedTokens,
      evaluations: evaluations.map((one) => ({ ...one, generatedTokens: tokensAt(one.step) })),
      stopped,
      lr,
      sweep,
      trend: rewardTrend(rolloutRewards(record.logs)),
      questions: { practised: questions.length, learnt },
    };
    return { ...files, [noteFile]: note(run) };
  });
  return true;
}

/** Process-aware distillation inside the engine worker: each call frees what it put on the device. */
import type { Gate } from '../core/gate';
import type { PadHacking } from '../records/padRecords';
import { groupRl } from '../distil/pad/groupRl';
import type { HackingStop } from '../distil/pad/hacking';
import type { ContinuationRecord } from '../records/padRecords';
import { monteCarloLabels } from '../distil/pad/monteCarlo';
import { loadRewardModel, type RewardModel, type ScoredStep } from '../distil/pad/rewardModel';
import { trainRewardModel } from '../distil/pad/trainReward';
import type { EngineModel } from './engineModel';
import { recomputationOf } from './recomputation';
import type {
  AdapterFiles,
  ContinueRequest,
  PadProtocol,
  PadUpdate,
  RewardRequest,
  RlRequest,
  RlResponse,
  ScoreRequest,
} from './padProtocol';

export interface PadHooks<T> {
  readonly signal: AbortSignal;
  readonly gate: Gate;
  readonly onUpdate: (update: T) => void;
}

async function withRewardModel<T>(
  { model, tokenizer, id }: EngineModel,
  files: AdapterFiles,
  work: (rewardModel: RewardModel) => Promise<T>,
): Promise<T> {
  const rewardModel = await loadRewardModel({ model, tokenizer, files, owner: `${id}: reward model` });
  try {
    return await work(rewardModel);
  } finally {
    rewardModel.dispose();
  }
}

/** Continuations of every prefix that `done` does not hold yet; gives all records. */
export async function continueSteps(
  { model, tokenizer, id }: EngineModel,
  { model: _model, ...request }: ContinueRequest,
  { signal, gate, onUpdate }: PadHooks<ContinuationRecord>,
): Promise<readonly ContinuationRecord[]> {
  return monteCarloLabels({
    model,
    tokenizer,
    adapter: null,
    ...request,
    signal,
    gate,
    onRecord: onUpdate,
    owner: `${id}: continuations`,
  });
}

export async function trainReward(
  engineModel: EngineModel,
  { traces, heldOut, init, options, recompute, checkpoint }: RewardRequest,
  { signal, gate, onUpdate }: PadHooks<PadUpdate>,
): Promise<PadProtocol['trainReward']['response']> {
  const { model, tokenizer, id } = engineModel;
  const { files, metrics } = await trainRewardModel({
    model,
    tokenizer,
    traces,
    heldOut,
    init,
    options,
    recompute: recomputationOf(engineModel, recompute, options.lora.rank),
    signal,
    gate,
    owner: `${id}: reward model`,
    resume: checkpoint,
    baseName: id,
    onLog: (log) => onUpdate({ type: 'log', log }),
    onCheckpoint: (bytes, step) => onUpdate({ type: 'checkpoint', step, bytes }),
  });
  return { files, metrics };
}

/** What a report keeps of a stop; `by` is who wrote its samples. */
export function hackingRecord({ reason: _, samples, ...changes }: HackingStop, by: string): PadHacking {
  return { ...changes, samples: samples.map((sample) => ({ ...sample, by, correct: false })) };
}

export async function runGroupRl(
  engineModel: EngineModel,
  { init, rewardModel, questions, heldOut, options, recompute, checkpoint }: RlRequest,
  { signal, gate, onUpdate }: PadHooks<PadUpdate>,
): Promise<RlResponse> {
  const { model, tokenizer, id } = engineModel;
  const run = async (judge: RewardModel | null): Promise<RlResponse> => {
    const result = await groupRl({
      model,
      tokenizer,
      init,
      questions,
      heldOut,
      rewardModel: judge,
      options,
      recompute: recomputationOf(engineModel, recompute, options.lora.rank),
      signal,
      gate,
      owner: `${id}: group RL`,
      baseName: id,
      resume: checkpoint,
      onLog: (log) => onUpdate({ type: 'log', log }),
      onCheckpoint: (bytes, step) => onUpdate({ type: 'checkpoint', step, bytes }),
    });
    const { files, samples, generatedTokens, evaluations, lr, sweep, stopped } = result;
    return {
      files,
      samples,
      generatedTokens,
      evaluations,
      lr,
      sweep,
      stopped: stopped && hackingRecord(stopped, id),
    };
  };
  return rewardModel ? withRewardModel(engineModel, rewardModel, run) : run(null);
}

export function scoreSteps(
  engineModel: EngineModel,
  { rewardModel, items }: ScoreRequest,
  signal: AbortSignal,
): Promise<readonly (readonly ScoredStep[])[]> {
  return withRewardModel(engineModel, rewardModel, (judge) => judge.scoreTexts(items, signal));
}

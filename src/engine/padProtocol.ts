/** The calls of process-aware distillation (PAD) to the engine worker; a part of EngineProtocol. */
import type { PadHacking, PadSweep } from '../records/padRecords';
import type { Message } from '../records/records';
import type { TrainLog } from '../records/trainLog';
import type { ContinuationRecord } from '../records/padRecords';
import type { ContinuationTrace } from '../distil/pad/monteCarlo';
import type { LabelledTrace } from '../distil/pad/rewardData';
import type { Evaluation } from '../distil/pad/hacking';
import type { RewardMetrics } from '../distil/pad/rewardMetrics';
import type { ScoredStep } from '../distil/pad/rewardModel';
import type { RewardOptions } from '../distil/pad/rewardOptions';
import type { GroupRlOptions } from '../distil/pad/rlOptions';
import type { RlQuestion } from '../distil/pad/rollout';
import type { Splitter } from '../distil/pad/textSteps';
import type { RecomputeSetting } from '../lm/recompute';

/** PEFT files, and other files of the same folder. */
export type AdapterFiles = Readonly<Record<string, Uint8Array>>;

export type PadUpdate =
  | { readonly type: 'log'; readonly log: TrainLog }
  | { readonly type: 'checkpoint'; readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> };

export interface ContinueRequest {
  readonly model: string;
  readonly traces: readonly ContinuationTrace[];
  readonly splitter: Splitter;
  readonly k: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** What an earlier call gave already. */
  readonly done: readonly ContinuationRecord[];
}

export interface RewardRequest {
  readonly model: string;
  readonly traces: readonly LabelledTrace[];
  readonly heldOut: readonly LabelledTrace[];
  /** PEFT files that its LoRA starts from, null for a fresh one. */
  readonly init: AdapterFiles | null;
  readonly options: RewardOptions;
  readonly recompute: RecomputeSetting;
  readonly checkpoint: Uint8Array<ArrayBuffer> | null;
}

export interface RlRequest {
  readonly model: string;
  /** PEFT files to start from, null for the student as it is. */
  readonly init: AdapterFiles | null;
  readonly rewardModel: AdapterFiles | null;
  readonly questions: readonly RlQuestion[];
  readonly heldOut: readonly RlQuestion[];
  readonly options: GroupRlOptions;
  readonly recompute: RecomputeSetting;
  readonly checkpoint: Uint8Array<ArrayBuffer> | null;
}

export interface RlResponse {
  readonly files: AdapterFiles;
  readonly samples: number;
  readonly generatedTokens: number;
  readonly evaluations: readonly Evaluation[];
  readonly lr: number;
  readonly sweep: PadSweep | null;
  readonly stopped: PadHacking | null;
}

export interface ScoreRequest {
  readonly model: string;
  readonly rewardModel: AdapterFiles;
  readonly items: readonly { readonly messages: readonly Message[]; readonly reply: string }[];
}

export interface PadProtocol {
  /** Monte-Carlo labels: continuations of each step's prefix by the student; a record as each prefix is done. */
  readonly continueSteps: {
    readonly request: ContinueRequest;
    readonly progress: ContinuationRecord;
    readonly response: readonly ContinuationRecord[];
  };
  /** An abort hands out a checkpoint and rejects with InterruptedError; so does groupRl. */
  readonly trainReward: {
    readonly request: RewardRequest;
    readonly progress: PadUpdate;
    readonly response: { readonly files: AdapterFiles; readonly metrics: RewardMetrics };
  };
  readonly groupRl: {
    readonly request: RlRequest;
    readonly progress: PadUpdate;
    readonly response: RlResponse;
  };
  readonly scoreSteps: {
    readonly request: ScoreRequest;
    readonly progress: never;
    readonly response: readonly (readonly ScoredStep[])[];
  };
}

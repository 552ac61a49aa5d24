/** What every phase of a job works with. */
import type { Gate } from '../core/gate';
import type { JobEvent } from '../wire/jobEvents';
import type { ProgressDetail } from '../wire/progress';
import type { TrainOverlap } from '../records/overlap';
import type { Phase, PromptStyle, Question, PrimaryContrast } from '../records/records';
import type { RunConfig } from '../settings/config';
import type { ModelRef } from '../models/modelSpec';
import type { ModelSpec } from '../specs/spec';
import type { JobStore } from '../store/jobStore';
import type { AgentPool } from './agentPool';
import type { EngineClient } from '../engine/engineClient';
import type { DeviceInfo } from '../engine/engineProtocol';
import type { TurnWriter } from './turnWriter';
import type { AgentSlot } from './agentPool';

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly detail: ProgressDetail | null;
  readonly secondsLeft?: number | null;
  readonly tokensPerSecond?: number | null;
}

export interface Job {
  readonly runId: string;
  readonly config: RunConfig;
  readonly store: JobStore;
  readonly engine: EngineClient;
  readonly writer: TurnWriter;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  readonly device: DeviceInfo;
  /** Agent i of the debate generates with agents[i mod length]. */
  readonly agents: readonly AgentSlot[];
  /** What the agents were named by. */
  readonly specs: readonly ModelSpec[];
  /** The app's address, ending with a slash. */
  readonly base: string;
  /** Where the hub was asked: itself or a mirror. */
  readonly hubEndpoint: string;
  /** Loads them before they generate, and releases them. */
  readonly agentPool: AgentPool;
  readonly student: ModelRef;
  /** Hash of the student's files; null where they cannot be read now. */
  baseHash(): Promise<string | null>;
  /** The contrast that was named when the run was created; null for none. */
  readonly primary: PrimaryContrast | null;
  /** The run whose debate it uses, and whose trainings it takes over where their inputs are the same; null for none. */
  readonly from: string | null;
  readonly studentStyle: PromptStyle;
  readonly questions: readonly Question[];
  /** What the guard of the training questions found when the run was planned; null where it had nothing to guard. */
  readonly overlap: TrainOverlap | null;
  emit(event: JobEvent): void;
  progress(phase: Phase, progress: Progress): void;
}

/** The style that a model's catalogue entry names; models from elsewhere read natural prompts. */
export function promptStyle(ref: ModelRef): PromptStyle {
  return ref.promptStyle === 'compact' ? 'compact' : 'natural';
}

/** An adapter's id in the engine. */
export function adapterId(runId: string, strategy: string, seed: number): string {
  return `${runId}/${strategy}/${seed}`;
}

/** What the coordinator asks of the engine worker. Both sides import this file. */
import type { Completion, LoadProgress } from '../agents/agent';
import type { BackendKind } from '../compute/ops';
import type { KernelInfo } from '../wire/device';
import type { DeviceBench, DeviceFigure } from '../wire/deviceBench';
import type { StudentFormat } from '../wire/students';
import type { SelftestReport, SelftestRow } from '../compute/selftestReport';
import type { DeviceFacts } from '../records/device';
import type { Message, RowsCut, Sampling } from '../records/records';
import type { TrainLog } from '../records/trainLog';
import type { LinearName } from '../lm/types';
import type { ModelRef } from '../models/modelSpec';
import type { PadProtocol } from './padProtocol';
import type { RecomputeSetting } from '../lm/recompute';
import type { ValidationResults } from './validationRecords';

export interface DeviceInfo {
  readonly backend: BackendKind;
  readonly device: string;
  /** Why this backend, and what is known of it. */
  readonly reason: DeviceFacts;
  readonly threads: number;
}

export interface ModelInfo {
  readonly parameters: number;
  readonly maxContext: number;
  readonly layers: number;
  readonly hidden: number;
}

/** One training example; the loss is on the target alone. */
export interface TrainingRow {
  readonly messages: readonly Message[];
  readonly target: string;
  /** Of each target token in the loss; absent = 1. */
  readonly weight?: number;
}

export interface TrainSettings {
  readonly steps: number;
  readonly batch: number;
  readonly lr: number;
  readonly warmup: number;
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly LinearName[];
  readonly maxLength: number;
  readonly seed: number;
  /** Held-out losses in a row that are no better than the best, after which it ends with the best adapter; without it, never. */
  readonly patience?: number;
}

/** Questions that the student in training answers, greedily, every few steps. They change nothing in the training. */
export interface EvalSamplePlan {
  readonly prompts: readonly (readonly Message[])[];
  /** Steps between two rounds of answers; the first round comes before step 1, the last after the last step. */
  readonly every: number;
  readonly maxTokens: number;
}

export interface TrainRequest {
  readonly model: string;
  readonly rows: readonly TrainingRow[];
  readonly evalRows: readonly TrainingRow[];
  readonly settings: TrainSettings;
  /** PEFT files to start from (stacks), null for a fresh adapter. */
  readonly init: Readonly<Record<string, Uint8Array>> | null;
  /** Continues from here, null to begin. */
  readonly checkpoint: Uint8Array<ArrayBuffer> | null;
  readonly checkpointEvery: number;
  readonly recompute: RecomputeSetting;
  readonly probes: EvalSamplePlan | null;
  /** Whether its chats are with thoughts; absent = off. */
  readonly thinking?: Sampling['thinking'];
}

export type TrainUpdate =
  | { readonly type: 'probe'; readonly step: number; readonly replies: readonly string[] }
  | { readonly type: 'log'; readonly log: TrainLog }
  /** What the maximum length did to the rows, before step 1 of this call. */
  | { readonly type: 'rows'; readonly rows: RowsCut }
  /** The kernel variants are timed, before step 1 of a new training. */
  | { readonly type: 'tuning' }
  | { readonly type: 'checkpoint'; readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> };

export interface GenerateCall {
  readonly model: string;
  readonly adapter: string | null;
  readonly messages: readonly Message[];
  readonly sampling: Sampling;
  /** Whether text is reported while it grows. */
  readonly stream: boolean;
}

export interface EngineProtocol extends PadProtocol {
  /** Opens the device; a second call gives the device in use, or a new one after a loss. */
  readonly open: {
    readonly request: {
      readonly backend: 'auto' | 'webgpu' | 'cpu';
      /** How keys and values are kept; models that were loaded otherwise are unloaded. */
      readonly kvCache: 'f32' | 'f16';
      readonly models: readonly ModelRef[];
      /** Devices and workers that the work has lost before: models are loaded for less at once. */
      readonly losses?: number;
      /** What the settings store holds of devices tested before. */
      readonly proofs: unknown;
    };
    readonly progress: never;
    /** With the devices tested by this call, to be stored. */
    readonly response: { readonly info: DeviceInfo; readonly proofs: ValidationResults };
  };
  /** Every kernel in every variant on a device of its own; the response has the new validation record. */
  readonly selftest: {
    readonly request: { readonly backend: 'webgpu' | 'cpu' };
    readonly progress: SelftestRow;
    readonly response: { readonly report: SelftestReport; readonly proofs: ValidationResults };
  };
  /** What the device can do, on one of its own. */
  readonly bench: {
    readonly request: { readonly backend: 'webgpu' | 'cpu' };
    readonly progress: DeviceFigure;
    readonly response: DeviceBench;
  };
  readonly load: {
    readonly request: { readonly model: ModelRef };
    readonly progress: LoadProgress;
    readonly response: ModelInfo;
  };
  readonly unload: {
    readonly request: { readonly model: string };
    readonly progress: never;
    readonly response: null;
  };
  readonly generate: {
    readonly request: GenerateCall;
    readonly progress: { readonly text: string };
    readonly response: Completion;
  };
  /** Hash of the files of a loaded model. */
  readonly baseHash: {
    readonly request: { readonly model: string };
    readonly progress: never;
    readonly response: string;
  };
  /** Tokens of texts by the model's tokenizer. */
  readonly count: {
    readonly request: { readonly model: string; readonly texts: readonly string[] };
    readonly progress: never;
    readonly response: readonly number[];
  };
  /** Words of a text that the model's tokenizer has no token for. */
  readonly unknownWords: {
    readonly request: { readonly model: string; readonly text: string };
    readonly progress: never;
    readonly response: readonly string[];
  };
  /** Source of every kernel, and what of it was compiled on the device in use. */
  readonly kernels: {
    readonly request: null;
    readonly progress: never;
    readonly response: readonly KernelInfo[];
  };
  readonly putAdapter: {
    readonly request: {
      readonly model: string;
      readonly adapter: string;
      readonly files: Readonly<Record<string, Uint8Array>>;
    };
    readonly progress: never;
    readonly response: null;
  };
  readonly dropAdapter: {
    readonly request: { readonly model: string; readonly adapter: string };
    readonly progress: never;
    readonly response: null;
  };
  /** The student with an adapter merged in. Rejects with OutOfMemoryError where that would hold more than `budget` bytes. */
  readonly exportStudent: {
    readonly request: {
      readonly model: string;
      readonly adapter: Readonly<Record<string, Uint8Array>>;
      readonly format: StudentFormat;
      readonly budget: number | null;
    };
    readonly progress: { readonly done: number; readonly total: number; readonly bytes: number };
    readonly response: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  };
  /** Gives the PEFT files of the adapter. An abort hands out a checkpoint and rejects with InterruptedError. */
  readonly train: {
    readonly request: TrainRequest;
    readonly progress: TrainUpdate;
    readonly response: { readonly files: Readonly<Record<string, Uint8Array>> };
  };
  /** Holds, frees or advances training by one step. */
  readonly gate: {
    readonly request: { readonly action: 'pause' | 'unpause' | 'step' };
    readonly progress: never;
    readonly response: null;
  };
  /** Bytes held on the device, by owner, and what the caches saved. */
  readonly memory: {
    readonly request: null;
    readonly progress: never;
    readonly response: {
      readonly total: number;
      readonly peak: number;
      readonly byOwner: Readonly<Record<string, number>>;
      /** Prompt tokens that the loaded models computed, and those that they had already. */
      readonly prompts: { readonly computed: number; readonly reused: number };
    };
  };
  /** Frees everything, the device included. */
  readonly close: { readonly request: null; readonly progress: never; readonly response: null };
}

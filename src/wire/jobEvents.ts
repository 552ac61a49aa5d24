/**
 * What a coordinator sends to every page (BroadcastChannel "arklet"), whichever page started the job. `questions` is sent once, when a
 * run's questions are planned, before its first turn.
 */
import type { ErrorData } from '../core/errors';
import type { DeviceFacts } from '../records/device';
import type { PadReport } from '../records/padRecords';
import type { Dataset, Phase, Question, Report, RunStatus, Turn } from '../records/records';
import type { Requantised } from '../records/requantised';
import type { RunRecord } from '../records/runRecords';
import type { EvalSamples, TrainLog } from '../records/trainLog';
import type { ProgressDetail } from './progress';

export type JobEvent =
  | {
      readonly type: 'device';
      readonly backend: string;
      readonly device: string;
      readonly reason: DeviceFacts;
    }
  | {
      readonly type: 'load';
      readonly model: string;
      readonly phase: 'download' | 'compile' | 'warm up' | 'ready';
      readonly loaded: number;
      readonly total: number;
      /** Of a download, over its last seconds; null before there is anything to go by, and in other phases. */
      readonly bytesPerSecond: number | null;
      readonly secondsLeft: number | null;
      /** With `ready`: the model may answer worse than it could, and why. */
      readonly notice?: string;
      /** With `ready`: weights that the file keeps in another way, and what that changed. */
      readonly requantised?: Requantised;
    }
  | {
      readonly type: 'progress';
      readonly runId: string;
      readonly phase: Phase;
      readonly status: RunStatus;
      /** Units of this phase: questions, steps or answers. */
      readonly done: number;
      readonly total: number;
      readonly detail: ProgressDetail | null;
      readonly secondsLeft: number | null;
      readonly tokensPerSecond: number | null;
      /** Held by the engine on its device, by its own ledger. */
      readonly bytes: number | null;
      /** Most bytes held at once since the job began in this session. */
      readonly peakBytes?: number | null;
      /** Prompt tokens that the engine computed since its models were loaded, and those that it had already. */
      readonly prompts?: { readonly computed: number; readonly reused: number } | null;
    }
  | {
      readonly type: 'text';
      readonly runId: string;
      readonly questionId: string;
      readonly round: number;
      readonly agent: number;
      /** What is new since the last event of this turn. */
      readonly text: string;
    }
  | { readonly type: 'questions'; readonly runId: string; readonly questions: readonly Question[] }
  | { readonly type: 'turn'; readonly runId: string; readonly turn: Turn }
  | { readonly type: 'dataset'; readonly runId: string; readonly dataset: Omit<Dataset, 'traces'> }
  | {
      readonly type: 'train';
      readonly runId: string;
      readonly strategy: string;
      readonly seed: number;
      readonly log: TrainLog;
    }
  | {
      readonly type: 'probe';
      readonly runId: string;
      readonly strategy: string;
      readonly seed: number;
      readonly probe: EvalSamples;
    }
  /** Results of PAD so far: sent when its reward model or a student is trained. */
  | { readonly type: 'pad'; readonly runId: string; readonly pad: PadReport }
  | { readonly type: 'report'; readonly runId: string; readonly report: Report }
  /** The job of a run has ended; `status` is right also where it could not be stored. */
  | {
      readonly type: 'ended';
      readonly runId: string;
      readonly status: 'done' | 'interrupted' | 'failed';
      readonly error: ErrorData | null;
    }
  | { readonly type: 'runs'; readonly runs: readonly RunRecord[] }
  | {
      readonly type: 'error';
      readonly runId: string | null;
      readonly error: ErrorData;
      /** The turn that failed, if it was a turn; the run continues. */
      readonly place?: { readonly questionId: string; readonly round: number; readonly agent: number };
    };

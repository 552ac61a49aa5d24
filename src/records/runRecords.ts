/** A run as it is stored, listed and archived. */
import type { ErrorData } from '../core/errors';
import type { TrainOverlap } from './overlap';
import type {
  Dataset,
  Phase,
  PrimaryContrast,
  Question,
  Report,
  RowsCut,
  RunStatus,
  Turn,
  TurnTiming,
} from './records';
import type { EvalSamples, TrainLog } from './trainLog';
import type { RunConfig } from '../settings/config';

/** A run as stored. */
export interface RunRecord {
  readonly id: string;
  /** Memorable name, unique on this machine. */
  readonly name: string;
  readonly note: string;
  readonly config: RunConfig;
  readonly createdAt: number;
  readonly status: RunStatus;
  readonly phase: Phase;
  /** The baseline that other runs are compared with: at most one run. */
  readonly pinned: boolean;
  readonly error: ErrorData | null;
  /** The contrast that was named when the run was created; runs of older versions and imported debates lack it. */
  readonly primary?: PrimaryContrast;
  /** The run whose debate it uses; not in archives. */
  readonly from?: string;
  /** Training questions near others; absent where all questions are generated, and in runs of older versions. */
  readonly overlap?: TrainOverlap;
  /** Milliseconds since the epoch; set while the run is in the trash, from which it can be restored. */
  readonly deletedAt?: number;
  /** What of its stored record is damaged; there only then. Such a run can be deleted and nothing else. */
  readonly damaged?: string;
}

/** Summary of a finished run, for lists and for estimates of time. */
export interface RunResult extends Pick<Report, 'arms' | 'timings' | 'gainKept' | 'chosen'> {
  readonly backend: string;
}

/** A trained adapter in an archive: PEFT files, name to base64. */
export interface ArchivedAdapter {
  readonly strategy: string;
  readonly seed: number;
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Everything of a run in one file (gzip of this JSON). The recorded run that ships with the app has the same form.
 * Version 2 has `adapters`; files of version 1, and archives that were read only to be shown, have none.
 */
export interface RunArchive {
  readonly format: 'arklet-run';
  readonly version: 1 | 2;
  readonly run: RunRecord;
  readonly questions: readonly Question[];
  readonly turns: readonly Turn[];
  readonly timings: readonly TurnTiming[];
  readonly datasets: readonly Dataset[];
  readonly logs: readonly StrategyLog[];
  readonly report: Report | null;
  readonly adapters?: readonly ArchivedAdapter[];
}

/** A run beside its debate. */
export type RunOutcome = Pick<RunArchive, 'run' | 'timings' | 'datasets' | 'logs' | 'report'>;

/** Training log of one strategy (or control) and distillation seed. */
export interface StrategyLog {
  readonly strategy: string;
  readonly seed: number;
  readonly steps: readonly TrainLog[];
  /** The student's answers to fixed held-out questions during training, by step; runs from before this lack it. */
  readonly probes?: readonly EvalSamples[];
  /** Hash of everything that the training depends on: a training is reused only where it is the same. Runs from before this lack it. */
  readonly inputs?: string;
  /** What the maximum length did to its rows; trainings on no rows, and runs from before this, lack it. */
  readonly rows?: RowsCut;
}

/** Days of use that a deleted run can be restored: days on which the app was not opened count as one at most. */
export const trashDays = 7;

/** The stored runs. A string alone is the id of a run. */
import type { RunArchive, RunOutcome, RunRecord, RunResult } from '../records/runRecords';
import type { Call, Names } from './calls';

/** Result of an import of trajectories: the run that was made of them, and what was left out. */
export interface TrajectoryImport {
  readonly run: RunRecord;
  readonly questions: number;
  readonly turns: number;
  /** Questions left out because their debate is not whole. */
  readonly incomplete: number;
  /** Questions left out because neither a turn nor the report states the right answer. */
  readonly unknown: number;
}

/** Fields that a user may write; those that are given, and those alone. */
export interface RunChange {
  readonly name?: string;
  readonly note?: string;
  /** True unpins whichever run was pinned before. */
  readonly pinned?: boolean;
}

export interface AdapterPlace {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
}

export interface RunsProtocol {
  readonly list: Call<null, readonly RunRecord[]>;
  /** Of those of these runs that have a report. */
  readonly results: Call<readonly string[], Readonly<Record<string, RunResult>>>;
  /** What is shown of a run. */
  readonly archive: Call<string, RunArchive>;
  /** With its adapters: the whole run for a file. */
  readonly wholeArchive: Call<string, RunArchive>;
  /** What events leave out of a finished run. */
  readonly outcome: Call<string, RunOutcome>;
  readonly importArchive: Call<unknown, RunRecord>;
  /**
   * A debate as an interrupted run that can be resumed: trajectories.jsonl as text, and the report.json of the same
   * run, which states settings and right answers (null: what the turns themselves show). Rejects with ImportError, ConfigError.
   */
  readonly importTrajectories: Call<
    { readonly text: string; readonly name: string; readonly report: string | null },
    TrajectoryImport
  >;
  readonly update: Call<{ readonly runId: string; readonly change: RunChange }, RunRecord>;
  /**
   * Moves a run to the bin, where it is kept for `trashDays`, also over reloads. This and the next two reject with BusyError while
   * another tab works on the run.
   */
  readonly remove: Call<string, void>;
  /** Takes a run back from the bin. */
  readonly restore: Call<string, RunRecord>;
  /** Deletes a run of the bin for good. */
  readonly purge: Call<string, void>;
  /** Runs in the bin, newest deletion first. */
  readonly bin: Call<null, readonly RunRecord[]>;
  /** Bytes by run, those of the bin included: files exactly, database records by the length of their JSON. */
  readonly sizes: Call<null, Readonly<Record<string, number>>>;
  /** PEFT files of a trained adapter: name to bytes. */
  readonly adapter: Call<AdapterPlace, Readonly<Record<string, Uint8Array>>>;
}

export const runsNames: Names<RunsProtocol> = {
  list: true,
  results: true,
  archive: true,
  wholeArchive: true,
  outcome: true,
  importArchive: true,
  importTrajectories: true,
  update: true,
  remove: true,
  restore: true,
  purge: true,
  bin: true,
  sizes: true,
  adapter: true,
};

/** What a session is made of and shows: its sources, the steps, places of turns. */
import type { JobClient } from '../../wire/jobApi';
import type { RunArchive } from '../../records/runRecords';
import type { ModelsApi } from '../../wire/modelsApi';

export type Step = 'debate' | 'distil' | 'compare';
export const steps: readonly Step[] = ['debate', 'distil', 'compare'];

/** The place of a turn in its debate. */
export interface TurnPlace {
  readonly round: number;
  readonly agent: number;
}

export interface SessionSources {
  /** Starts the engine's coordinator; called once, after the first paint or by the first action. */
  connect(): Promise<JobClient>;
  /** The run that ships with the page. */
  recorded(): Promise<RunArchive | null>;
  /** Of the app, for reports. */
  readonly version?: string;
  /** Starts the models worker; called when the models are first looked at. */
  models?(): Promise<ModelsApi>;
}

/** Starting and stopping jobs. */
import type { Question } from '../records/records';
import type { RunRecord } from '../records/runRecords';
import type { RunConfig } from '../settings/config';
import type { Evaluation } from '../settings/scopes';
import type { Call, Names } from './calls';

export interface StartRequest {
  readonly config: RunConfig;
  /** Of one file that is split, or of the training file; null: of the generator. */
  readonly questions: readonly Question[] | null;
  /** Of the test file, where the settings name one. */
  readonly test?: readonly Question[];
  /** Of the evaluation files that the settings name, by the name of their set. */
  readonly sets?: Readonly<Record<string, readonly Question[]>>;
  /** A stored run whose questions and debate are used again: one debate, many strategies; the debate's settings are then that run's. */
  readonly from?: string;
  /** What is asked beside the test questions in the place of what that run asked; without it the same is. */
  readonly evaluation?: Evaluation;
}

/** Pause, unpause, step and stop act in whichever tab works. */
export interface ControlProtocol {
  readonly start: Call<StartRequest, RunRecord>;
  /** Resumes an interrupted run, by its id, where it stopped. */
  readonly resume: Call<string, void>;
  readonly pause: Call<null, void>;
  readonly unpause: Call<null, void>;
  /** Runs one more unit (one exchange of one question, one training step) of a paused job. */
  readonly step: Call<null, void>;
  /** Ends the job; what was made is kept and can be resumed. An engine that does not stop in time is ended. */
  readonly stop: Call<null, void>;
}

export const controlNames: Names<ControlProtocol> = {
  start: true,
  resume: true,
  pause: true,
  unpause: true,
  step: true,
  stop: true,
};

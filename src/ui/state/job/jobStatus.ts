/** Where the job is, as the page shows it. */
import type { ErrorData } from '../../../core/errors';
import type { JobEvent } from '../../../wire/jobEvents';
import type { RunRecord } from '../../../records/runRecords';
import type { RunStatus } from '../../../records/records';

export type JobStatus = Omit<Extract<JobEvent, { type: 'progress' }>, 'type'>;

/** Whether some tab is running it: no other run has such a status. */
export function isGoing({ status }: Pick<RunRecord, 'status'>): boolean {
  return status === 'running' || status === 'paused';
}

/** Of a run that has sent no progress yet. */
export function expectedStatus({ id, phase, status }: Pick<RunRecord, 'id' | 'phase' | 'status'>): JobStatus {
  return {
    runId: id,
    phase,
    status,
    done: 0,
    total: 0,
    detail: null,
    secondsLeft: null,
    tokensPerSecond: null,
    bytes: null,
  };
}

/** With another status; what has ended has neither a pace nor time left. */
export function withStatus(job: JobStatus, status: RunStatus): JobStatus {
  return { ...job, status, ...(isGoing({ status }) ? {} : { secondsLeft: null, tokensPerSecond: null }) };
}

/** The status that a run ended with, and why. */
export interface Ending {
  readonly runId: string;
  readonly status: RunStatus;
  readonly error: ErrorData | null;
}

/**
 * What a list of runs shows about the job on screen. One that ended (stopped, failed, its tab closed, its run deleted) sends no more
 * progress: its record has the status. One that is paused in another tab is found by its record alone.
 */
export function newsOf(
  job: JobStatus | null,
  runs: readonly RunRecord[],
): { readonly type: 'begun'; readonly run: RunRecord } | ({ readonly type: 'told' } & Ending) | null {
  const active = job !== null && isGoing(job);
  const going = runs.find(isGoing);
  if (going && !active && going.id !== job?.runId) return { type: 'begun', run: going };
  const run = runs.find(({ id }) => id === job?.runId);
  if (!job || (!run && !active)) return null;
  if (!run) return { type: 'told', runId: job.runId, status: 'interrupted', error: null };
  if (run.status === job.status || job.status === 'done') return null;
  return { type: 'told', runId: run.id, status: run.status, error: run.error };
}

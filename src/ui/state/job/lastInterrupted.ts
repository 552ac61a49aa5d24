import type { RunRecord } from '../../../records/runRecords';

/** The newest run that ended early and can be resumed; null where there is none. */
export function lastInterrupted(runs: readonly RunRecord[]): RunRecord | null {
  return runs
    .filter(({ status, damaged }) => status !== 'done' && status !== 'failed' && damaged === undefined)
    .reduce<RunRecord | null>(
      (latest, run) => (latest === null || run.createdAt > latest.createdAt ? run : latest),
      null,
    );
}

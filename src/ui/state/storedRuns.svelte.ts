/** The list of stored runs as the coordinator gave it last. */
import type { RunRecord } from '../../records/runRecords';

export class StoredRuns {
  runs = $state.raw<readonly RunRecord[]>([]);

  find(runId: string | undefined): RunRecord | undefined {
    return this.runs.find(({ id }) => id === runId);
  }

  /** Shown ahead of the next list. */
  change(runId: string, fields: Partial<RunRecord>): void {
    this.runs = this.runs.map((run) => (run.id === runId ? { ...run, ...fields } : run));
  }
}

/** The job in progress, or the last one: its status, the models it loads, its device. The screen stays on while it runs. */
import type { JobEvent } from '../../../wire/jobEvents';
import type { RunRecord } from '../../../records/runRecords';
import type { RunStatus } from '../../../records/records';
import { WakeLock } from '../../shell/wakeLock';
import { expectedStatus, isGoing, withStatus, type JobStatus } from './jobStatus';

export class RunningJob {
  status = $state.raw<JobStatus | null>(null);
  load = $state.raw<Extract<JobEvent, { type: 'load' }> | null>(null);
  device = $state.raw<Extract<JobEvent, { type: 'device' }> | null>(null);
  readonly active = $derived(this.status !== null && isGoing(this.status));
  readonly #wakeLock = new WakeLock();

  /** Before the first progress of a run. */
  expect(run: Pick<RunRecord, 'id' | 'phase' | 'status'>): void {
    if (this.status?.runId !== run.id || !this.active) this.status = expectedStatus(run);
  }

  progress(status: JobStatus): void {
    // Models of a phase are ready before its units are counted: what another phase left loading is over.
    if (this.status?.runId !== status.runId || this.status.phase !== status.phase) this.load = null;
    this.status = status;
    this.#wakeLock.want(status.status === 'running');
  }

  /** By an action of the user, ahead of the next progress. */
  change(from: RunStatus, to: RunStatus): void {
    if (this.status?.status === from) this.status = withStatus(this.status, to);
  }

  end(status: RunStatus): void {
    if (this.status) this.status = withStatus(this.status, status);
    if (!isGoing({ status })) this.#wakeLock.want(false);
  }

  /** Stopped, or its worker is gone. */
  interrupt(): void {
    if (this.active) this.end('interrupted');
    else this.#wakeLock.want(false);
  }
}

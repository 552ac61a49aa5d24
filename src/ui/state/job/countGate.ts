/** Lets a phase's counts through twice a second, and another run, phase or status at once. */
import type { JobStatus } from './jobStatus';

/** Milliseconds between two counts of the same phase. */
const pause = 500;

export class CountGate {
  #shown = -Infinity;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  /** True: show `next` now. False: it waits, and `again` is called when it may be shown, unless a newer one came. */
  pass(now: JobStatus | null, next: JobStatus, again: () => void): boolean {
    clearTimeout(this.#waiting);
    const left = this.#shown + pause - performance.now();
    const same = now?.runId === next.runId && now.phase === next.phase && now.status === next.status;
    if (same && left > 0 && next.done < next.total) {
      this.#waiting = setTimeout(again, left);
      return false;
    }
    this.#shown = performance.now();
    return true;
  }
}

/**
 * Who works on what, over all tabs, by Web Locks: one job at a time, and of each run at most one tab that works on it,
 * deletes it or takes it back. A tab that dies gives its locks back.
 */
import { BusyError } from '../core/errors';

export type LockSource = Pick<LockManager, 'request' | 'query'>;

const jobName = 'arklet-job';
const runName = 'arklet-run ';
/** Held beside the job's by who works and waited for by the other tabs, so that their waiting never makes a start fail. */
const watchName = 'arklet-job-watch';

/** Short work on a run (deleting it, marking it) may hold its lock for a moment. */
const tries = 20;
const between = 50;

const jobBusy = (): BusyError =>
  new BusyError(
    'A run is in progress already, here or in another tab.',
    'Stop it there, or wait until it ends.',
  );

const runBusy = (): BusyError =>
  new BusyError('This run is in progress, here or in another tab.', 'Stop it there first.');

export class JobLock {
  /** Null where there are no locks (Node): then nobody else can be working. */
  readonly #locks: LockSource | null;
  readonly #onFree: () => Promise<void>;
  #taken = false;
  readonly #runs = new Set<string>();
  #watching = false;

  /** `onFree` is called when another tab, found by `working` or `watch`, releases the lock or dies. */
  constructor(locks: LockSource | null, onFree: () => Promise<void>) {
    this.#locks = locks;
    this.#onFree = onFree;
  }

  /** The runs that are worked on, in whichever tab. */
  async working(): Promise<ReadonlySet<string>> {
    const state = await this.#locks?.query();
    const held = (state?.held ?? []).map(({ name = '' }) => name);
    if (held.includes(jobName) && !this.#taken) this.#watch();
    const runs = held.filter((name) => name.startsWith(runName)).map((name) => name.slice(runName.length));
    return new Set([...runs, ...this.#runs]);
  }

  /** Another tab works: waits for the end of its job. */
  async watch(): Promise<void> {
    if (!this.#watching && !this.#taken) await this.working();
  }

  /** Locks the job. The returned function releases it. Throws BusyError at once when another tab has it. */
  async take(): Promise<() => void> {
    if (this.#taken) throw jobBusy();
    this.#taken = true;
    try {
      const free = await this.#hold(jobName);
      if (!free) throw jobBusy();
      let unwatch = (): void => undefined;
      const watched = new Promise<void>((end) => (unwatch = end));
      this.#locks?.request(watchName, () => watched).catch(() => undefined);
      return () => {
        this.#taken = false;
        free();
        unwatch();
      };
    } catch (thrown) {
      this.#taken = false;
      throw thrown;
    }
  }

  /** Locks one run. The returned function releases it. Throws BusyError when another tab works on it. */
  async takeRun(runId: string): Promise<() => void> {
    for (let attempt = 0; attempt < tries; attempt++) {
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, between));
      if (this.#runs.has(runId)) continue;
      this.#runs.add(runId);
      const free = await this.#hold(runName + runId).catch((thrown: unknown) => {
        this.#runs.delete(runId);
        throw thrown;
      });
      if (free) {
        return () => {
          this.#runs.delete(runId);
          free();
        };
      }
      this.#runs.delete(runId);
    }
    throw runBusy();
  }

  /** Does short work as the only one at that run. Throws BusyError when somebody works on it. */
  async alone<T>(runId: string, work: () => Promise<T>): Promise<T> {
    const release = await this.takeRun(runId);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Null when the lock is taken. */
  #hold(name: string): Promise<(() => void) | null> {
    const locks = this.#locks;
    if (!locks) return Promise.resolve(() => undefined);
    return new Promise((resolve, reject) => {
      locks
        .request(name, { ifAvailable: true }, (lock) => {
          if (!lock) {
            resolve(null);
            return undefined;
          }
          return new Promise<void>((free) => resolve(free));
        })
        .catch(reject);
    });
  }

  #watch(): void {
    if (this.#watching || !this.#locks) return;
    this.#watching = true;
    this.#locks
      .request(watchName, { mode: 'shared' }, () => undefined)
      .then(() => {
        this.#watching = false;
        return this.#onFree();
      })
      .catch(() => undefined);
  }
}

/** One job at a time over all tabs: a Web Lock that is held while a run, or a question of the playground, works. */
import { BusyError } from '../core/errors';

export type LockSource = Pick<LockManager, 'request' | 'query'>;

const jobName = 'arklet-job';
/** Held beside it and waited for by the other tabs, so that their waiting never makes a start fail. */
const watchName = 'arklet-job-watch';

export class JobLock {
  /** Null where there are no locks (Node): then nobody else can be working. */
  readonly #locks: LockSource | null;
  readonly #onFree: () => Promise<void>;
  #taken = false;
  #watching = false;

  /** `onFree` is called when another tab, seen at work by `held`, gives the lock back or dies. */
  constructor(locks: LockSource | null, onFree: () => Promise<void>) {
    this.#locks = locks;
    this.#onFree = onFree;
  }

  /** Whether anybody works. */
  async held(): Promise<boolean> {
    if (this.#taken) return true;
    const state = await this.#locks?.query();
    const held = state?.held?.some(({ name }) => name === jobName) ?? false;
    if (held) this.#watch();
    return held;
  }

  /** Whether another tab works. */
  async heldElsewhere(): Promise<boolean> {
    return !this.#taken && (await this.held());
  }

  /** The returned function gives the lock back. Throws BusyError at once when it is taken. */
  take(): Promise<() => void> {
    const busy = (): BusyError =>
      new BusyError(
        'A run is going on already, here or in another tab.',
        'Stop it there, or wait until it ends.',
      );
    if (this.#taken) return Promise.reject(busy());
    this.#taken = true;
    if (!this.#locks) return Promise.resolve(() => void (this.#taken = false));
    const locks = this.#locks;
    return new Promise((resolve, reject) => {
      const refuse = (reason: unknown): void => {
        this.#taken = false;
        reject(reason instanceof Error ? reason : busy());
      };
      locks
        .request(jobName, { ifAvailable: true }, (lock) => {
          if (!lock) {
            refuse(busy());
            return undefined;
          }
          return new Promise<void>((free) => {
            let release = (): void => undefined;
            const watched = new Promise<void>((end) => (release = end));
            locks.request(watchName, () => watched).catch(() => undefined);
            resolve(() => {
              this.#taken = false;
              release();
              free();
            });
          });
        })
        .catch(refuse);
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

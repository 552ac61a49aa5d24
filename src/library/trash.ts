/**
 * The clock of the trash. A deleted run goes for good after `trashDays` of use, and the machine's clock alone is not trusted with
 * that: between two starts of the app at most one day passes here, so that a clock that was set wrong deletes nothing.
 */
import * as v from 'valibot';
import { BusyError, StorageError } from '../core/errors';
import { trashDays } from '../records/runRecords';
import type { JobStore } from '../store/jobStore';
import type { StoredRun } from '../store/schema';
import type { JobLock } from './jobLock';

const setting = 'bin';
const day = 24 * 3600 * 1000;
const grace = trashDays * day;

const stateSchema = v.object({
  /** The machine's clock at the last sweep, and what this one showed. */
  seen: v.number(),
  clock: v.number(),
  /** What this one showed when a run was first found in the trash. */
  since: v.record(v.string(), v.number()),
});
type State = v.InferOutput<typeof stateSchema>;

export class Bin {
  readonly #store: JobStore;
  readonly #lock: JobLock;
  #swept = -Infinity;

  constructor(store: JobStore, lock: JobLock) {
    this.#store = store;
    this.#lock = lock;
  }

  /** Deletes for good what has been in the trash for long enough: at the app's start, then once a day. */
  async sweep(runs: readonly StoredRun[]): Promise<void> {
    const now = Date.now();
    if (Math.abs(now - this.#swept) < day) return;
    this.#swept = now;
    try {
      await this.#sweep(runs, now);
    } catch (thrown) {
      // Where nothing can be stored nothing is deleted; the next start tries again.
      if (!(thrown instanceof StorageError)) throw thrown;
    }
  }

  async #sweep(runs: readonly StoredRun[], now: number): Promise<void> {
    let over: string[] = [];
    await this.#store.editSetting(setting, (value): State => {
      const stored = v.safeParse(stateSchema, value);
      const before: State = stored.success ? stored.output : { seen: now, clock: 0, since: {} };
      const clock = before.clock + Math.min(day, Math.max(0, now - before.seen));
      const since: Record<string, number> = {};
      over = [];
      for (const { id, deletedAt } of runs) {
        if (deletedAt === undefined) continue;
        const from = before.since[id] ?? clock;
        if (clock - from >= grace && now - deletedAt >= grace) over.push(id);
        else since[id] = from;
      }
      return { seen: now, clock, since };
    });
    for (const id of over) await this.#purge(id);
  }

  async #purge(id: string): Promise<void> {
    try {
      await this.#lock.alone(id, async () => {
        // It may have been restored in the meantime.
        const run = await this.#store.getRun(id);
        if (run?.deletedAt !== undefined) await this.#store.removeRun(id);
      });
    } catch (thrown) {
      if (!(thrown instanceof BusyError)) throw thrown;
    }
  }
}

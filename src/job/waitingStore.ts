/** Writes of a job that wait where there is no room, instead of ending it. */
import { StorageError } from '../core/errors';
import { isFull } from '../store/database';
import type { JobStore } from '../store/jobStore';

export interface FullStorage {
  /** Fires when the job ends: nothing waits any longer. */
  readonly signal: AbortSignal;
  /** Milliseconds between two tries. */
  readonly every: number;
  /** A write found no room, and those that follow wait; `wake` makes them try again at once. */
  onFull(error: unknown, wake: () => void): void;
  /** There is room again. */
  onRoom(): void;
}

/** Milliseconds before a write that failed for another reason is tried once more. */
const soon = 100;

function pause(milliseconds: number, signal: AbortSignal): { readonly over: Promise<void>; wake(): void } {
  let wake = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', wake, { once: true });
  }).finally(() => signal.removeEventListener('abort', wake));
  return { over, wake };
}

/**
 * The store with writes that are tried again: once where they fail, and until there is room where that is missing. Every write of a job
 * may be repeated. Throws what the last try threw when the job ends before.
 */
export function waitingStore(store: JobStore, { signal, every, onFull, onRoom }: FullStorage): JobStore {
  /** Writes that wait. */
  let waiting = 0;
  /** The user says that there is room: where there is none, that is reported again. */
  let claimed = false;
  const wakes = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of wakes) wake();
  };
  const wake = (): void => {
    claimed = true;
    wakeAll();
  };

  async function untilRoom<T>(first: unknown, write: () => Promise<T>): Promise<T> {
    if (waiting++ === 0) onFull(first, wake);
    try {
      for (;;) {
        const { over, wake: now } = pause(every, signal);
        wakes.add(now);
        await over;
        wakes.delete(now);
        if (signal.aborted) throw first;
        try {
          return await write();
        } catch (thrown) {
          if (!isFull(thrown)) throw thrown;
          if (claimed) onFull(thrown, wake);
          claimed = false;
        }
      }
    } finally {
      if (--waiting > 0) wakeAll();
      else if (!signal.aborted) onRoom();
    }
  }

  async function write<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof StorageError) || signal.aborted) throw thrown;
      if (isFull(thrown)) return untilRoom(thrown, work);
    }
    await pause(soon, signal).over;
    try {
      return await work();
    } catch (thrown) {
      if (!isFull(thrown) || signal.aborted) throw thrown;
      return untilRoom(thrown, work);
    }
  }

  return {
    ...store,
    editRun: (id, edit) => write(() => store.editRun(id, edit)),
    putTurns: (turns) => write(() => store.putTurns(turns)),
    putDataset: (runId, name, dataset) => write(() => store.putDataset(runId, name, dataset)),
    putLog: (log) => write(() => store.putLog(log)),
    putCheckpoint: (id, step, bytes) => write(() => store.putCheckpoint(id, step, bytes)),
    removeCheckpoint: (id) => write(() => store.removeCheckpoint(id)),
    putContinuations: (runId, records) => write(() => store.putContinuations(runId, records)),
    putAdapter: (id, contents) => write(() => store.putAdapter(id, contents)),
    removeAdapter: (id) => write(() => store.removeAdapter(id)),
    putReport: (runId, report) => write(() => store.putReport(runId, report)),
  };
}

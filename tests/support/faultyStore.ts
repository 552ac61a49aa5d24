import { asStorageError } from '../../src/store/database';
import type { JobStore } from '../../src/store/jobStore';

/** How a write fails: as the browser says it when the quota or the disk is full, or the connection goes away. */
export const faults = {
  quota: () => new DOMException('The quota has been exceeded.', 'QuotaExceededError'),
  disk: () => new DOMException('Internal error.', 'UnknownError'),
  abort: () => new DOMException('The transaction was aborted.', 'AbortError'),
  closing: () => new DOMException('The database connection is closing.', 'InvalidStateError'),
} as const;

export type Fault = keyof typeof faults;

const writes = [
  'putRun',
  'createRun',
  'editRun',
  'editRuns',
  'putQuestions',
  'putTurns',
  'putDataset',
  'putLog',
  'putCheckpoint',
  'removeCheckpoint',
  'putContinuations',
  'putAdapter',
  'putReport',
  'putSetting',
  'editSetting',
] as const satisfies readonly (keyof JobStore)[];

export interface FaultyStore {
  readonly store: JobStore;
  /** Writes asked for so far. */
  count(): number;
  /** What was asked for, in order. */
  readonly names: readonly string[];
  /** From here on no write fails. */
  mend(): void;
}

/**
 * A store whose n-th write (from 0) fails, and with `after` every one from there on until it is mended. A failed write leaves nothing, as a
 * transaction that was aborted.
 */
export function faultyStore(inner: JobStore, at: number, fault: Fault, after = false): FaultyStore {
  const names: string[] = [];
  let broken = true;
  const wrap = (store: JobStore): JobStore => {
    const wrapped = writes.map((name) => [
      name,
      async (...all: never[]) => {
        const n = names.push(name) - 1;
        if (broken && (n === at || (after && n > at))) throw asStorageError(faults[fault]());
        return (store[name] as (...all: never[]) => Promise<unknown>)(...all);
      },
    ]);
    return {
      ...store,
      ...(Object.fromEntries(wrapped) as Pick<JobStore, (typeof writes)[number]>),
      during: (runId, revoked) => wrap(store.during(runId, revoked)),
    };
  };
  return { store: wrap(inner), count: () => names.length, names, mend: () => void (broken = false) };
}

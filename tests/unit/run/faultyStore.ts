import { StorageError } from '../../../src/core/errors';
import { asStorageError } from '../../../src/store/database';
import type { FileStore } from '../../../src/store/files';
import type { JobStore } from '../../../src/store/jobStore';

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
  'putAdapter',
  'putReport',
  'putSetting',
] as const satisfies readonly (keyof JobStore)[];

export interface FaultyStore {
  readonly store: JobStore;
  /** Writes asked for so far. */
  count(): number;
  /** What was asked for, in order. */
  readonly names: readonly string[];
}

/**
 * A store whose n-th write (from 0) fails, and with `after` every one from there on. A failed write leaves nothing, as a
 * transaction that was aborted.
 */
export function faultyStore(inner: JobStore, at: number, fault: Fault, after = false): FaultyStore {
  const names: string[] = [];
  const wrap = (store: JobStore): JobStore => {
    const wrapped = writes.map((name) => [
      name,
      async (...all: never[]) => {
        const n = names.push(name) - 1;
        if (n === at || (after && n > at)) throw asStorageError(faults[fault]());
        return (store[name] as (...all: never[]) => Promise<unknown>)(...all);
      },
    ]);
    return {
      ...store,
      ...(Object.fromEntries(wrapped) as Pick<JobStore, (typeof writes)[number]>),
      during: (runId, revoked) => wrap(store.during(runId, revoked)),
    };
  };
  return { store: wrap(inner), count: () => names.length, names };
}

/** Files whose n-th write fails; `short` leaves a part of it behind, as a full disk may. */
export function faultyFiles(inner: FileStore, at: number, short = false): FileStore {
  let n = 0;
  return {
    ...inner,
    list: (folder) => inner.list(folder),
    read: (path) => inner.read(path),
    bytes: (folder) => inner.bytes(folder),
    remove: (path) => inner.remove(path),
    async write(path, bytes) {
      if (n++ !== at) return inner.write(path, bytes);
      if (short) await inner.write(path, bytes.slice(0, bytes.length >> 1));
      throw new StorageError('The disk was full.', 'Free space.');
    },
  };
}

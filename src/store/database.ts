import { openDB } from 'idb';
import { ArkletError, InterruptedError, StorageError } from '../core/errors';
import { migrations, schemaVersion, type ArkletSchema, type Database } from './schema';

/** A storage failure as StorageError: full, refused, damaged or of a newer version. */
export function asStorageError(thrown: unknown): ArkletError {
  if (thrown instanceof ArkletError) return thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (name === 'QuotaExceededError') {
    return new StorageError(
      'The browser refused to store more data: its quota is used up.',
      'Delete old runs under Runs, or free disk space; then resume.',
      { cause: thrown, details: { full: true } },
    );
  }
  if (name === 'VersionError') {
    return new StorageError(
      `The database was written by a newer version of Arklet (this one knows version ${schemaVersion}).`,
      'Reload the page to get the newest version.',
      { cause: thrown },
    );
  }
  if (isClosed(thrown)) {
    return new StorageError(
      'The browser closed the connection to the stored data.',
      'Another tab updated Arklet, or the data of this site was cleared: reload the page. What is stored is kept.',
      { cause: thrown },
    );
  }
  // What Chromium says when the disk under its profile is full ("Internal error."), and Firefox ("UnknownError").
  if (name === 'UnknownError' || /no space|disk.{0,20}full|internal error|I\/O error/i.test(message)) {
    return new StorageError(
      `The browser could not write to the disk that holds its profile: ${message}`,
      'Free space on that disk (or delete old runs and models), then resume: what is stored is kept.',
      { cause: thrown, details: { full: true } },
    );
  }
  return new StorageError(
    `The browser's storage failed: ${message}`,
    'The disk may be full: free some space. Or allow this site to store data (private windows often refuse). Then resume.',
    { cause: thrown },
  );
}

/** Whether there was no room for it, in the quota or on the disk. */
export function isFull(thrown: unknown): boolean {
  return thrown instanceof StorageError && thrown.details?.['full'] === true;
}

/** A call on a connection that was closed, or a transaction that went down with it. */
export function isClosed(thrown: unknown): boolean {
  const cause = thrown instanceof StorageError ? thrown.cause : thrown;
  if (!(cause instanceof DOMException)) return false;
  return (
    cause.name === 'InvalidStateError' ||
    (cause.name === 'AbortError' && /connection|clos/i.test(cause.message))
  );
}

/** Runs storage work with its failures turned into StorageError. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw asStorageError(thrown);
  }
}

/** Why a connection is no more: the browser dropped it, or another tab updates or deletes the database. */
export type Closed = 'terminated' | 'blocking';

/**
 * Opens the database, bringing it to the newest version step by step. `onClosed` is called when the connection goes
 * away unasked. Throws StorageError.
 */
export async function openDatabase(
  name = 'arklet',
  onClosed: (why: Closed) => void = () => undefined,
): Promise<Database> {
  if (typeof indexedDB === 'undefined') {
    throw new StorageError(
      'This environment has no IndexedDB.',
      'Use a browser that allows this site to store data.',
    );
  }
  return guarded(() =>
    openDB<ArkletSchema>(name, schemaVersion, {
      upgrade(database, oldVersion, _newVersion, transaction) {
        const run = async (): Promise<void> => {
          for (const migrate of migrations.slice(oldVersion)) await migrate(database, transaction);
        };
        // A migration that fails must not commit half of its work: opening then rejects with AbortError.
        run().catch(() => transaction.abort());
      },
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        onClosed('blocking');
      },
      terminated: () => onClosed('terminated'),
    }),
  );
}

/** All keys of one run in a store whose key starts with the run id. */
export function keysOfRun(runId: string): IDBKeyRange {
  return IDBKeyRange.bound([runId], [runId, []]);
}

type RowStore =
  'questions' | 'turns' | 'timings' | 'datasets' | 'logs' | 'checkpoints' | 'reports' | 'continuations';
type RowWriter = <K extends RowStore>(store: K, row: ArkletSchema[K]['value']) => void;

/** The run was deleted while something worked on it. */
export function runIsGone(runId: string): InterruptedError {
  return new InterruptedError(
    `The run ${runId} was deleted while it was worked on.`,
    'Nothing more is stored of it. Start a new run.',
  );
}

/**
 * Writes rows of a run in one transaction. With `owner` the run's record is read first in the same transaction, and
 * without one nothing is written and InterruptedError is thrown.
 */
export function writeRows(
  database: Database,
  owner: string | null,
  stores: readonly RowStore[],
  write: (put: RowWriter) => void,
): Promise<void> {
  return guarded(async () => {
    const transaction = database.transaction(['runs', ...stores], 'readwrite');
    const { done } = transaction;
    // A request that fails rejects `done` as well: awaited below, and never unhandled.
    done.catch(() => undefined);
    if (owner !== null && (await transaction.objectStore('runs').getKey(owner)) === undefined) {
      await done;
      throw runIsGone(owner);
    }
    try {
      write(
        (store, row) =>
          void transaction
            .objectStore(store)
            .put(row)
            .catch(() => undefined),
      );
    } catch (thrown) {
      transaction.abort();
      throw thrown;
    }
    await done;
  });
}

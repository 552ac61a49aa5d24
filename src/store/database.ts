import { openDB } from 'idb';
import { ArkletError, StorageError } from '../core/errors';
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
      { cause: thrown },
    );
  }
  if (name === 'VersionError') {
    return new StorageError(
      `The database was written by a newer version of Arklet (this one knows version ${schemaVersion}).`,
      'Reload the page to get the newest version.',
      { cause: thrown },
    );
  }
  return new StorageError(
    `The browser's storage failed: ${message}`,
    'The disk may be full: free some space. Or allow this site to store data (private windows often refuse). Then go on.',
    { cause: thrown },
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

/** Opens the database, bringing it to the newest version step by step. Throws StorageError. */
export async function openDatabase(name = 'arklet'): Promise<Database> {
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
      },
    }),
  );
}

/** All keys of one run in a store whose key starts with the run id. */
export function keysOfRun(runId: string): IDBKeyRange {
  return IDBKeyRange.bound([runId], [runId, []]);
}

import { guarded, keysOfRun, writeRows } from './database';
import type { Database, StoredLog } from './schema';

/** The whole log of one training so far. */
export function putLog(database: Database, log: StoredLog, owner: string | null = null): Promise<void> {
  return writeRows(database, owner, ['logs'], (put) => put('logs', log));
}

export function getLogs(database: Database, runId: string): Promise<StoredLog[]> {
  return guarded(() => database.getAll('logs', keysOfRun(runId)));
}

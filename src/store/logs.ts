import { guarded, keysOfRun } from './database';
import type { Database, StoredLog } from './schema';

/** The whole log of one training so far. */
export function putLog(database: Database, log: StoredLog): Promise<void> {
  return guarded(async () => void (await database.put('logs', log)));
}

export function getLogs(database: Database, runId: string): Promise<StoredLog[]> {
  return guarded(() => database.getAll('logs', keysOfRun(runId)));
}

import { guarded } from './database';
import type { Database, StoredRun } from './schema';

export function putRun(database: Database, run: StoredRun): Promise<void> {
  return guarded(async () => void (await database.put('runs', run)));
}

export function getRun(database: Database, id: string): Promise<StoredRun | null> {
  return guarded(async () => (await database.get('runs', id)) ?? null);
}

/** Newest first. */
export function listRuns(database: Database): Promise<StoredRun[]> {
  return guarded(async () => (await database.getAllFromIndex('runs', 'createdAt')).reverse());
}

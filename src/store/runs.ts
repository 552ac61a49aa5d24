import { ArkletError } from '../core/errors';
import { guarded } from './database';
import type { Database, StoredRun } from './schema';

export function putRun(database: Database, run: StoredRun): Promise<void> {
  return guarded(async () => void (await database.put('runs', run)));
}

/**
 * Changes some runs in one transaction: `edit` is given all runs, and what it returns is written. A run that was deleted
 * in the meantime is not among them, so that nothing is written over what another tab did.
 */
export function editRuns(
  database: Database,
  edit: (runs: readonly StoredRun[]) => readonly StoredRun[],
): Promise<readonly StoredRun[]> {
  return guarded(async () => {
    const transaction = database.transaction('runs', 'readwrite');
    transaction.done.catch(() => undefined);
    const runs = await transaction.store.getAll();
    try {
      const changed = edit(runs);
      for (const run of changed) void transaction.store.put(run).catch(() => undefined);
      await transaction.done;
      return changed;
    } catch (thrown) {
      if (thrown instanceof ArkletError) await transaction.done.catch(() => undefined);
      throw thrown;
    }
  });
}

/** Changes one run in one transaction that reads it first; null, and nothing written, where it is gone. */
export function editRun(
  database: Database,
  id: string,
  edit: (run: StoredRun) => StoredRun,
): Promise<StoredRun | null> {
  return guarded(async () => {
    const transaction = database.transaction('runs', 'readwrite');
    transaction.done.catch(() => undefined);
    const run = await transaction.store.get(id);
    const changed = run ? edit(run) : null;
    if (changed) void transaction.store.put(changed).catch(() => undefined);
    await transaction.done;
    return changed;
  });
}

export function getRun(database: Database, id: string): Promise<StoredRun | null> {
  return guarded(async () => (await database.get('runs', id)) ?? null);
}

/** Newest first. */
export function listRuns(database: Database): Promise<StoredRun[]> {
  return guarded(async () => (await database.getAllFromIndex('runs', 'createdAt')).reverse());
}

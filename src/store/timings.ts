import type { TurnTiming } from '../records/records';
import { guarded, keysOfRun } from './database';
import type { Database } from './schema';

/** Clock values of a run's turns (written together with them, in turns.ts). */
export function getTimings(database: Database, runId: string): Promise<TurnTiming[]> {
  return guarded(async () =>
    (await database.getAll('timings', keysOfRun(runId))).map(({ timing }) => timing),
  );
}

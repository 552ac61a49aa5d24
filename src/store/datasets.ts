import type { Dataset } from '../core/records';
import { guarded, keysOfRun, writeRows } from './database';
import type { Database } from './schema';

/** `name` tells apart the datasets of one strategy (one per distillation seed). */
export function putDataset(
  database: Database,
  runId: string,
  name: string,
  dataset: Dataset,
  owner: string | null = null,
): Promise<void> {
  return writeRows(database, owner, ['datasets'], (put) => put('datasets', { runId, name, dataset }));
}

export function getDatasets(database: Database, runId: string): Promise<Dataset[]> {
  return guarded(async () =>
    (await database.getAll('datasets', keysOfRun(runId))).map(({ dataset }) => dataset),
  );
}

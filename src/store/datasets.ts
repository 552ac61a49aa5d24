import * as v from 'valibot';
import { withDropCounts } from '../records/dropped';
import { datasetSchema } from '../records/recordSchemas';
import type { Dataset } from '../records/records';
import { guarded, keysOfRun, writeRows } from './database';
import { digester, type OnDamage } from './digest';
import type { Database } from './schema';

/** `name` tells apart the datasets of one strategy (one per distillation seed). */
export async function putDataset(
  database: Database,
  runId: string,
  name: string,
  dataset: Dataset,
  owner: string | null = null,
): Promise<void> {
  const hash = (await digester())(dataset);
  await writeRows(database, owner, ['datasets'], (put) => put('datasets', { runId, name, dataset, hash }));
}

/** Those that are as they were written, or of version 1 and whole. */
export function getDatasets(database: Database, runId: string, onDamage?: OnDamage): Promise<Dataset[]> {
  return guarded(async () => {
    const digest = await digester();
    const records = await database.getAll('datasets', keysOfRun(runId));
    return records.flatMap(({ name, dataset, hash }) => {
      const sound = hash === undefined ? v.is(datasetSchema, dataset) : hash === digest(dataset);
      if (!sound) onDamage?.({ part: 'dataset', name });
      return sound ? [withDropCounts(dataset)] : [];
    });
  });
}

import type { Report } from '../core/records';
import { guarded, writeRows } from './database';
import type { Database } from './schema';

export function putReport(
  database: Database,
  runId: string,
  report: Report,
  owner: string | null = null,
): Promise<void> {
  return writeRows(database, owner, ['reports'], (put) => put('reports', { runId, report }));
}

export function getReport(database: Database, runId: string): Promise<Report | null> {
  return guarded(async () => (await database.get('reports', runId))?.report ?? null);
}

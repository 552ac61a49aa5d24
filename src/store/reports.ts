import type { Report } from '../core/records';
import { guarded } from './database';
import type { Database } from './schema';

export function putReport(database: Database, runId: string, report: Report): Promise<void> {
  return guarded(async () => void (await database.put('reports', { runId, report })));
}

export function getReport(database: Database, runId: string): Promise<Report | null> {
  return guarded(async () => (await database.get('reports', runId))?.report ?? null);
}

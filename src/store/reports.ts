import * as v from 'valibot';
import { reportWithDropCounts } from '../records/dropped';
import { reportSchema } from '../records/reportSchema';
import type { Report } from '../records/records';
import { guarded, writeRows } from './database';
import { digester, type OnDamage } from './digest';
import type { Database } from './schema';

export async function putReport(
  database: Database,
  runId: string,
  report: Report,
  owner: string | null = null,
): Promise<void> {
  const hash = (await digester())(report);
  await writeRows(database, owner, ['reports'], (put) => put('reports', { runId, report, hash }));
}

/** null where there is none, and where it is not as it was written. */
export function getReport(database: Database, runId: string, onDamage?: OnDamage): Promise<Report | null> {
  return guarded(async () => {
    const record = await database.get('reports', runId);
    if (!record) return null;
    const { report, hash } = record;
    const sound = hash === undefined ? v.is(reportSchema, report) : hash === (await digester())(report);
    if (!sound) onDamage?.({ part: 'report', name: 'report' });
    return sound ? reportWithDropCounts(report) : null;
  });
}

import * as v from 'valibot';
import { logSchema } from '../core/recordSchemas';
import { guarded, keysOfRun } from './database';
import { digester, type OnDamage } from './digest';
import type { Database, StoredLog } from './schema';

/** The record of a log: its keys in one order, for the digest. */
export function sealedLog(
  { runId, strategy, seed, steps, probes }: StoredLog,
  digest: (value: unknown) => string,
): StoredLog & { readonly hash: string } {
  const log: StoredLog = { runId, strategy, seed, steps, ...(probes && { probes }) };
  return { ...log, hash: digest(log) };
}

/** The whole log of one training so far. */
export function putLog(database: Database, log: StoredLog): Promise<void> {
  return guarded(async () => void (await database.put('logs', sealedLog(log, await digester()))));
}

/** Those that are as they were written, or of version 1 and whole. */
export function getLogs(database: Database, runId: string, onDamage?: OnDamage): Promise<StoredLog[]> {
  return guarded(async () => {
    const digest = await digester();
    const records = await database.getAll('logs', keysOfRun(runId));
    return records.flatMap(({ hash, ...log }) => {
      const sound = hash === undefined ? v.is(logSchema, log) : hash === digest(log);
      if (!sound) onDamage?.({ part: 'log', name: log.strategy, seed: log.seed });
      return sound ? [log] : [];
    });
  });
}

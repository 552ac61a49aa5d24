import * as v from 'valibot';
import { logSchema } from '../records/recordSchemas';
import { guarded, keysOfRun, writeRows } from './database';
import { digester, type OnDamage } from './digest';
import type { Database, StoredLog } from './schema';

/** The record of a log: its keys in one order, for the digest. */
export function sealedLog(
  { runId, strategy, seed, steps, probes, inputs, rows }: StoredLog,
  digest: (value: unknown) => string,
): StoredLog & { readonly hash: string } {
  const log: StoredLog = {
    runId,
    strategy,
    seed,
    steps,
    ...(probes && { probes }),
    ...(inputs !== undefined && { inputs }),
    ...(rows !== undefined && { rows }),
  };
  return { ...log, hash: digest(log) };
}

/** The whole log of one training so far. */
export async function putLog(database: Database, log: StoredLog, owner: string | null = null): Promise<void> {
  const sealed = sealedLog(log, await digester());
  await writeRows(database, owner, ['logs'], (put) => put('logs', sealed));
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

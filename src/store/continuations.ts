import type { ContinuationRecord } from '../records/padRecords';
import { getCheckpoint, removeCheckpoint, type CheckpointId } from './checkpoints';
import { guarded, writeRows } from './database';
import { digester } from './digest';
import type { FileStore } from './files';
import type { Database } from './schema';

/** Where versions 1 to 3 of the database kept them: as the checkpoint of a training that there never was. */
const older = (runId: string): CheckpointId => ({ runId, strategy: 'pad-labels', seed: 0 });

/** Replaces the stored results of a run's continuations. */
export async function putContinuations(
  database: Database,
  files: FileStore,
  runId: string,
  records: readonly ContinuationRecord[],
  owner: string | null = null,
): Promise<void> {
  const hash = (await digester())(records);
  await writeRows(database, owner, ['continuations'], (put) =>
    put('continuations', { runId, records, hash }),
  );
  await removeCheckpoint(database, files, older(runId));
}

/** None where they are not as they were written: they are drawn again then, to the same end. */
export async function getContinuations(
  database: Database,
  files: FileStore,
  runId: string,
): Promise<readonly ContinuationRecord[]> {
  const record = await guarded(() => database.get('continuations', runId));
  if (record) return record.hash === (await digester())(record.records) ? record.records : [];
  const kept = await getCheckpoint(database, files, older(runId));
  return kept ? (JSON.parse(new TextDecoder().decode(kept.bytes)) as readonly ContinuationRecord[]) : [];
}

import { guarded } from './database';
import { digester, type OnDamage } from './digest';
import type { FileStore } from './files';
import type { Database, StoredCheckpoint } from './schema';

export interface CheckpointId {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
}

/**
 * Keeps the newest checkpoint of a training. The bytes go to a new file first, then the record names it, then the
 * older file goes: a crash at any moment leaves one whole checkpoint.
 */
export async function putCheckpoint(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  step: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const key: [string, string, number] = [id.runId, id.strategy, id.seed];
  const older = await guarded(() => database.get('checkpoints', key));
  const path = `runs/${id.runId}/checkpoints/${id.strategy}-${id.seed}-${step}.bin`;
  await files.write(path, bytes);
  const { runId, strategy, seed } = id;
  const hash = (await digester())(bytes);
  const record: StoredCheckpoint = { runId, strategy, seed, step, path, bytes: bytes.byteLength, hash };
  await guarded(() => database.put('checkpoints', record));
  if (older && older.path !== path) await files.remove(older.path);
}

/** null where there is none, and where it is not as it was written: the training then starts again and gives the same result. */
export async function getCheckpoint(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  onDamage?: OnDamage,
): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> } | null> {
  const record = await guarded(() => database.get('checkpoints', [id.runId, id.strategy, id.seed]));
  if (!record) return null;
  const bytes = await files.read(record.path);
  const whole = bytes !== null && bytes.byteLength === record.bytes;
  if (whole && (record.hash === undefined || record.hash === (await digester())(bytes)))
    return { step: record.step, bytes };
  onDamage?.({ part: 'checkpoint', name: id.strategy, seed: id.seed });
  return null;
}

/** Forgets the checkpoint of a finished training. */
export async function removeCheckpoint(
  database: Database,
  files: FileStore,
  id: CheckpointId,
): Promise<void> {
  const key: [string, string, number] = [id.runId, id.strategy, id.seed];
  const record = await guarded(() => database.get('checkpoints', key));
  if (!record) return;
  await guarded(() => database.delete('checkpoints', key));
  await files.remove(record.path);
}

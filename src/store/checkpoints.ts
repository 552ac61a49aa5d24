import { StorageError } from '../core/errors';
import { guarded } from './database';
import { digester, type OnDamage } from './digest';
import type { FileStore } from './files';
import type { CheckpointFile, Database, StoredCheckpoint } from './schema';

export interface CheckpointId {
  readonly runId: string;
  readonly strategy: string;
  readonly seed: number;
}

type Key = [string, string, number];

const keyOf = ({ runId, strategy, seed }: CheckpointId): Key => [runId, strategy, seed];

/** The slot that the newest checkpoint is not in: two files take turns. */
function freeSlot({ runId, strategy, seed }: CheckpointId, newest: CheckpointFile | undefined): string {
  const slot = (name: string): string => `runs/${runId}/checkpoints/${strategy}-${seed}-${name}.bin`;
  return newest?.path === slot('a') ? slot('b') : slot('a');
}

async function isWhole(
  files: FileStore,
  { path, bytes, hash }: CheckpointFile,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const read = await files.read(path);
  if (read?.byteLength !== bytes) return null;
  return hash === undefined || hash === (await digester())(read) ? read : null;
}

/**
 * Keeps the newest checkpoint of a training and the one before it. The bytes go to the slot of the oldest, are read back, then the
 * record names them: a crash at any moment, and damage of either file, leaves one whole checkpoint. Throws StorageError.
 */
export async function putCheckpoint(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  step: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const path = freeSlot(id, await guarded(() => database.get('checkpoints', keyOf(id))));
  const hash = (await digester())(bytes);
  const file: CheckpointFile = { step, path, bytes: bytes.byteLength, hash };
  await files.write(path, bytes);
  if (!(await isWhole(files, file))) {
    throw new StorageError(
      `The checkpoint of ${id.strategy} at step ${step} was written, but reads differently.`,
      'Check the disk and free space on it, then resume: the checkpoint before it is kept.',
    );
  }
  const { runId, strategy, seed } = id;
  const left = await guarded(async () => {
    const transaction = database.transaction('checkpoints', 'readwrite');
    transaction.done.catch(() => undefined);
    const before = await transaction.store.get(keyOf(id));
    const { step: at, path: place, bytes: size, hash: digest } = before ?? file;
    const older = { step: at, path: place, bytes: size, ...(digest !== undefined && { hash: digest }) };
    const record: StoredCheckpoint = { runId, strategy, seed, ...file, ...(place !== path && { older }) };
    void transaction.store.put(record).catch(() => undefined);
    await transaction.done;
    const named = [record.path, record.older?.path];
    return [before?.path, before?.older?.path].filter((one) => one !== undefined && !named.includes(one));
  });
  // Those of earlier versions, which had a file for each step.
  for (const one of left) if (one !== undefined) await files.remove(one);
}

/**
 * The newest one that is as it was written. Null where there is none: the training then starts again and gives the same result. Each
 * damaged one is reported and forgotten.
 */
export async function getCheckpoint(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  onDamage?: OnDamage,
): Promise<{ step: number; bytes: Uint8Array<ArrayBuffer> } | null> {
  const record = await guarded(() => database.get('checkpoints', keyOf(id)));
  if (!record) return null;
  const newest = await isWhole(files, record);
  if (newest) return { step: record.step, bytes: newest };
  onDamage?.({ part: 'checkpoint', name: id.strategy, seed: id.seed });
  const { older, ...rest } = record;
  const bytes = older && (await isWhole(files, older));
  if (!older || !bytes) return null;
  // The next one must not be written over the only whole one.
  const { runId, strategy, seed } = rest;
  await guarded(() => database.put('checkpoints', { runId, strategy, seed, ...older }));
  return { step: older.step, bytes };
}

/** Forgets the checkpoints of a finished training. */
export async function removeCheckpoint(
  database: Database,
  files: FileStore,
  id: CheckpointId,
): Promise<void> {
  const record = await guarded(() => database.get('checkpoints', keyOf(id)));
  if (!record) return;
  await guarded(() => database.delete('checkpoints', keyOf(id)));
  await files.remove(record.path);
  if (record.older) await files.remove(record.older.path);
}

import { StorageError } from '../core/errors';
import type { CheckpointId } from './checkpoints';
import { guarded } from './database';
import { digester, fileDigests, type OnDamage } from './digest';
import type { FileStore } from './files';
import type { Database } from './schema';

function folderOf({ runId, strategy, seed }: CheckpointId): string {
  return `runs/${runId}/adapters/${strategy}-${seed}`;
}

function keyOf({ runId, strategy, seed }: CheckpointId): [string, string, number] {
  return [runId, strategy, seed];
}

const marker = 'adapter_config.json';

/**
 * A PEFT folder: file name to bytes, in place of one that is there. The digests are written first, then the weights, each read back;
 * adapter_config.json marks the folder complete. Throws StorageError.
 */
export async function putAdapter(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  contents: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const { runId, strategy, seed } = id;
  await files.remove(folderOf(id));
  const hashes = await fileDigests(contents);
  await guarded(() => database.put('adapters', { runId, strategy, seed, hashes }));
  const names = Object.keys(contents).sort((a, b) => Number(a === marker) - Number(b === marker));
  for (const name of names) {
    await files.write(`${folderOf(id)}/${name}`, new Uint8Array(contents[name] ?? new Uint8Array()));
    if (await readFile(files, id, name, hashes)) continue;
    throw new StorageError(
      `${name} of the adapter ${strategy} was written, but reads differently.`,
      'Check the disk and free space on it, then resume: the checkpoint before it is kept.',
    );
  }
}

/** null when the adapter was never finished, and when a file of it is not as it was written. */
export async function getAdapter(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  onDamage?: OnDamage,
): Promise<Record<string, Uint8Array<ArrayBuffer>> | null> {
  const found = await files.list(folderOf(id));
  if (!found.includes(marker)) return null;
  const record = await guarded(() => database.get('adapters', keyOf(id)));
  const names = record ? Object.keys(record.hashes) : found;
  const contents: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const name of names) {
    const bytes = await readFile(files, id, name, record?.hashes);
    if (!bytes) {
      onDamage?.({ part: 'adapter', name: id.strategy, seed: id.seed });
      return null;
    }
    contents[name] = bytes;
  }
  return contents;
}

/** null where it is missing or not as it was written. */
async function readFile(
  files: FileStore,
  id: CheckpointId,
  name: string,
  hashes: Readonly<Record<string, string>> | undefined,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = await files.read(`${folderOf(id)}/${name}`);
  const sound = bytes !== null && (hashes === undefined || hashes[name] === (await digester())(bytes));
  return sound ? bytes : null;
}

/** One file of a finished adapter, without reading the others; null where there is none, or a damaged one. */
export async function getAdapterFile(
  database: Database,
  files: FileStore,
  id: CheckpointId,
  name: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const names = await files.list(folderOf(id));
  if (!names.includes(marker) || !names.includes(name)) return null;
  const record = await guarded(() => database.get('adapters', keyOf(id)));
  return readFile(files, id, name, record?.hashes);
}

export async function removeAdapter(database: Database, files: FileStore, id: CheckpointId): Promise<void> {
  await files.remove(folderOf(id));
  await guarded(() => database.delete('adapters', keyOf(id)));
}

/** Adapters that are complete, in the order of their folders. */
export async function listAdapters(
  files: FileStore,
  runId: string,
): Promise<{ strategy: string; seed: number }[]> {
  const found: { strategy: string; seed: number }[] = [];
  for (const name of await files.list(`runs/${runId}/adapters`)) {
    const [, strategy, seed] = /^(.+)-(\d+)$/.exec(decodeURIComponent(name)) ?? [];
    if (strategy === undefined || seed === undefined) continue;
    const id = { runId, strategy, seed: Number(seed) };
    if ((await files.list(folderOf(id))).includes(marker)) found.push({ strategy, seed: id.seed });
  }
  return found;
}

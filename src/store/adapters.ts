import type { CheckpointId } from './checkpoints';
import type { FileStore } from './files';

function folderOf({ runId, strategy, seed }: CheckpointId): string {
  return `runs/${runId}/adapters/${strategy}-${seed}`;
}

/** A PEFT folder: file name to bytes. The weights are written first; adapter_config.json marks the folder complete. */
export async function putAdapter(
  files: FileStore,
  id: CheckpointId,
  contents: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const names = Object.keys(contents).sort(
    (a, b) => Number(a === 'adapter_config.json') - Number(b === 'adapter_config.json'),
  );
  for (const name of names) {
    await files.write(`${folderOf(id)}/${name}`, new Uint8Array(contents[name] ?? new Uint8Array()));
  }
}

/** null when the adapter was never finished. */
export async function getAdapter(
  files: FileStore,
  id: CheckpointId,
): Promise<Record<string, Uint8Array<ArrayBuffer>> | null> {
  const names = await files.list(folderOf(id));
  if (!names.includes('adapter_config.json')) return null;
  const contents: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const name of names) {
    const bytes = await files.read(`${folderOf(id)}/${name}`);
    if (bytes) contents[name] = bytes;
  }
  return contents;
}

/** One file of a finished adapter, without reading the others; null where there is none. */
export async function getAdapterFile(
  files: FileStore,
  id: CheckpointId,
  name: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const names = await files.list(folderOf(id));
  return names.includes('adapter_config.json') ? files.read(`${folderOf(id)}/${name}`) : null;
}

export function removeAdapter(files: FileStore, id: CheckpointId): Promise<void> {
  return files.remove(folderOf(id));
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
    if ((await files.list(folderOf(id))).includes('adapter_config.json'))
      found.push({ strategy, seed: id.seed });
  }
  return found;
}

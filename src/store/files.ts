/** Large files in the origin's private file system (OPFS). A write replaces a file whole or not at all. */
import { fail } from '../core/assert';
import { StorageError } from '../core/errors';
import { asStorageError, guarded } from './database';

export interface FileStore {
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** null when there is no such file. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Names directly under a folder; empty when there is none. */
  list(folder: string): Promise<string[]>;
  /** Bytes of all files under a folder, however deep; 0 when there is none. */
  bytes(folder: string): Promise<number>;
  /** Removes a file or a folder with all it holds; does nothing when there is none. */
  remove(path: string): Promise<void>;
}

function notFound(thrown: unknown): boolean {
  return (
    thrown instanceof DOMException && (thrown.name === 'NotFoundError' || thrown.name === 'TypeMismatchError')
  );
}

async function bytesUnder(folder: FileSystemDirectoryHandle): Promise<number> {
  let sum = 0;
  for await (const entry of folder.values()) {
    sum += entry.kind === 'directory' ? await bytesUnder(entry) : (await entry.getFile()).size;
  }
  return sum;
}

/** Ends the name of a file that is being written; no encoded name ends so. */
const unfinished = '%new';

async function writeStream(handle: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const stream = await handle.createWritable();
  try {
    await stream.write(bytes);
    await stream.close();
  } catch (thrown) {
    await stream.abort().catch(() => undefined);
    throw asStorageError(thrown);
  }
}

async function writeInPlace(handle: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    const written = access.write(bytes, { at: 0 });
    if (written !== bytes.byteLength) {
      // A full disk shows as a short write on some systems.
      throw new StorageError(
        `${written} of ${bytes.byteLength} bytes of a file were written, then the disk was full.`,
        'Free space on the disk, or delete old runs and models; then resume: what is stored is kept.',
        { details: { full: true } },
      );
    }
    access.flush();
  } finally {
    access.close();
  }
}

/** A handle's own `move` is in every browser that lacks `createWritable`, and not in TypeScript's library. */
type Movable = FileSystemFileHandle & { move?(name: string): Promise<void> };

/** For browsers without `createWritable` (Safari before 26), in workers: beside the file first, then in its place. */
async function writeBeside(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const beside: Movable = await folder.getFileHandle(name + unfinished, { create: true });
  try {
    await writeInPlace(beside, bytes);
    if (beside.move) return await beside.move(name);
    await writeInPlace(await folder.getFileHandle(name, { create: true }), bytes);
    await folder.removeEntry(name + unfinished);
  } catch (thrown) {
    await folder.removeEntry(name + unfinished).catch(() => undefined);
    throw thrown;
  }
}

function canStream(): boolean {
  return 'createWritable' in FileSystemFileHandle.prototype;
}

class OpfsFiles implements FileStore {
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return guarded(async () => {
      const { folder, name } = await this.#locate(path, true);
      if (canStream()) await writeStream(await folder.getFileHandle(name, { create: true }), bytes);
      else await writeBeside(folder, name, bytes);
    });
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return guarded(async () => {
      try {
        const { folder, name } = await this.#locate(path, false);
        const file = await (await folder.getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (thrown) {
        if (notFound(thrown)) return null;
        throw thrown;
      }
    });
  }

  async list(path: string): Promise<string[]> {
    return guarded(async () => {
      try {
        const { folder, name } = await this.#locate(path, false);
        const names: string[] = [];
        for await (const entry of (await folder.getDirectoryHandle(name)).keys()) {
          if (!entry.endsWith(unfinished)) names.push(entry);
        }
        return names.sort();
      } catch (thrown) {
        if (notFound(thrown)) return [];
        throw thrown;
      }
    });
  }

  async bytes(path: string): Promise<number> {
    return guarded(async () => {
      try {
        const { folder, name } = await this.#locate(path, false);
        return await bytesUnder(await folder.getDirectoryHandle(name));
      } catch (thrown) {
        if (notFound(thrown)) return 0;
        throw thrown;
      }
    });
  }

  async remove(path: string): Promise<void> {
    return guarded(async () => {
      try {
        const { folder, name } = await this.#locate(path, false);
        await folder.removeEntry(name, { recursive: true });
      } catch (thrown) {
        if (!notFound(thrown)) throw thrown;
      }
    });
  }

  async #locate(path: string, create: boolean): Promise<{ folder: FileSystemDirectoryHandle; name: string }> {
    // ".." is a name like any other here, and never the folder above.
    const parts = path
      .split('/')
      .map((part) => (/^\.{1,2}$/.test(part) ? part.replaceAll('.', '%2E') : encodeURIComponent(part)));
    const name = parts.pop();
    if (!name || parts.includes('')) {
      fail(`"${path}" is not a path of a stored file.`);
    }
    let folder = this.#root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return { folder, name };
  }
}

/** Files under one folder of the private file system. Throws StorageError where the browser has none. */
export async function openFiles(root = 'arklet'): Promise<FileStore> {
  if (typeof navigator === 'undefined' || !('storage' in navigator) || !navigator.storage.getDirectory) {
    throw new StorageError(
      'This browser has no private file system (OPFS), where adapters and checkpoints are kept.',
      'Update the browser, or leave the private window.',
    );
  }
  if (!canStream() && !('createSyncAccessHandle' in FileSystemFileHandle.prototype)) {
    throw new StorageError(
      'This browser cannot write to its private file system (OPFS), where adapters and checkpoints are kept.',
      'Update the browser (Safari from 16.4, Firefox from 111, Chrome from 108).',
    );
  }
  return guarded(async () => {
    const top = await navigator.storage.getDirectory();
    return new OpfsFiles(await top.getDirectoryHandle(root, { create: true }));
  });
}

/** Large files in the origin's private file system (OPFS). A write replaces a file whole or not at all. */
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

class OpfsFiles implements FileStore {
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return guarded(async () => {
      const { folder, name } = await this.#locate(path, true);
      const handle = await folder.getFileHandle(name, { create: true });
      const stream = await handle.createWritable();
      try {
        await stream.write(bytes);
        await stream.close();
      } catch (thrown) {
        await stream.abort().catch(() => undefined);
        throw asStorageError(thrown);
      }
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
        for await (const entry of (await folder.getDirectoryHandle(name)).keys()) names.push(entry);
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
      throw new StorageError(`"${path}" is not a path of a stored file.`, 'Report this as a bug.');
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
  return guarded(async () => {
    const top = await navigator.storage.getDirectory();
    return new OpfsFiles(await top.getDirectoryHandle(root, { create: true }));
  });
}

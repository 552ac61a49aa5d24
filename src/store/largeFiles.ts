/**
 * Large files in the origin's private file system, written in place at any offset: model weights. Small files that are
 * replaced whole are files.ts's. Writing needs a dedicated worker (synchronous access handles exist nowhere else).
 */
import { StorageError } from '../core/errors';
import { asStorageError, guarded } from './database';

/** One file open for writing; nobody else can open it until `close`. */
export interface LargeFile {
  readonly size: number;
  /** Bytes [start, end), fewer at the file's end. */
  read(start: number, end: number): Uint8Array<ArrayBuffer>;
  /** Writes and flushes. Throws StorageError when the disk or the quota is full; `size` may have grown then. */
  write(at: number, bytes: Uint8Array<ArrayBuffer>): void;
  truncate(size: number): void;
  close(): void;
}

export interface LargeFiles {
  /** Opens for writing, creating the file. Throws StorageError, also when it is open elsewhere. */
  open(path: string): Promise<LargeFile>;
  /** The file for reading, null when there is none. */
  blob(path: string): Promise<File | null>;
  /** Bytes of everything under a folder. */
  bytes(folder: string): Promise<number>;
}

async function folderOf(
  root: FileSystemDirectoryHandle,
  parts: readonly string[],
  create: boolean,
): Promise<FileSystemDirectoryHandle> {
  let folder = root;
  for (const part of parts) folder = await folder.getDirectoryHandle(encodeURIComponent(part), { create });
  return folder;
}

function isMissing(thrown: unknown): boolean {
  return (
    thrown instanceof DOMException && (thrown.name === 'NotFoundError' || thrown.name === 'TypeMismatchError')
  );
}

function openHandle(handle: FileSystemSyncAccessHandle, path: string): LargeFile {
  const run = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      throw asStorageError(thrown);
    }
  };
  return {
    get size() {
      return run(() => handle.getSize());
    },
    read(start, end) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      return bytes.subarray(
        0,
        run(() => handle.read(bytes, { at: start })),
      );
    },
    write(at, bytes) {
      const written = run(() => handle.write(bytes, { at }));
      if (written !== bytes.byteLength) {
        // A full disk shows as a short write on some systems.
        throw new StorageError(
          `${path}: ${written} of ${bytes.byteLength} bytes were written, then the disk was full.`,
          'Free disk space or delete models, then resume.',
        );
      }
      run(() => handle.flush());
    },
    truncate(size) {
      run(() => {
        handle.truncate(size);
        handle.flush();
      });
    },
    close() {
      handle.close();
    },
  };
}

async function bytesOf(folder: FileSystemDirectoryHandle): Promise<number> {
  let sum = 0;
  for await (const entry of folder.values()) {
    if (entry.kind === 'directory') sum += await bytesOf(entry);
    else sum += (await entry.getFile()).size;
  }
  return sum;
}

/** Large files under the same folder that files.ts uses. Throws StorageError. */
export async function openLargeFiles(root = 'arklet'): Promise<LargeFiles> {
  const top = await guarded(async () =>
    (await navigator.storage.getDirectory()).getDirectoryHandle(root, { create: true }),
  );
  const locate = async (path: string, create: boolean): Promise<FileSystemFileHandle> => {
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    const folder = await folderOf(top, parts, create);
    return folder.getFileHandle(encodeURIComponent(name), { create });
  };
  return {
    open: (path) =>
      guarded(async () => {
        const handle = await locate(path, true);
        try {
          return openHandle(await handle.createSyncAccessHandle(), path);
        } catch (thrown) {
          if (!(thrown instanceof DOMException) || thrown.name !== 'NoModificationAllowedError') throw thrown;
          throw new StorageError(
            `${path} is being written by another tab.`,
            'Wait until the download there ends, or close that tab.',
            { cause: thrown },
          );
        }
      }),
    blob: (path) =>
      guarded(async () => {
        try {
          return await (await locate(path, false)).getFile();
        } catch (thrown) {
          if (isMissing(thrown)) return null;
          throw thrown;
        }
      }),
    bytes: (folder) =>
      guarded(async () => {
        try {
          return await bytesOf(await folderOf(top, folder.split('/'), false));
        } catch (thrown) {
          if (isMissing(thrown)) return 0;
          throw thrown;
        }
      }),
  };
}

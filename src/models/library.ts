/** The models in the browser's storage: what is there, reading them, checking them, removing them. */
import { StorageError } from '../core/errors';
import type { FileCheck } from './modelRecords';
import { openFiles, type FileStore } from '../store/files';
import { openLargeFiles, type LargeFiles } from '../store/largeFiles';
import {
  doneBytes,
  isComplete,
  listManifests,
  modelFilePath,
  modelFolder,
  readManifest,
  totalBytes,
  writeManifest,
  type ModelManifest,
} from './manifest';
import { checkWhole } from './verifyFile';

/** One writer per model over all tabs. */
export function modelLock(id: string): string {
  return `arklet model ${id}`;
}

/** What a writer does while another is at the model. */
export interface Patience {
  /** Waits until the other has ended, or until the signal; a StorageError at once without it. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal;
}

/** Runs work as the only writer of a model. Throws StorageError when another is at it, here or in another tab. */
export async function asOnlyWriter<T>(
  id: string,
  work: () => Promise<T>,
  { wait = false, signal }: Patience = {},
): Promise<T> {
  const options = wait ? (signal ? { signal } : {}) : { ifAvailable: true };
  return navigator.locks.request(modelLock(id), options, async (lock) => {
    if (lock) return work();
    throw new StorageError(
      `${id} is being downloaded or checked already, here or in another tab.`,
      'Wait until that ends, or pause it there.',
    );
  });
}

export interface LibraryParts {
  readonly files: FileStore;
  readonly large: LargeFiles;
}

/** Opens the storage of models. Throws StorageError. */
export async function openLibrary(root?: string): Promise<LibraryParts> {
  return { files: await openFiles(root), large: await openLargeFiles(root) };
}

export class Library {
  readonly parts: LibraryParts;

  constructor(parts: LibraryParts) {
    this.parts = parts;
  }

  list(): Promise<readonly ModelManifest[]> {
    return listManifests(this.parts.files);
  }

  find(id: string): Promise<ModelManifest | null> {
    return readManifest(this.parts.files, id);
  }

  async isReady(id: string): Promise<boolean> {
    const manifest = await this.find(id);
    return manifest !== null && isComplete(manifest);
  }

  /** Bytes on disk. */
  bytes(id: string): Promise<number> {
    return this.parts.large.bytes(modelFolder(id));
  }

  async remove(id: string): Promise<void> {
    await asOnlyWriter(id, () => this.parts.files.remove(modelFolder(id)));
  }

  /**
   * Hashes every file. A file that fails is no longer verified, so that the next download fixes it. Throws StorageError
   * when there is no such model.
   */
  async verify(
    id: string,
    hooks: { signal?: AbortSignal; onProgress?: (file: string, done: number, total: number) => void } = {},
  ): Promise<readonly FileCheck[]> {
    return asOnlyWriter(id, async () => {
      let manifest = await this.find(id);
      if (!manifest) throw new StorageError(`${id} is not in storage.`, 'Download it first.');
      const total = totalBytes(manifest.files);
      const checks: FileCheck[] = [];
      let before = 0;
      for (const file of manifest.files) {
        const already = before;
        const problem = await this.#problem(id, file, {
          ...(hooks.signal ? { signal: hooks.signal } : {}),
          onHashed: (done) => hooks.onProgress?.(file.path, already + done, total),
        });
        before += file.bytes;
        checks.push({
          path: file.path,
          bytes: file.bytes,
          ok: problem === null,
          against: (file.sha256 ?? file.gitBlobId) ? 'checked' : 'kept',
          problem,
        });
        if (problem === null || file.verified === null) continue;
        const broken = { ...file, verified: null };
        manifest = {
          ...manifest,
          files: manifest.files.map((one) => (one.path === file.path ? broken : one)),
        };
        await writeManifest(this.parts.files, manifest);
      }
      return checks;
    });
  }

  async #problem(
    id: string,
    file: ModelManifest['files'][number],
    hooks: { signal?: AbortSignal; onHashed: (done: number) => void },
  ): Promise<string | null> {
    const done = doneBytes(file);
    if (done < file.bytes) return `${file.bytes - done} bytes are missing`;
    const disk = await this.parts.large.open(modelFilePath(id, file.path));
    try {
      if (disk.size !== file.bytes) return `${disk.size} bytes on disk instead of ${file.bytes}`;
      const { right } = await checkWhole(file, disk, hooks);
      return right ? null : 'it does not hash to what was downloaded';
    } finally {
      disk.close();
    }
  }
}

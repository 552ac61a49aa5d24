/** A model in the browser's storage as the files that the engine reads. */
import { FileFormatError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import { Library, openLibrary } from './library';
import { isComplete, modelFilePath, type ModelManifest } from './manifest';

export class StoredSource implements FileSource {
  readonly name: string;
  readonly #root: string | undefined;
  #opened: Promise<{ library: Library; manifest: ModelManifest }> | null = null;
  readonly #blobs = new Map<string, Promise<File | null>>();

  /** Nothing is opened before the first read. */
  constructor(id: string, root?: string) {
    this.name = id;
    this.#root = root;
  }

  async has(path: string): Promise<boolean> {
    return (await this.#open()).manifest.files.some((file) => file.path === path);
  }

  async size(path: string): Promise<number> {
    return (await this.blob(path)).size;
  }

  async read(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await (await this.blob(path)).slice(start, end).arrayBuffer());
  }

  async list(): Promise<readonly string[]> {
    return (await this.#open()).manifest.files.map(({ path }) => path);
  }

  #open(): Promise<{ library: Library; manifest: ModelManifest }> {
    this.#opened ??= this.#find();
    this.#opened.catch(() => (this.#opened = null));
    return this.#opened;
  }

  async #find(): Promise<{ library: Library; manifest: ModelManifest }> {
    const library = new Library(await openLibrary(this.#root));
    const manifest = await library.find(this.name);
    if (!manifest || !isComplete(manifest)) {
      throw new FileFormatError(
        manifest
          ? `${this.name} is only partly downloaded.`
          : `${this.name} is not in this browser's storage.`,
        'Download it under Settings, Models.',
      );
    }
    return { library, manifest };
  }

  /** The whole file, read when it is used. Throws FileFormatError. */
  async blob(path: string): Promise<File> {
    let blob = this.#blobs.get(path);
    if (!blob) {
      blob = this.#open().then(({ library }) => library.parts.large.blob(modelFilePath(this.name, path)));
      this.#blobs.set(path, blob);
    }
    const file = await blob;
    if (!file) {
      throw new FileFormatError(
        `${path} of ${this.name} is missing.`,
        'Check the model under Settings, Models.',
      );
    }
    return file;
  }
}

/** Files of a model in a folder on disk, or one .gguf file, with the other parts of its model (Node only). */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileFormatError } from '../src/core/errors';
import type { FileSource } from '../src/core/fileSource';
import { ggufParts } from '../src/lm/gguf/ggufParts';

export class NodeSource implements FileSource {
  readonly name: string;
  readonly #folder: string;
  readonly #only: readonly string[] | null;

  private constructor(folder: string, only: readonly string[] | null) {
    this.#folder = folder;
    this.#only = only;
    this.name = only === null ? folder : join(folder, only[0] ?? '');
  }

  /** `path` is a folder or a single file. Throws FileFormatError when there is nothing. */
  static async open(path: string): Promise<NodeSource> {
    const info = await stat(path).catch(() => null);
    if (info === null)
      throw new FileFormatError(`${path} does not exist.`, 'Give a model folder or a .gguf file.');
    const file = basename(path);
    return info.isDirectory()
      ? new NodeSource(path, null)
      : new NodeSource(dirname(path), ggufParts(file) ?? [file]);
  }

  async has(path: string): Promise<boolean> {
    if (this.#only !== null && !this.#only.includes(path)) return false;
    return (await stat(join(this.#folder, path)).catch(() => null))?.isFile() ?? false;
  }

  async size(path: string): Promise<number> {
    if (!(await this.has(path)))
      throw new FileFormatError(`${this.name} has no file ${path}.`, 'Check the path.');
    return (await stat(join(this.#folder, path))).size;
  }

  async read(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.size(path);
    const file = await open(join(this.#folder, path));
    try {
      const bytes = new Uint8Array(Math.max(0, end - start));
      let got = 0;
      while (got < bytes.length) {
        const { bytesRead } = await file.read(bytes, got, bytes.length - got, start + got);
        if (bytesRead === 0) break;
        got += bytesRead;
      }
      return got === bytes.length ? bytes : bytes.slice(0, got);
    } finally {
      await file.close();
    }
  }

  async list(): Promise<readonly string[]> {
    return this.#only ?? readdir(this.#folder);
  }
}

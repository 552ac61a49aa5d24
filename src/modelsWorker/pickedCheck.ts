/** Whether picked files can be run at all: said when they are picked, not when a run has begun. */
import { ArkletError, errorFromData, FileFormatError } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import type { PickedFile } from '../models/modelRecords';
import { openWeights } from '../lm/weightFiles';
import { loadTokenizer } from '../lm/tokenizer';

/** Files that a user picked, read where they are. */
class PickedSource implements FileSource {
  readonly name: string;
  readonly #files: ReadonlyMap<string, Blob>;

  constructor(files: readonly PickedFile[]) {
    this.name = files[0]?.path ?? '';
    this.#files = new Map(files.map(({ path, blob }) => [path, blob]));
  }

  async has(path: string): Promise<boolean> {
    return this.#files.has(path);
  }

  async size(path: string): Promise<number> {
    return this.#get(path).size;
  }

  async read(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.#get(path).slice(start, end).arrayBuffer());
  }

  async list(): Promise<readonly string[]> {
    return [...this.#files.keys()];
  }

  #get(path: string): Blob {
    const blob = this.#files.get(path);
    if (!blob) throw new FileFormatError(`${path} is not among the files.`, 'Pick it together with them.');
    return blob;
  }
}

/**
 * A .gguf file carries config, tokenizer and weights in one: its headers are read as loading reads them. Throws what loading
 * would (ModelError, FileFormatError), with the file's name. Resolves with what the user should know about its tokenizer,
 * or null.
 */
export async function checkPicked(
  files: readonly PickedFile[],
  signal?: AbortSignal,
): Promise<string | null> {
  const ggufs = files.filter(({ path }) => /\.gguf$/i.test(path));
  if (ggufs.length === 0 || files.some(({ path }) => path === 'config.json')) return null;
  const source = new PickedSource(ggufs);
  try {
    await openWeights(source, signal);
    return (await loadTokenizer(source, signal ? { signal } : {})).notice ?? null;
  } catch (thrown) {
    if (!(thrown instanceof ArkletError) || thrown.code === 'interrupted') throw thrown;
    const data = thrown.toData();
    const named = data.message.includes(source.name);
    throw errorFromData({ ...data, message: named ? data.message : `${source.name}: ${data.message}` });
  }
}

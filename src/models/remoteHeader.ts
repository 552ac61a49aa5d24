/** The header of a GGUF model that is elsewhere, read before its gigabytes are downloaded. */
import { ArkletError, FileFormatError, throwIfAborted } from '../core/errors';
import type { FileSource } from '../core/fileSource';
import { openWeights } from '../lm/weightFiles';
import type { HubAccess } from '../specs/addresses';
import { fetchFrom, openAccess, statusError } from './hub';
import type { RemoteFile, RemoteModel } from './remote';

/** The server gives no part of a file as asked for: its header cannot be had without all of it. */
class NoRanges extends Error {}

/** Files of a listing, read by ranges alone. */
class RangeSource implements FileSource {
  readonly name: string;
  readonly #files: ReadonlyMap<string, RemoteFile>;

  readonly #hub: HubAccess;

  constructor(name: string, files: readonly RemoteFile[], hub: HubAccess) {
    this.name = name;
    this.#hub = hub;
    this.#files = new Map(files.map((file) => [file.path, file]));
  }

  async has(path: string): Promise<boolean> {
    return this.#files.has(path);
  }

  async size(path: string): Promise<number> {
    return this.#get(path).bytes;
  }

  async read(
    path: string,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (end <= start) return new Uint8Array(0);
    const headers = { Range: `bytes=${start}-${end - 1}` };
    const { url } = this.#get(path);
    const response = await fetchFrom(url, { headers, ...(signal ? { signal } : {}) }, this.#hub);
    if (response.status !== 206) {
      await response.body?.cancel();
      if (response.status === 401 || response.status === 403) throw statusError(url, response, this.#hub);
      throw new NoRanges();
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    // A server that gives less than was asked for says nothing of the file.
    if (bytes.byteLength !== end - start) throw new NoRanges();
    return bytes;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#files.keys()];
  }

  #get(path: string): RemoteFile {
    const file = this.#files.get(path);
    if (!file) throw new FileFormatError(`${path} is not among the files.`, 'Choose another file.');
    return file;
  }
}

/**
 * Refuses a GGUF model that could not be loaded, as its header says: FileFormatError for types of weights that are not read,
 * ModelError for an unknown family, AccessError where the hub does not give the file. Files of other kinds, and of servers that give no ranges, are not looked at.
 */
export async function checkRemoteHeader(
  { id, files }: Pick<RemoteModel, 'id' | 'files'>,
  signal?: AbortSignal,
  hub: HubAccess = openAccess,
): Promise<void> {
  const ggufs = files.filter(({ path }) => /\.gguf$/i.test(path));
  if (ggufs.length === 0 || ggufs.length < files.length) return;
  try {
    await openWeights(new RangeSource(id, ggufs, hub), signal);
  } catch (thrown) {
    throwIfAborted(signal);
    // Where the header cannot be had, the download says why.
    if (thrown instanceof ArkletError) throw thrown;
  }
}

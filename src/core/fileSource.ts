import { FileFormatError } from './errors';

/** Random access to the files of a model or adapter, wherever they are: URLs, picked files, OPFS, memory, a folder in Node. */
export interface FileSource {
  /** Human-readable origin, for messages. */
  readonly name: string;
  /** Whether the file exists. */
  has(path: string): Promise<boolean>;
  /** Size in bytes. Throws FileFormatError when there is no such file. */
  size(path: string): Promise<number>;
  /** Bytes [start, end). Throws DownloadError or FileFormatError. */
  read(path: string, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** File names, where the source can list them (a URL cannot: null). */
  list(): Promise<readonly string[] | null>;
}

/** A whole file as bytes. */
export async function readAll(
  source: FileSource,
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  return source.read(path, 0, await source.size(path), signal);
}

/** Bytes of a text beside weights: the largest tokenizer.json has about 30 million. */
const mostTextBytes = 256e6;

/** A whole file as text. Throws FileFormatError also where it is longer than any such file. */
export async function readText(source: FileSource, path: string, signal?: AbortSignal): Promise<string> {
  const size = await source.size(path);
  if (size > mostTextBytes)
    throw new FileFormatError(
      `${path} of ${source.name} has ${size} bytes, more than ${mostTextBytes}: it is no text of a model.`,
      'Download the file again.',
    );
  return new TextDecoder().decode(await readAll(source, path, signal));
}

/** Files in memory (tests, exports, unpacked archives). */
export class MemorySource implements FileSource {
  readonly name: string;
  readonly #files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

  constructor(files: Iterable<readonly [string, Uint8Array<ArrayBuffer>]>, name = 'memory') {
    this.#files = new Map(files);
    this.name = name;
  }

  async has(path: string): Promise<boolean> {
    return this.#files.has(path);
  }

  async size(path: string): Promise<number> {
    return this.#get(path).byteLength;
  }

  async read(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#get(path).slice(start, end);
  }

  async list(): Promise<readonly string[]> {
    return [...this.#files.keys()];
  }

  #get(path: string): Uint8Array<ArrayBuffer> {
    const bytes = this.#files.get(path);
    if (!bytes)
      throw new FileFormatError(`${this.name} has no file ${path}.`, 'Pick a folder that holds it.');
    return bytes;
  }
}

/** Files by name as a source; the bytes are copied. */
export function filesSource(files: Readonly<Record<string, Uint8Array>>, name: string): FileSource {
  return new MemorySource(
    Object.entries(files).map(([path, bytes]) => [path, new Uint8Array(bytes)] as const),
    name,
  );
}

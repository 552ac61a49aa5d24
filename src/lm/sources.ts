/** Files of a model behind a URL. */
import { DownloadError, FileFormatError } from '../core/errors';
import type { FileSource } from '../core/fileSource';

/**
 * Files under a base URL, read by HTTP ranges. A server that ignores Range is asked once for the whole file, which is
 * then kept as a Blob. `files` names what is there when it is known (a single .gguf).
 */
export class UrlSource implements FileSource {
  readonly name: string;
  readonly #base: string;
  readonly #files: readonly string[] | null;
  readonly #sizes = new Map<string, Promise<number | null>>();
  readonly #whole = new Map<string, Promise<Blob>>();

  readonly #ask: (url: string, init: RequestInit) => Promise<Response>;

  /** `ask`: fetches in place of `fetch`. */
  constructor(
    base: string,
    files: readonly string[] | null = null,
    ask: (url: string, init: RequestInit) => Promise<Response> = (url, init) => fetch(url, init),
  ) {
    this.#base = base.endsWith('/') ? base : `${base}/`;
    this.name = base;
    this.#files = files;
    this.#ask = ask;
  }

  async has(path: string): Promise<boolean> {
    if (this.#files !== null && !this.#files.includes(path)) return false;
    return (await this.#size(path)) !== null;
  }

  async size(path: string): Promise<number> {
    const size = await this.#size(path);
    if (size === null) throw new FileFormatError(`${this.#url(path)} does not exist.`, 'Check the address.');
    return size;
  }

  async read(
    path: string,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (end <= start) return new Uint8Array(0);
    await this.size(path);
    const whole = this.#whole.get(path);
    if (whole) return new Uint8Array(await (await whole).slice(start, end).arrayBuffer());
    const response = await this.#fetch(path, {
      headers: { Range: `bytes=${start}-${end - 1}` },
      ...(signal ? { signal } : {}),
    });
    if (response.status === 200) {
      const blob = response.blob();
      this.#whole.set(path, blob);
      return new Uint8Array(await (await blob).slice(start, end).arrayBuffer());
    }
    if (response.status !== 206) throw this.#failed(path, `HTTP ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.byteLength !== end - start) {
      throw this.#failed(path, `${bytes.byteLength} bytes came instead of ${end - start}`);
    }
    return bytes;
  }

  async list(): Promise<readonly string[] | null> {
    return this.#files;
  }

  #url(path: string): string {
    return this.#base + path;
  }

  /** Size in bytes, or null when the file is not there. Asked once. */
  #size(path: string): Promise<number | null> {
    let size = this.#sizes.get(path);
    if (!size) {
      size = this.#askSize(path);
      this.#sizes.set(path, size);
      size.catch(() => this.#sizes.delete(path));
    }
    return size;
  }

  /** A range of one byte gives existence, size and whether ranges work; HEAD is refused by some hosts. */
  async #askSize(path: string): Promise<number | null> {
    const response = await this.#fetch(path, { headers: { Range: 'bytes=0-0' } });
    if (response.status === 404 || response.status === 410) return null;
    if (response.status === 416) return 0;
    if (!response.ok) throw this.#failed(path, `HTTP ${response.status}`);
    // A server that answers an unknown path with its start page (single-page hosting) does not have the file.
    if (response.headers.get('content-type')?.startsWith('text/html') && !path.endsWith('.html')) {
      await response.body?.cancel();
      return null;
    }
    const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status === 206 && total !== undefined) {
      await response.arrayBuffer();
      return Number(total);
    }
    const blob = response.blob();
    this.#whole.set(path, blob);
    return (await blob).size;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#ask(this.#url(path), init);
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw this.#failed(path, cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  #failed(path: string, why: string, cause?: unknown): DownloadError {
    return new DownloadError(
      `${this.#url(path)} could not be read: ${why}.`,
      'Check the connection and the address, then try again.',
      { cause },
    );
  }
}

/**
 * One file from an address into the private file system. It comes as one stream from where it stopped; each chunk is
 * hashed, written and flushed before the next counts, so that a reload loses less than one chunk. A server that breaks
 * off, stalls or is busy is asked again; one that gives another file than before is started over.
 */
import { AccessError, DownloadError, throwIfAborted } from '../core/errors';
import type { LargeFile } from '../store/largeFiles';
import { sha256 } from './hashes';
import { doneBytes, type ModelFile } from './manifest';
import type { HubAccess } from '../specs/addresses';
import { fetchFrom, statusError } from './hub';

export interface DownloadHooks {
  readonly signal?: AbortSignal;
  readonly hub: HubAccess;
  /** Bytes that came over the network, and how many of the chunk in hand are not on disk yet. */
  onBytes(count: number, pending: number): void;
  /** The file has come further (or was started over). Awaited. */
  save(file: ModelFile): Promise<void>;
}

/** Seconds without a byte after which a connection counts as dead. */
const stallSeconds = 30;
/** Waits before asking again, in seconds; after the last a download fails. Any progress restarts the list. */
const waits = [1, 2, 5, 10, 20];

/** A reason to ask again, with the seconds that the server wants to be left alone. */
class TryAgain extends Error {
  readonly after: number;

  constructor(message: string, after = 0) {
    super(message);
    this.after = after;
  }
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Fetches [start, end of file) and checks that the server means the same file. Throws TryAgain, AccessError, DownloadError. */
async function ask(
  file: ModelFile,
  start: number,
  end: number,
  signal: AbortSignal,
  hub: HubAccess,
): Promise<{ response: Response; skip: number; etag: string | null }> {
  const url = file.url ?? '';
  let response: Response;
  try {
    // The file is in our own storage: a second copy in the browser's cache would double it.
    const init: RequestInit = { headers: { Range: `bytes=${start}-${end - 1}` }, cache: 'no-store', signal };
    response = await fetchFrom(url, init, hub);
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new TryAgain(cause instanceof Error ? cause.message : String(cause));
  }
  const { status, headers } = response;
  if (status === 429 || status >= 500) {
    const after = Number(headers.get('retry-after') ?? 0);
    throw new TryAgain(`it answered ${status}`, Number.isFinite(after) ? Math.min(60, after) : 0);
  }
  if (status !== 200 && status !== 206) throw statusError(url, response, hub);
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '');
  const total = status === 200 ? headers.get('content-length') : range?.[2];
  // A compressing server gives the length of what it sends, not of the file.
  const honest = headers.get('content-encoding') === null && total !== null && total !== undefined;
  if (honest && Number(total) !== file.bytes) {
    throw new DownloadError(
      `${file.path} is ${total} bytes there now, but ${file.bytes} were announced.`,
      'The model was changed meanwhile: delete it here and download it again.',
    );
  }
  if (status === 206 && range && Number(range[1]) !== start) {
    throw new TryAgain(`it sent bytes from ${range[1]}, asked for were those from ${start}`);
  }
  // A server without ranges sends everything again: what is there already is passed over.
  return { response, skip: status === 200 ? start : 0, etag: headers.get('etag') };
}

/** Gives the bytes of [start, end) in pieces. Throws TryAgain when they end early or stall. */
async function* stream(
  file: ModelFile,
  start: number,
  end: number,
  { signal, hub }: Pick<DownloadHooks, 'signal' | 'hub'>,
  onEtag: (etag: string | null) => Promise<boolean>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const connection = new AbortController();
  const stop = (): void => connection.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let stalled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stalled = true;
      connection.abort();
    }, stallSeconds * 1000);
  };
  try {
    watch();
    const { response, skip, etag } = await ask(file, start, end, connection.signal, hub);
    if (!(await onEtag(etag))) throw new TryAgain('the file was changed there');
    const reader = response.body?.getReader();
    let toSkip = skip;
    let left = end - start;
    while (reader && left > 0) {
      watch();
      const { done, value } = await reader.read();
      if (done) break;
      const fresh = value.subarray(Math.min(toSkip, value.byteLength));
      toSkip -= value.byteLength - fresh.byteLength;
      const piece = fresh.subarray(0, left);
      left -= piece.byteLength;
      if (piece.byteLength > 0) yield piece;
    }
    if (left > 0) throw new TryAgain(`it broke off ${left} bytes before the end`);
  } catch (thrown) {
    const told =
      thrown instanceof TryAgain || thrown instanceof DownloadError || thrown instanceof AccessError;
    if (signal?.aborted || told) throw thrown;
    throw new TryAgain(
      stalled
        ? `nothing came for ${stallSeconds} s`
        : thrown instanceof Error
          ? thrown.message
          : String(thrown),
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    connection.abort();
  }
}

/** Runs `attempt` until it ends without TryAgain; waits longer each time unless it got further. */
async function persistently(
  file: ModelFile,
  signal: AbortSignal | undefined,
  attempt: () => Promise<void>,
  progress: () => number,
): Promise<void> {
  for (let failures = 0; ;) {
    throwIfAborted(signal);
    const before = progress();
    try {
      await attempt();
      return;
    } catch (thrown) {
      throwIfAborted(signal);
      if (!(thrown instanceof TryAgain)) throw thrown;
      if (progress() > before) failures = 0;
      const wait = waits[failures++];
      if (wait === undefined) {
        const { host } = new URL(file.url ?? 'about:blank');
        throw new DownloadError(
          `${file.path} from ${host}: ${thrown.message}, ${waits.length + 1} times.`,
          'Check the connection and try again: it continues where it stopped.',
          { cause: thrown, details: { done: progress(), total: file.bytes } },
        );
      }
      await pause(Math.max(wait, thrown.after), signal).catch(() => throwIfAborted(signal));
    }
  }
}

/**
 * Brings a file to its end; gives its record with all chunks. Throws AccessError, DownloadError, StorageError (disk full) and
 * InterruptedError; what came before stays.
 */
export async function downloadFile(
  start: ModelFile,
  disk: LargeFile,
  hooks: DownloadHooks,
): Promise<ModelFile> {
  let file = start;
  const { signal, onBytes } = hooks;
  // The disk may hold less than the record says (a crash between the two), never more that counts.
  const onDisk = Math.floor(disk.size / file.chunkBytes);
  if (doneBytes(file) > disk.size) file = { ...file, chunks: file.chunks.slice(0, onDisk) };
  const attempt = async (): Promise<void> => {
    const from = doneBytes(file);
    if (from >= file.bytes) return;
    const chunk = new Uint8Array(file.chunkBytes);
    let filled = 0;
    const onEtag = async (etag: string | null): Promise<boolean> => {
      if (file.etag === etag || etag === null || file.chunks.length === 0) {
        file = { ...file, etag };
        return true;
      }
      file = { ...file, etag, chunks: [] };
      await hooks.save(file);
      return false;
    };
    for await (const piece of stream(file, from, file.bytes, hooks, onEtag)) {
      for (let used = 0; used < piece.byteLength;) {
        const part = piece.subarray(used, used + chunk.byteLength - filled);
        chunk.set(part, filled);
        filled += part.byteLength;
        used += part.byteLength;
        const at = doneBytes(file);
        if (filled < chunk.byteLength && at + filled < file.bytes) {
          onBytes(part.byteLength, filled);
          continue;
        }
        const bytes = chunk.slice(0, filled);
        disk.write(at, bytes);
        file = { ...file, chunks: [...file.chunks, await sha256(bytes)] };
        await hooks.save(file);
        filled = 0;
        onBytes(part.byteLength, 0);
      }
    }
  };
  await persistently(file, signal, attempt, () => doneBytes(file));
  return file;
}

/** Fetches one chunk again and writes it; gives its hash. Throws as `downloadFile`. */
export async function refetchChunk(
  file: ModelFile,
  index: number,
  disk: LargeFile,
  { signal, hub, onBytes }: Pick<DownloadHooks, 'signal' | 'hub' | 'onBytes'>,
): Promise<string> {
  const start = index * file.chunkBytes;
  const end = Math.min(file.bytes, start + file.chunkBytes);
  const chunk = new Uint8Array(end - start);
  const attempt = async (): Promise<void> => {
    let filled = 0;
    for await (const piece of stream(
      file,
      start,
      end,
      { ...(signal && { signal }), hub },
      async () => true,
    )) {
      onBytes(piece.byteLength, 0);
      chunk.set(piece, filled);
      filled += piece.byteLength;
    }
  };
  await persistently(file, signal, attempt, () => 0);
  disk.write(start, chunk);
  return sha256(chunk);
}

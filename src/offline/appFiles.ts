/** The files of one build of the app, and which of them a cache must fetch or drop. Pure. */

export interface AppFile {
  /** Relative to the app's address. */
  readonly url: string;
  /** Hash of the content; null where the name holds one. */
  readonly revision: string | null;
  readonly bytes: number;
  /** Large libraries that few visits need: stored when first used, or when the user asks. */
  readonly onDemand: boolean;
}

/** What a build's list holds before `bytes` and `onDemand` are read. */
export interface ListedFile {
  readonly url: string;
  readonly revision: string | null;
  readonly bytes?: number;
  readonly onDemand?: boolean;
}

export function appFiles(list: readonly (ListedFile | string)[]): AppFile[] {
  return list.map((entry) =>
    typeof entry === 'string'
      ? { url: entry, revision: null, bytes: 0, onDemand: false }
      : {
          url: entry.url,
          revision: entry.revision,
          bytes: entry.bytes ?? 0,
          onDemand: entry.onDemand ?? false,
        },
  );
}

/** The address under which a file is in the cache: another content has another one. */
export function cacheKey(file: AppFile, base: string): string {
  const url = new URL(file.url, base);
  if (file.revision !== null) url.searchParams.set('revision', file.revision);
  return url.href;
}

/** What brings a cache with the addresses `cached` to this build; on-demand files are kept, never fetched here. */
export function cacheChanges(
  files: readonly AppFile[],
  base: string,
  cached: readonly string[],
): { readonly fetch: readonly AppFile[]; readonly drop: readonly string[] } {
  const held = new Set(cached);
  const keys = new Set(files.map((file) => cacheKey(file, base)));
  return {
    fetch: files.filter((file) => !file.onDemand && !held.has(cacheKey(file, base))),
    drop: cached.filter((key) => !keys.has(key)),
  };
}

/** The file that an address names: the folder's own address is index.html; a query does not matter. */
export function fileAt(address: string, files: readonly AppFile[], base: string): AppFile | null {
  const url = new URL(address);
  const path = url.origin + url.pathname;
  if (!path.startsWith(base)) return null;
  const name = path.slice(base.length);
  return files.find((file) => file.url === (name === '' ? 'index.html' : name)) ?? null;
}

/** First and last byte of a Range header for one range; null when it is none, or is outside `size` bytes. */
export function byteRange(header: string | null, size: number): { first: number; last: number } | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return first <= last ? { first, last } : null;
}

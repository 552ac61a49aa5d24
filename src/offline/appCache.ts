/**
 * The service worker's logic. The first visit stores the app, the bundled models and the recorded run; from then on they
 * come from the cache, so that a tab sees one build from its first file to its last. A new build waits until the page
 * says `activate`. Large libraries are stored when they are first used or when the page says `keep`.
 */
import { DownloadError } from '../core/errors';
import { byteRange, cacheChanges, cacheKey, fileAt, type AppFile } from './appFiles';
import { isolated } from './isolation';
import type { OfflineAnswer } from './messages';
import { isThisMachine, type NetworkCut } from './networkCut';

const parallel = 4;

export class AppCache {
  readonly #files: readonly AppFile[];
  /** The app's address, ending with a slash. */
  readonly #base: string;
  readonly #storage: CacheStorage;
  readonly #name: string;
  readonly #cut: NetworkCut;

  constructor(files: readonly AppFile[], base: string, storage: CacheStorage, cut: NetworkCut) {
    this.#cut = cut;
    this.#files = files;
    this.#base = base;
    this.#storage = storage;
    // Builds under several paths of one host must not empty each other's cache.
    this.#name = `arklet ${base}`;
  }

  /** Stores what is missing of this build. Rejects when a file cannot be had: the browser tries again at a later visit. */
  async install(): Promise<void> {
    const cache = await this.#storage.open(this.#name);
    const { fetch: missing } = cacheChanges(this.#files, this.#base, await this.#cached(cache));
    const queue = [...missing];
    const work = async (): Promise<void> => {
      for (let file = queue.shift(); file; file = queue.shift()) await this.#store(cache, file);
    };
    await Promise.all(Array.from({ length: parallel }, work));
  }

  /** Drops what belongs to older builds. */
  async activate(): Promise<void> {
    const cache = await this.#storage.open(this.#name);
    const { drop } = cacheChanges(this.#files, this.#base, await this.#cached(cache));
    await Promise.all(drop.map((key) => cache.delete(key)));
  }

  /** Whether a request is for this app's files; all else goes to the network untouched, unless that is cut. */
  owns(request: Request): boolean {
    if (this.#cut.on) return true;
    if (request.method !== 'GET') return false;
    return this.#file(request) !== null || this.#isModel(request);
  }

  async answer(request: Request): Promise<Response> {
    return isolated(await this.#find(request));
  }

  async #find(request: Request): Promise<Response> {
    if (this.#cut.on) return this.#withoutNetwork(request);
    const file = this.#file(request);
    // Models are asked for files that they may not have: without a network that is a no, not an error.
    if (!file) return fetch(request).catch(() => new Response(null, { status: 404 }));
    const cache = await this.#storage.open(this.#name);
    const kept = await cache.match(cacheKey(file, this.#base));
    if (kept) return part(request, kept);
    if (!file.onDemand) return fetch(request);
    await this.#store(cache, file);
    return part(request, (await cache.match(cacheKey(file, this.#base))) ?? (await fetch(request)));
  }

  /** What is stored of the build. */
  async state(): Promise<OfflineAnswer> {
    const cache = await this.#storage.open(this.#name);
    const cached = new Set(await this.#cached(cache));
    const has = (file: AppFile): boolean => cached.has(cacheKey(file, this.#base));
    const core = this.#files.filter(({ onDemand }) => !onDemand);
    const wanted = this.#files.filter(({ onDemand }) => onDemand);
    return {
      ready: core.every(has),
      bytes: core.reduce((sum, { bytes }) => sum + bytes, 0),
      libraries: wanted.map((file) => ({ url: file.url, bytes: file.bytes, kept: has(file) })),
    };
  }

  /** Stores every library that is fetched on demand. Throws DownloadError. */
  async keep(): Promise<OfflineAnswer> {
    const cache = await this.#storage.open(this.#name);
    for (const file of this.#files) if (file.onDemand) await this.#ensure(cache, file);
    return this.state();
  }

  /** From what is stored, or not at all. */
  async #withoutNetwork(request: Request): Promise<Response> {
    const file = request.method === 'GET' ? this.#file(request) : null;
    const cache = await this.#storage.open(this.#name);
    const kept = file ? await cache.match(cacheKey(file, this.#base)) : undefined;
    if (kept) {
      this.#cut.answered();
      return part(request, kept);
    }
    const foreign = new URL(request.url).origin !== new URL(this.#base).origin;
    if (foreign && isThisMachine(request.url)) return fetch(request);
    this.#cut.refuse(request.url);
    return !file && this.#isModel(request) ? new Response(null, { status: 404 }) : Response.error();
  }

  #file(request: Request): AppFile | null {
    return fileAt(request.url, this.#files, this.#base);
  }

  #isModel(request: Request): boolean {
    return request.url.startsWith(`${this.#base}models/`);
  }

  async #cached(cache: Cache): Promise<string[]> {
    return (await cache.keys()).map(({ url }) => url);
  }

  async #ensure(cache: Cache, file: AppFile): Promise<void> {
    if (!(await cache.match(cacheKey(file, this.#base)))) await this.#store(cache, file);
  }

  async #store(cache: Cache, file: AppFile): Promise<void> {
    // Hosts with "clean" addresses send index.html on to its folder.
    const url = file.url === 'index.html' ? this.#base : new URL(file.url, this.#base).href;
    // A name that holds no hash may be in the browser's cache with an older content.
    const response = await fetch(url, { cache: file.revision === null ? 'default' : 'reload' });
    if (response.status !== 200) {
      throw new DownloadError(`${url} answered ${response.status}.`, 'Reload the page to try again.');
    }
    // A navigation may not be answered by a response that was redirected.
    const { body, headers } = response;
    await cache.put(
      cacheKey(file, this.#base),
      response.redirected ? new Response(body, { headers }) : response,
    );
  }
}

/** The part of a stored answer that a Range header asks for; the whole without one. */
async function part(request: Request, stored: Response): Promise<Response> {
  const header = request.headers.get('range');
  if (header === null) return stored;
  const body = await stored.blob();
  const range = byteRange(header, body.size);
  const headers = new Headers(stored.headers);
  headers.delete('content-encoding');
  if (!range) {
    headers.set('Content-Range', `bytes */${body.size}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set('Content-Range', `bytes ${range.first}-${range.last}/${body.size}`);
  headers.set('Content-Length', String(range.last - range.first + 1));
  return new Response(body.slice(range.first, range.last + 1), { status: 206, headers });
}

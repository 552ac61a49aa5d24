/**
 * Files in the app's own storage, for WebLLM. It looks for every file in Cache Storage before it asks the network, so that is
 * where it finds them: addresses of `localHost` are answered from the app's own storage, all others from the real caches.
 */
import type { FileSource } from '../../core/fileSource';
import { localHost } from './spec';

/** Older and newer name of the same list of weights. */
const alias: Readonly<Record<string, string>> = {
  'tensor-cache.json': 'ndarray-cache.json',
  'ndarray-cache.json': 'tensor-cache.json',
};

/** Opens the files of a model by its name in storage. */
export type OpenLocal = (name: string) => FileSource;

interface LocalPlace {
  readonly name: string;
  readonly path: string;
}

function addressOf(request: RequestInfo | URL): string {
  return typeof request === 'string' ? request : request instanceof URL ? request.href : request.url;
}

function placeOf(request: RequestInfo | URL): LocalPlace | null {
  const address = addressOf(request);
  if (!address.startsWith(localHost)) return null;
  const [name = '', ...rest] = new URL(address).pathname.slice(1).split('/').map(decodeURIComponent);
  return { name, path: rest.join('/') };
}

/** A stored model's file as a response; undefined where it has none. */
async function answer({ name, path }: LocalPlace, open: OpenLocal): Promise<Response | undefined> {
  const source = open(name);
  for (const file of [path, alias[path]]) {
    if (file === undefined || !(await source.has(file))) continue;
    const type = file.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
    const bytes = await source.read(file, 0, await source.size(file));
    return new Response(bytes, { headers: { 'Content-Type': type } });
  }
  return undefined;
}

/** The text of a stored model's file; null for another address, or where there is no such file. */
export async function readLocalText(url: string, open: OpenLocal): Promise<string | null> {
  const place = placeOf(url);
  return place === null ? null : ((await (await answer(place, open))?.text()) ?? null);
}

/** One cache of WebLLM's; what is written to it goes to the real one. */
class LocalCache implements Cache {
  readonly #real: Cache;
  readonly #open: OpenLocal;
  /** Models that were asked for here, for `keys`. */
  readonly #names = new Set<string>();

  constructor(real: Cache, open: OpenLocal) {
    this.#real = real;
    this.#open = open;
  }

  async match(request: RequestInfo | URL, options?: CacheQueryOptions): Promise<Response | undefined> {
    const place = placeOf(request);
    if (!place) return this.#real.match(request, options);
    this.#names.add(place.name);
    return answer(place, this.#open);
  }

  async keys(request?: RequestInfo | URL, options?: CacheQueryOptions): Promise<readonly Request[]> {
    const real = await this.#real.keys(request, options);
    const local: Request[] = [];
    for (const name of this.#names) {
      for (const path of (await this.#open(name).list()) ?? []) {
        for (const file of [path, alias[path]])
          if (file) local.push(new Request(`${localHost}${encodeURIComponent(name)}/${file}`));
      }
    }
    return [...real, ...local];
  }

  /** Asked only for what `match` did not find: what is not in storage is nowhere. */
  async add(request: RequestInfo | URL): Promise<void> {
    const place = placeOf(request);
    if (!place) return this.#real.add(request);
    throw new TypeError(`Failed to fetch ${place.path}: it is not among the stored files`);
  }

  async addAll(requests: RequestInfo[]): Promise<void> {
    for (const request of requests) await this.add(request);
  }

  matchAll(request?: RequestInfo | URL, options?: CacheQueryOptions): Promise<readonly Response[]> {
    return this.#real.matchAll(request, options);
  }

  put(request: RequestInfo | URL, response: Response): Promise<void> {
    return this.#real.put(request, response);
  }

  delete(request: RequestInfo | URL, options?: CacheQueryOptions): Promise<boolean> {
    return this.#real.delete(request, options);
  }
}

/** Cache Storage for a worker of WebLLM. */
export class LocalCaches implements CacheStorage {
  readonly #real: CacheStorage;
  readonly #open: OpenLocal;

  constructor(real: CacheStorage, open: OpenLocal) {
    this.#real = real;
    this.#open = open;
  }

  async open(name: string): Promise<Cache> {
    return new LocalCache(await this.#real.open(name), this.#open);
  }

  async match(request: RequestInfo | URL, options?: MultiCacheQueryOptions): Promise<Response | undefined> {
    const place = placeOf(request);
    return place ? answer(place, this.#open) : this.#real.match(request, options);
  }

  has(name: string): Promise<boolean> {
    return this.#real.has(name);
  }

  delete(name: string): Promise<boolean> {
    return this.#real.delete(name);
  }

  keys(): Promise<string[]> {
    return this.#real.keys();
  }
}

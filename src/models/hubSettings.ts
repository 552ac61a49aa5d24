/** How this device asks the hub: the token in memory, a mirror's address beside the models, where every worker finds it. */
import { ConfigError, StorageError } from '../core/errors';
import { hubEndpoint, type HubAccess } from '../specs/addresses';
import { openFiles, type FileStore } from '../store/files';
import { checkToken } from './hub';

/** What changes; absent stays as it is, null is none. */
export interface HubChange {
  readonly token?: string | null;
  readonly mirror?: string | null;
}

export interface HubState {
  readonly mirror: string | null;
  readonly token: boolean;
}

const path = 'hub-mirror.txt';

/** Hosts of this machine, which need no https. */
const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A mirror's address without a slash at its end; null for none, and for the hub itself. Throws ConfigError. */
export function checkMirror(text: string | null): string | null {
  const typed = text?.trim() ?? '';
  if (typed === '') return null;
  const details = { variable: 'HF_ENDPOINT' };
  const whole = 'Write it whole, such as https://hub.example.org.';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(typed) || !URL.canParse(typed))
    throw new ConfigError(`"${typed}" is not the address of a mirror.`, whole, { details });
  const url = new URL(typed);
  // An address is kept and shown: nothing secret belongs in it, so it is not repeated either.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigError('The address of a mirror has no user, password, query or part after #.', whole, {
      details,
    });
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local.test(url.hostname))) {
    throw new ConfigError(
      `The mirror ${url.origin === 'null' ? typed : url.origin} is not asked by https.`,
      'Models come by https alone, so that nobody on the way changes them; a mirror on this machine may do without.',
      { details },
    );
  }
  const address = url.href.replace(/\/+$/, '');
  return address === hubEndpoint ? null : address;
}

export class HubSettings {
  readonly #root: string | undefined;
  /** What a test asks in place of the hub. */
  readonly #endpoint: string;
  #token: string | null = null;
  /** Where there is no storage. */
  #mirror: string | null = null;

  constructor({ root, endpoint = hubEndpoint }: { root?: string; endpoint?: string } = {}) {
    this.#root = root;
    this.#endpoint = endpoint;
  }

  /** Throws ConfigError, and changes nothing then; StorageError. */
  async change({ token, mirror }: HubChange): Promise<void> {
    const given = token === undefined ? this.#token : checkToken(token);
    const place = mirror === undefined ? undefined : checkMirror(mirror);
    this.#token = given;
    if (place !== undefined) await this.#keep(place);
  }

  /** The mirror's address; null where the hub itself is asked. */
  async mirror(): Promise<string | null> {
    const bytes = await (await this.#files())?.read(path);
    if (!bytes) return this.#mirror;
    try {
      return checkMirror(new TextDecoder().decode(bytes));
    } catch {
      return null;
    }
  }

  async state(): Promise<HubState> {
    return { mirror: await this.mirror(), token: this.#token !== null };
  }

  async access(): Promise<HubAccess> {
    return { endpoint: (await this.mirror()) ?? this.#endpoint, token: this.#token };
  }

  async #keep(mirror: string | null): Promise<void> {
    this.#mirror = mirror;
    const files = await this.#files();
    if (mirror === null) await files?.remove(path);
    else await files?.write(path, new TextEncoder().encode(mirror));
  }

  /** Null where the browser keeps no files, as in some private windows. */
  async #files(): Promise<FileStore | null> {
    return openFiles(this.#root).catch((thrown: unknown) => {
      if (thrown instanceof StorageError) return null;
      throw thrown;
    });
  }
}

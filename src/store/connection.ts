/** The database's connection, opened again when the browser closed it. */
import { StorageError } from '../core/errors';
import { isClosed, openDatabase, type Closed } from './database';
import type { Database } from './schema';

/** Milliseconds that opening may take: a deletion or an update in another tab holds it up. */
const openingLimit = 15_000;

async function opened(opening: Promise<Database>): Promise<Database> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new StorageError(
          `The stored data could not be opened within ${openingLimit / 1000} s.`,
          'Close the other tabs of Arklet, then reload the page.',
        ),
      );
    }, openingLimit);
  });
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Connection {
  readonly #name: string;
  readonly #onClosed: (why: Closed) => void;
  #database: Promise<Database> | null = null;

  /** `onClosed` is called when the browser closed the connection. */
  constructor(name: string, onClosed: (why: Closed) => void = () => undefined) {
    this.#name = name;
    this.#onClosed = onClosed;
  }

  /**
   * Does work on the connection; where that was closed, once more on a new one: every piece of work is one transaction,
   * which was not carried out then. Throws StorageError.
   */
  async use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const first = this.#open();
    try {
      return await work(await first);
    } catch (thrown) {
      if (!isClosed(thrown)) throw thrown;
      if (this.#database === first) this.#database = null;
      return work(await this.#open());
    }
  }

  #open(): Promise<Database> {
    if (this.#database) return this.#database;
    const now = opened(
      openDatabase(this.#name, (why) => {
        if (this.#database === now) this.#database = null;
        this.#onClosed(why);
      }),
    );
    this.#database = now;
    now.catch(() => {
      if (this.#database === now) this.#database = null;
    });
    return now;
  }
}

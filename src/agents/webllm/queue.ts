/** The queue of a WebLLM engine: it answers one request at a time. */

interface Waiting {
  readonly start: () => void;
  readonly cancelled: () => void;
}

/**
 * Runs one piece of work at a time. Keys (personas) take turns: a key that asks often does not hold up one that asks seldom.
 * Within a key: first come, first served.
 */
export class FairQueue {
  readonly #waiting = new Map<object, Waiting[]>();
  #busy = false;

  /** Pieces that have not started. */
  get length(): number {
    return [...this.#waiting.values()].reduce((sum, list) => sum + list.length, 0);
  }

  /**
   * Resolves with a function that must be called when the work has ended, or with null when the signal fired first: then
   * it was never this piece's turn.
   */
  enter(key: object, signal?: AbortSignal): Promise<(() => void) | null> {
    if (signal?.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#busy = false;
        this.#next();
      };
      const onAbort = (): void => {
        const list = this.#waiting.get(key);
        const at = list?.indexOf(waiting) ?? -1;
        if (at < 0) return;
        list?.splice(at, 1);
        if (list?.length === 0) this.#waiting.delete(key);
        waiting.cancelled();
      };
      const waiting: Waiting = {
        start: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve(once(leave));
        },
        cancelled: () => resolve(null),
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const list = this.#waiting.get(key);
      if (list) list.push(waiting);
      else this.#waiting.set(key, [waiting]);
      this.#next();
    });
  }

  #next(): void {
    if (this.#busy) return;
    const first = this.#waiting.entries().next().value;
    if (!first) return;
    const [key, list] = first;
    const waiting = list.shift();
    // To the back of the row of keys.
    this.#waiting.delete(key);
    if (list.length > 0) this.#waiting.set(key, list);
    if (!waiting) return;
    this.#busy = true;
    waiting.start();
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

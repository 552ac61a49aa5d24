/** Runs work on one backend: at most `width` at once, first come first served. */
export class WorkerQueue {
  readonly width: number;
  #active = 0;
  #open = true;
  readonly #queue: (() => Promise<void>)[] = [];

  readonly #onEnd: () => void;

  constructor(width: number, onEnd: () => void) {
    this.width = Math.max(1, Math.floor(width));
    this.#onEnd = onEnd;
  }

  /** Whether another piece of work would start at once. */
  get hungry(): boolean {
    return this.#active + this.#queue.length < this.width;
  }

  get load(): number {
    return this.#active + this.#queue.length;
  }

  /** Starts nothing more until it is opened. */
  close(): void {
    this.#open = false;
  }

  open(): void {
    this.#open = true;
    this.#pump();
  }

  /** `work` must not reject. */
  add(work: () => Promise<void>): void {
    this.#queue.push(work);
    this.#pump();
  }

  /** Forgets what has not started and says how much that was. */
  clear(): number {
    return this.#queue.splice(0).length;
  }

  #pump(): void {
    while (this.#open && this.#active < this.width) {
      const work = this.#queue.shift();
      if (!work) return;
      this.#active++;
      void work().finally(() => {
        this.#active--;
        this.#pump();
        this.#onEnd();
      });
    }
  }
}

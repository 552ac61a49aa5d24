/**
 * Time that moves only while nothing else can run: `performance.now` and timers follow it while it is installed, so that a
 * device of any speed is simulated in a moment and to the millisecond.
 */
interface Moment {
  readonly at: number;
  readonly order: number;
  readonly go: () => void;
  cancelled: boolean;
}

const real = {
  now: performance.now.bind(performance),
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
};

export class VirtualClock {
  #now = 0;
  #order = 0;
  #pumping = false;
  readonly #moments: Moment[] = [];

  /** Milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Calls back at a moment; the returned function takes it back. */
  at(moment: number, go: () => void): () => void {
    const entry: Moment = { at: moment, order: this.#order++, go, cancelled: false };
    this.#moments.push(entry);
    this.#pump();
    return () => {
      entry.cancelled = true;
    };
  }

  until(moment: number): Promise<void> {
    return new Promise((resolve) => this.at(moment, resolve));
  }

  /** Puts this clock in the place of the machine's; call the result to put that back. */
  install(): () => void {
    performance.now = () => this.#now;
    const timers = new Map<unknown, () => void>();
    const start = (work: () => void, ms = 0): unknown => {
      const handle = { virtual: true };
      timers.set(
        handle,
        this.at(this.#now + ms, () => (timers.delete(handle), work())),
      );
      return handle;
    };
    const stop = (handle: unknown): void => {
      const cancel = timers.get(handle);
      if (cancel) cancel();
      else real.clearTimeout(handle as number);
    };
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop });
    return () => {
      performance.now = real.now;
      Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    };
  }

  /** Moves on to the next moment once the event loop has come round with nothing to do. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const idle = (rounds: number, then: () => void): void => {
      setImmediate(() => (rounds === 0 ? then() : idle(rounds - 1, then)));
    };
    const step = (): void => {
      this.#moments.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#moments.shift();
      if (!next) {
        this.#pumping = false;
        return;
      }
      if (!next.cancelled) {
        this.#now = Math.max(this.#now, next.at);
        next.go();
      }
      idle(next.cancelled ? 0 : 3, step);
    };
    idle(3, step);
  }
}

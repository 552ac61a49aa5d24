import { InterruptedError, throwIfAborted } from './errors';

interface Waiter {
  readonly go: () => void;
}

/**
 * Holds back the units of a job (one exchange of one question, one training step, one answer).
 * Work that has passed continues; work that arrives while the gate is closed waits until `unpause`, or for one credit of `step`.
 */
export class Gate {
  #paused = false;
  #credits = 0;
  readonly #waiting: Waiter[] = [];

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
    this.#credits = 0;
  }

  unpause(): void {
    this.#paused = false;
    this.#credits = 0;
    for (const waiter of this.#waiting.splice(0)) waiter.go();
  }

  /** Lets one unit of a paused job pass: the one that waits longest, or the next that asks. */
  step(): void {
    if (!this.#paused) return;
    const waiter = this.#waiting.shift();
    if (waiter) waiter.go();
    else this.#credits++;
  }

  /** Resolves when one unit may start; rejects with InterruptedError when the signal fires first. */
  async pass(signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (!this.#paused) return;
    if (this.#credits > 0) {
      this.#credits--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        go: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new InterruptedError('Stopped while paused.', 'Run it again to continue where it stopped.'));
      };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }
}

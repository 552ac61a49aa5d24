/** Spaces out the requests to one server: at most so many a minute, none while it asked us to wait. Times in seconds. */
import { throwIfAborted } from '../../core/errors';

const now = (): number => performance.now() / 1000;

/** Resolves after so many seconds; rejects with InterruptedError when the signal fires before. */
export async function delay(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    signal?.addEventListener('abort', end);
  });
  throwIfAborted(signal);
}

export class Limiter {
  readonly #interval: number;
  /** Before this nothing is sent. */
  #heldUntil = 0;
  #nextSlot = 0;

  /** `perMinute` 0 = no limit of our own. */
  constructor(perMinute: number) {
    this.#interval = perMinute > 0 ? 60 / perMinute : 0;
  }

  /** Everybody waits: the server said so. */
  hold(seconds: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, now() + seconds);
  }

  /** Resolves when a request may be sent. Rejects with InterruptedError. */
  async pass(signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const slot = Math.max(now(), this.#nextSlot);
    this.#nextSlot = slot + this.#interval;
    for (;;) {
      const wait = Math.max(slot, this.#heldUntil) - now();
      if (wait <= 0) return;
      await delay(wait, signal);
    }
  }
}

/** Seconds of a Retry-After header (delay or HTTP date); null without one. */
export function retryAfter(header: string | null, at: number = Date.now()): number | null {
  if (header === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - at) / 1000);
}

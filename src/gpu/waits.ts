/** Waiting for a device that may be lost, or whose browser reports completion late. */
import { ArkletError, DeviceLostError } from '../core/errors';
import type { OpenDevice } from './device';

/** Above this the completion of an empty submit was not reported at once, but by a timer. */
const lateMs = 20;

/**
 * A device that answers nothing for so many looks of so many milliseconds, while it is waited for, is given up. Looks are counted, not
 * a clock: a machine that sleeps makes none. Software adapters under load take minutes.
 */
const hung = { looks: 10, every: 60_000 };

export class Waits {
  readonly #open: OpenDevice;
  readonly #hung: typeof hung;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Looks since the last answer. */
  #silent = 0;
  /** Those who wait now. One listener on `lost` serves them all: it never settles, so each of its own would stay. */
  readonly #waiting = new Set<(lost: DeviceLostError) => void>();
  #lost: DeviceLostError | null = null;
  #nudging = false;
  #late = false;

  constructor(open: OpenDevice, limit: typeof hung = hung) {
    this.#open = open;
    this.#hung = limit;
    void open.lost.then((error) => {
      this.#lost = error;
      for (const reject of [...this.#waiting]) reject(error);
      this.#waiting.clear();
    });
  }

  /** Whether completion is reported by a timer, unless a submit makes the browser look. */
  get late(): boolean {
    return this.#late;
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Times two empty submits: Firefox looks for what is done every 100 ms, or at a submit (its bug 1870699). The first may meet
   * the end of such a span, the second meets all of it.
   */
  async measure(): Promise<number> {
    const { queue } = this.#open.device;
    const times: number[] = [];
    for (let round = 0; round < 2; round++) {
      const began = performance.now();
      await this.for(queue.onSubmittedWorkDone());
      times.push(performance.now() - began);
    }
    this.#late = Math.max(...times) > lateMs;
    return this.#late ? 1 : Math.min(...times);
  }

  /** The work's result, or DeviceLostError: on a lost device its promises may reject without a reason, or never settle. */
  async for<T>(work: Promise<T>): Promise<T> {
    let rejectLost: (error: DeviceLostError) => void = () => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        rejectLost = reject;
        if (this.#lost) reject(this.#lost);
        this.#waiting.add(rejectLost);
        this.#watch ??= setInterval(() => this.#look(), this.#hung.every);
        work.then(resolve, reject);
        this.#nudge();
      });
    } catch (cause) {
      if (cause instanceof ArkletError) throw cause;
      throw (await this.#reason()) ?? refused(cause);
    } finally {
      this.#waiting.delete(rejectLost);
      this.#silent = 0;
      if (!this.waiting) this.#unwatch();
    }
  }

  #unwatch(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  #look(): void {
    if (++this.#silent < this.#hung.looks) return;
    this.#unwatch();
    const error = new DeviceLostError(
      `The GPU has not answered for ${(this.#hung.looks * this.#hung.every) / 1000} s and was given up.`,
      'Resume the run; if it happens again, update the graphics driver or choose the CPU backend.',
    );
    this.#lost ??= error;
    for (const reject of [...this.#waiting]) reject(error);
    this.#waiting.clear();
    this.#open.device.destroy();
  }

  /** Empty submits while something is waited for: each makes a late browser look. */
  #nudge(): void {
    if (!this.#late || this.#nudging) return;
    this.#nudging = true;
    const again = (): void => {
      this.#nudging = this.#waiting.size > 0;
      if (!this.#nudging) return;
      this.#open.device.queue.submit([]);
      setTimeout(again, 1);
    };
    setTimeout(again, 1);
  }

  /** Why the device refused: its loss, which may be reported a moment later, or an error that no scope caught. */
  async #reason(): Promise<ArkletError | null> {
    const soon = new Promise<null>((resolve) => setTimeout(() => resolve(null), 100));
    return (await Promise.race([this.#open.lost, soon])) ?? this.#open.uncaptured();
  }
}

function refused(cause: unknown): ArkletError {
  return new ArkletError(`The GPU refused to answer: ${String(cause)}`, 'Reload the page.', { cause });
}

/** Keeps the screen on while a run works, where the browser can. */
export class WakeLock {
  #sentinel: WakeLockSentinel | null = null;
  #wanted = false;

  constructor() {
    document.addEventListener('visibilitychange', () => {
      if (this.#wanted && document.visibilityState === 'visible') void this.#take();
    });
  }

  want(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) void this.#take();
    else {
      void this.#sentinel?.release();
      this.#sentinel = null;
    }
  }

  async #take(): Promise<void> {
    if (!('wakeLock' in navigator)) return;
    try {
      this.#sentinel = await navigator.wakeLock.request('screen');
    } catch {
      // Refused (battery saver, hidden page): the run continues, the screen may sleep.
    }
  }
}

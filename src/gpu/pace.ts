/**
 * How fast the device works, learned from its submits, so that each takes a bounded time: the compositor waits behind them,
 * and a watchdog ends the device after a second or two.
 */

/** GPU time that one submit should take. */
export const submitMs = 50;

/** A device without a calibration: a software adapter, or a GPU until it is measured. */
const start = {
  software: { flopsPerMs: 2e6, dispatchMs: 0.5 },
  hardware: { flopsPerMs: 1e9, dispatchMs: 0.01 },
};
/** From 0.1 GFLOP/s to 20 TFLOP/s. */
const bounds = { least: 1e5, most: 2e10 };

export class Pace {
  #flopsPerMs: number;
  #dispatchMs: number;
  /** Milliseconds until the completion of an empty submit is reported. */
  #latency = 0;
  #lastSubmit = 0;
  #lastDone = 0;
  /** Milliseconds of the longest submit since this was set to 0. */
  longestMs = 0;

  constructor(software: boolean) {
    const { flopsPerMs, dispatchMs } = software ? start.software : start.hardware;
    this.#flopsPerMs = flopsPerMs;
    this.#dispatchMs = dispatchMs;
  }

  /** Operations that fit into one submit, by what was measured so far. */
  get submitFlops(): number {
    return this.#flopsPerMs * submitMs;
  }

  /** Milliseconds that a dispatch is expected to take. */
  estimate(flops: number): number {
    return this.#dispatchMs + flops / this.#flopsPerMs;
  }

  /** Sets what a dispatch of known size showed; `latency` is that of an empty submit. */
  calibrate(measured: { readonly flopsPerMs: number; readonly latency: number }): void {
    this.#flopsPerMs = Math.min(bounds.most, Math.max(bounds.least, measured.flopsPerMs));
    this.#latency = measured.latency;
  }

  /** Called at a submit; the result is called at its completion, `late` if that may have been reported late. */
  submitted(flops: number, dispatches: number): (late: boolean) => void {
    const began = performance.now();
    this.#lastSubmit = began;
    return (late) => {
      const done = performance.now();
      // Submits run one after another: one that waited in the queue began when the one before it ended.
      const ms = done - Math.max(began, this.#lastDone) - this.#latency;
      // A page that was still recording notices completion late.
      const busy = done - this.#lastSubmit < 1;
      this.#lastDone = done;
      this.longestMs = Math.max(this.longestMs, ms);
      if (!late && dispatches > 0) this.#learn(flops, dispatches, Math.max(ms, 0.05), busy);
    };
  }

  #learn(flops: number, dispatches: number, ms: number, busy: boolean): void {
    // By the current pace: submits that were queued with this one may have changed it already.
    const dispatchesMs = dispatches * this.#dispatchMs;
    const estimateMs = dispatchesMs + flops / this.#flopsPerMs;
    const ratio = estimateMs / ms;
    // Slower is believed at once, within what one measurement may tell; faster only from submits that were long enough.
    if (ratio < 1 ? busy || ms < 2 : estimateMs < submitMs / 4) return;
    const factor = ratio < 1 ? Math.max(0.25, ratio) : Math.min(2, Math.sqrt(ratio));
    const share = dispatchesMs / estimateMs;
    this.#flopsPerMs = Math.min(
      bounds.most,
      Math.max(bounds.least, this.#flopsPerMs * factor ** (1 - share)),
    );
    this.#dispatchMs = Math.min(5, Math.max(0.001, this.#dispatchMs / factor ** share));
  }
}

/** What "Bench this device" and `npm run -s bench -- --device D` give: figures of one machine, sent nowhere. */

/** One op on seeded data, as often as the clock needs. */
export interface KernelFigure {
  readonly kernel: string;
  /** Of the weights; null where there are none. */
  readonly format: string | null;
  readonly shape: string;
  /** Milliseconds of one, the fastest of some rounds. */
  readonly ms: number;
  /** Products and sums; null where moving data is all that it does. */
  readonly gflops: number | null;
  /** Bytes that it must read and write at least, over its time. */
  readonly gbps: number;
}

/** A model on seeded random weights. */
export interface ModelFigure {
  readonly name: string;
  readonly format: string;
  readonly work: 'decode' | 'decode of 64' | 'prefill of 512' | 'training, 4 x 128';
  /** Null where it was left out. */
  readonly tokensPerSecond: number | null;
  /** Why: it would have taken too long, or memory. */
  readonly skipped?: 'slow' | 'memory';
}

export type DeviceFigure =
  | { readonly type: 'kernel'; readonly row: KernelFigure }
  | { readonly type: 'model'; readonly row: ModelFigure };

export interface DeviceBench {
  readonly device: string;
  readonly backend: string;
  /** Of the CPU; 0 for a GPU. */
  readonly threads: number;
  /** Milliseconds until four bytes are read back with nothing to wait for. */
  readonly readBackMs: { readonly min: number; readonly median: number; readonly max: number };
  /** The longest that the device was busy with one submit; null on the CPU. */
  readonly longestSubmitMs: number | null;
  readonly kernels: readonly KernelFigure[];
  readonly models: readonly ModelFigure[];
  readonly seconds: number;
}

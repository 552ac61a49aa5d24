/** Counts dispatches by kernel, and times them on the GPU while switched on (needs timestamp-query). */

export interface ProfileRow {
  readonly kernel: string;
  dispatches: number;
  /** GPU milliseconds; 0 where the device has no timestamps. */
  ms: number;
  flops: number;
}

const capacity = 512;

export class Profiler {
  enabled = false;
  /** Dispatches submitted since the backend was made. */
  dispatches = 0;
  readonly #device: GPUDevice;
  readonly #rows = new Map<string, ProfileRow>();
  #queries: GPUQuerySet | null = null;
  #resolved: GPUBuffer | null = null;
  #pending: ProfileRow[] = [];
  #reading: Promise<void> = Promise.resolve();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Called for every dispatch; returns where to write timestamps, or null when not timing. */
  begin(kernel: string, flops: number): GPUComputePassTimestampWrites | null {
    this.dispatches++;
    if (!this.enabled) return null;
    let row = this.#rows.get(kernel);
    if (row === undefined) this.#rows.set(kernel, (row = { kernel, dispatches: 0, ms: 0, flops: 0 }));
    row.dispatches++;
    row.flops += flops;
    if (!this.#device.features.has('timestamp-query') || this.#pending.length === capacity) return null;
    this.#queries ??= this.#device.createQuerySet({
      label: 'profiler',
      type: 'timestamp',
      count: 2 * capacity,
    });
    const index = 2 * this.#pending.length;
    this.#pending.push(row);
    return { querySet: this.#queries, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 };
  }

  /** Called at the end of a submit: collects the timestamps written in it. */
  resolve(encoder: GPUCommandEncoder): void {
    const rows = this.#pending;
    if (rows.length === 0 || this.#queries === null) return;
    this.#pending = [];
    const bytes = 16 * rows.length;
    this.#resolved ??= this.#device.createBuffer({
      label: 'profiler',
      size: 16 * capacity,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const staging = this.#device.createBuffer({
      label: 'profiler read back',
      size: bytes,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.resolveQuerySet(this.#queries, 0, 2 * rows.length, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, staging, 0, bytes);
    const read = Promise.resolve()
      .then(() => staging.mapAsync(GPUMapMode.READ))
      .then(() => {
        const stamps = new BigUint64Array(staging.getMappedRange());
        rows.forEach((row, i) => {
          row.ms += Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!)) / 1e6;
        });
        staging.destroy();
      });
    this.#reading = Promise.all([
      this.#reading,
      read.catch(() => undefined), // the device is lost: `lost` says so
    ]).then(() => undefined);
  }

  /** What was counted since the last report, the slowest kernel first. */
  async report(): Promise<ProfileRow[]> {
    await this.#reading;
    const rows = [...this.#rows.values()].sort((a, b) => b.ms - a.ms);
    this.#rows.clear();
    return rows;
  }

  dispose(): void {
    this.#queries?.destroy();
    this.#resolved?.destroy();
  }
}

/** The op interface on WebGPU: works on any `GPU` object (navigator.gpu in a worker or page, Dawn in Node). */
import { BufferPool } from '../gpu/buffers';
import { openDevice, type OpenDevice } from '../gpu/device';
import { Recorder } from '../gpu/recorder';
import { defaultVariants, firstForms, type Variants } from '../gpu/variants';
import { attentionOps } from './gpuAttentionOps';
import { calibrate } from './gpuCalibration';
import { linearOps } from './gpuLinearOps';
import { lossOps } from './gpuLossOps';
import { memoryOps, type GpuContext } from './gpuMemory';
import { rowOps } from './gpuRowOps';
import { samplingOps } from './sampling/gpuSampling';
import type { Backend, Matrix } from './ops';
import { checkRows } from './shapes';

export interface GpuOptions {
  /** Most bytes of one binding; below the device's own limit only in tests. */
  readonly bindingLimit?: number;
  /** Operations above which an op is split into several dispatches; given only in tests. */
  readonly dispatchFlops?: number;
  /** Most bytes to hold; default: what the driver gives. */
  readonly memoryLimit?: number;
  /** Most bytes of released buffers to keep for reuse. Default 64 MiB. */
  readonly keepBytes?: number;
  /** Forms of kernels to use, as `variants()` gave them (a resumed run sums in the same order). */
  readonly variants?: Partial<Variants>;
}

/** The backend with what the selftest, the bench and the tests look at. */
export interface GpuBackend extends Backend {
  readonly kind: 'webgpu';
  readonly open: OpenDevice;
  readonly recorder: Recorder;
  readonly pool: BufferPool;
  /** The kernel variants in use: store them with a run. */
  variants(): Variants;
  useVariants(variants: Partial<Variants>): void;
  /** As `useVariants`, with those that a run began with, also under an earlier version. */
  restoreVariants(variants: Partial<Variants>): void;
  /** The variants that are used, and tuned against, unless a run says otherwise. */
  defaults(): Variants;
  /** Makes these forms the defaults: others failed on this device. */
  trust(variants: Partial<Variants>): void;
}

/**
 * Opens a device of its own. Throws GpuUnavailableError when there is no adapter.
 * `gpu` may be undefined (navigator.gpu of a browser without WebGPU).
 */
export async function createGpuBackend(gpu: GPU | undefined, options: GpuOptions = {}): Promise<GpuBackend> {
  const open = await openDevice(gpu);
  const { device } = open;
  const pool: BufferPool = new BufferPool(device, {
    limit: options.memoryLimit ?? Number.POSITIVE_INFINITY,
    keep: options.keepBytes ?? 64 * 2 ** 20,
    onDestroy: (allocation) => {
      recorder.destroy(allocation);
    },
  });
  const recorder: Recorder = new Recorder(open, pool);
  let defaults: Variants = defaultVariants(open.software);
  const context: GpuContext = {
    recorder,
    pool,
    bindingLimit: Math.min(
      options.bindingLimit ?? Number.POSITIVE_INFINITY,
      device.limits.maxStorageBufferBindingSize,
      device.limits.maxBufferSize,
    ),
    software: open.software,
    dispatchFlops: options.dispatchFlops ?? null,
    variants: { ...defaults, ...options.variants },
  };
  const memory = memoryOps(context);
  const rows = rowOps(context);
  const scratch = memory.tensor([1024], { owner: 'engine', label: 'partial sums' });

  async function readRows(matrix: Matrix, start: number, count: number): Promise<Float32Array> {
    checkRows('readRows', matrix, start, count);
    const options = { owner: 'engine', label: `rows of ${matrix.label}` };
    const result = new Float32Array(count * matrix.cols);
    const most = Math.max(1, Math.floor(Math.min(context.bindingLimit, 2 ** 25) / (4 * matrix.cols)));
    for (let row = 0; row < count; row += most) {
      const rowsNow = Math.min(most, count - row);
      const ids = memory.tensor([rowsNow], { ...options, dtype: 'u32' });
      const y = memory.tensor([rowsNow, matrix.cols], options);
      try {
        memory.write(
          ids,
          Uint32Array.from({ length: rowsNow }, (_, i) => start + row + i),
        );
        rows.embed({ ids, table: matrix, y, rows: rowsNow });
        result.set(await memory.read(y), row * matrix.cols);
      } finally {
        memory.release(ids, y);
      }
    }
    return result;
  }

  const linears = linearOps(context, rows);
  await calibrate(open, recorder, { ...memory, ...linears });
  pool.trim();

  return {
    kind: 'webgpu',
    halfCaches: true,
    get samples() {
      return context.variants.sampling === 'device';
    },
    device: open.name,
    threads: 0,
    ledger: pool.ledger,
    lost: open.lost,
    open,
    recorder,
    pool,
    ...memory,
    ...rows,
    ...linears,
    ...attentionOps(context, memory),
    ...samplingOps(context),
    ...lossOps(context, scratch),
    readRows,
    variants: () => context.variants,
    useVariants(variants) {
      context.variants = { ...context.variants, ...variants };
    },
    restoreVariants(variants) {
      context.variants = { ...context.variants, ...firstForms, ...variants };
    },
    defaults: () => defaults,
    trust(variants) {
      defaults = { ...defaults, ...variants };
      context.variants = { ...context.variants, ...variants };
    },
    settle: () => recorder.settle(),
    finish: () => recorder.finish(),
    dispose() {
      recorder.flush();
      pool.dispose();
      recorder.dispose();
      device.destroy();
    },
  };
}

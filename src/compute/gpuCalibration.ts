/** Finds the pace of a device at its opening, so that not even the first submit starves the page. */
import type { OpenDevice } from '../gpu/device';
import type { Recorder } from '../gpu/recorder';
import type { LinearOps } from './gpuLinearOps';
import type { MemoryOps } from './gpuMemory';

/** Rows, outputs and inputs of the product that is timed: large enough to fill a small GPU, 3 ms at 40 GFLOP/s. */
const [rows, outputs, inputs] = [256, 512, 512];
/** Above this a timing stands out from the noise of a wait. */
const enoughMs = 8;

/**
 * Times a product once, then 4 and 16 in a submit until that takes long enough. A software adapter keeps its usual pace: there
 * is no watchdog, and nothing else to draw.
 */
export async function calibrate(
  open: OpenDevice,
  recorder: Recorder,
  ops: MemoryOps & Pick<LinearOps, 'matmulNT'>,
): Promise<void> {
  const latency = await recorder.measureLatency();
  if (open.software) return;
  const tensor = (label: string, size: number) => ops.tensor([size], { owner: 'calibration', label });
  const [x, b, y] = [tensor('x', rows * inputs), tensor('b', outputs * inputs), tensor('y', rows * outputs)];
  try {
    const timed = async (count: number): Promise<number> => {
      const began = performance.now();
      for (let i = 0; i < count; i++)
        ops.matmulNT({ x, b, y, rows, n: outputs, k: inputs, mode: 'generate' });
      await recorder.finish();
      return performance.now() - began - latency;
    };
    await timed(1); // compiles
    let count = 1;
    let ms = await timed(count);
    while (ms < enoughMs && count < 16) ms = await timed((count *= 4));
    const flops = 2 * rows * outputs * inputs * count;
    if (ms > 0.1) recorder.calibrate({ flopsPerMs: flops / ms, latency });
  } finally {
    ops.release(x, b, y);
  }
}

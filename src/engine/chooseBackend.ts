/** Which backend runs a model fastest on this machine: measured, not guessed. */
import { Maker } from '../compute/opCase';
import type { Backend, Matrix, Tensor, WeightFormat } from '../compute/ops';
import { RandomRows } from '../lm/shaped/randomModel';
import type { DeviceFacts } from '../records/device';
import { asArkletError, GpuUnavailableError, throwIfAborted } from '../core/errors';

/** What a measured block looks like: the linears of one layer of the model. */
export interface BenchmarkSize {
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  /** What the model's weights are kept in: kernels and what they read differ by it. */
  readonly format: WeightFormat;
}

/** Whether a device computes right, and what was found. */
export interface Validation {
  readonly right: boolean;
  readonly facts: DeviceFacts;
}

/** Of a device that is not tested. */
export const trusted: Validation = { right: true, facts: [] };

export interface BackendMakers {
  webgpu(): Promise<Backend>;
  wasm(threads: number): Promise<Backend>;
  /** Most threads that the CPU backend may use. */
  readonly threads: number;
  /** Tests the kernels of a device that is about to be used; without it every device is trusted. */
  prove?(backend: Backend): Promise<Validation>;
}

/** Rows of a probe: a batch of sequences that are being decoded. */
const rows = 32;
/** Larger models are measured on their first layers. */
const mostLayers = 4;
const repeats = 3;
/** Most steps of a probe that is read once. */
const mostSteps = 64;

/**
 * Seconds of a decoding step through the feed-forward parts of all layers: the best of three after a warm-up. A read costs
 * what it costs however many steps stand before it (milliseconds, in Firefox up to a hundred): so many steps are taken for one
 * that the read alone is a quarter of their time at most.
 */
export async function measureBackend(
  backend: Backend,
  size: BenchmarkSize,
  signal?: AbortSignal,
): Promise<number> {
  const { hidden, ffn } = size;
  const make = new Maker(backend, 'probe', 'probe');
  const random = new RandomRows(backend, 1);
  const tensor = (columns: number, label: string): Tensor => make.empty(label, [rows, columns]);
  const matrix = (out: number, columns: number, label: string): Matrix => {
    const made = make.emptyMatrix(label, out, columns, size.format);
    random.fill(made);
    return made;
  };
  try {
    const x = tensor(hidden, 'x');
    const normed = tensor(hidden, 'normed');
    const activated = tensor(2 * ffn, 'activated');
    const active = tensor(ffn, 'active');
    const weight = make.empty('norm', [hidden]);
    const gateUp = matrix(2 * ffn, hidden, 'gate|up');
    const down = matrix(hidden, ffn, 'down');
    backend.fill({ x: weight, value: 1 });
    backend.fill({ x, value: 0.5 });
    const layers = Math.min(size.layers, mostLayers);
    /** Seconds of so many steps and the read that waits for them. */
    const timed = async (steps: number): Promise<number> => {
      throwIfAborted(signal);
      const began = performance.now();
      for (let layer = 0; layer < layers * steps; layer++) {
        backend.normedLinear({
          ...{ x, norm: weight, eps: 1e-5, weight: gateUp, y: active, rows },
          ...{ normed, gateUp: activated },
        });
        backend.linear({ x: active, weight: down, y: x, rows, mode: 'generate' });
      }
      await backend.read(x, 0, 1);
      return (performance.now() - began) / 1000;
    };
    await timed(1); // compiles
    const read = await timed(0);
    let steps = 1;
    let best = await timed(steps);
    while (best < 4 * read && steps < mostSteps) best = await timed((steps *= 2));
    for (let round = 1; round < repeats; round++) best = Math.min(best, await timed(steps));
    return (best / steps) * (size.layers / layers);
  } finally {
    make.free();
  }
}

async function validationOf(backend: Backend, make: BackendMakers): Promise<Validation> {
  return (await make.prove?.(backend)) ?? trusted;
}

/** `facts` name what is wrong, for a caller that asked for that device alone. */
function wrongDevice(device: string, facts: DeviceFacts): GpuUnavailableError {
  const kernels = facts.flatMap((fact) => (fact.kind === 'wrong-kernels' ? fact.kernels : []));
  return new GpuUnavailableError(
    `${device} computes wrong numbers in ${kernels.map(({ kernel }) => kernel).join(', ')}.`,
    'Choose the backend auto or cpu.',
  );
}

interface Choice {
  readonly backend: Backend;
  readonly reason: DeviceFacts;
  /** Kernel validation of the GPU in use. */
  readonly found: DeviceFacts;
}

/** The CPU backend with one thread or with all, whichever is faster: small models lose more by sharing than they gain. */
async function chooseThreads(size: BenchmarkSize, make: BackendMakers): Promise<Omit<Choice, 'found'>> {
  const one = await make.wasm(1);
  if (make.threads <= 1) return { backend: one, reason: [] };
  const all = await make.wasm(make.threads);
  const oneSeconds = await measureBackend(one, size);
  const allSeconds = await measureBackend(all, size);
  const shared = allSeconds < oneSeconds;
  (shared ? one : all).dispose();
  const { threads } = make;
  return {
    backend: shared ? all : one,
    reason: [{ kind: 'threads', sequences: rows, one: oneSeconds, all: allSeconds, threads }],
  };
}

/**
 * The backend to use and why. `auto` opens both, times a step of the model's size on each and keeps the faster, unless it
 * is a GPU that computes wrong. Throws GpuUnavailableError (only for 'webgpu'), OutOfMemoryError.
 */
export async function chooseBackend(
  wanted: 'auto' | 'webgpu' | 'cpu',
  size: BenchmarkSize,
  make: BackendMakers,
): Promise<Choice> {
  if (wanted === 'webgpu') {
    const gpu = await make.webgpu();
    const { right, facts } = await validationOf(gpu, make);
    if (right) return { backend: gpu, reason: [{ kind: 'asked', backend: 'webgpu' }], found: facts };
    gpu.dispose();
    throw wrongDevice(gpu.device, facts);
  }
  const { backend: cpu, reason: threads } = await chooseThreads(size, make);
  if (wanted === 'cpu')
    return { backend: cpu, reason: [{ kind: 'asked', backend: 'cpu' }, ...threads], found: [] };
  let gpu: Backend;
  try {
    gpu = await make.webgpu();
  } catch (thrown) {
    const error = asArkletError(thrown);
    if (!(error instanceof GpuUnavailableError)) throw error;
    return { backend: cpu, reason: [{ kind: 'no-webgpu', message: error.message }], found: [] };
  }
  try {
    const cpuSeconds = await measureBackend(cpu, size);
    const gpuSeconds = await measureBackend(gpu, size);
    const gpuWins = gpuSeconds < cpuSeconds;
    const { right, facts } = gpuWins ? await validationOf(gpu, make) : { right: false, facts: [] };
    (right ? cpu : gpu).dispose();
    const measured = { kind: 'measured', sequences: rows, webgpu: gpuSeconds, cpu: cpuSeconds } as const;
    return right
      ? { backend: gpu, reason: [measured], found: facts }
      : { backend: cpu, reason: [measured, ...facts], found: [] };
  } catch (thrown) {
    gpu.dispose();
    const { message } = asArkletError(thrown);
    return { backend: cpu, reason: [{ kind: 'measurement-failed', message }], found: [] };
  }
}

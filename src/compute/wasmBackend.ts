/**
 * The op interface on WASM SIMD. Everything runs when it is called. Weights are kept in panels of 8 rows, small ones as f32,
 * others in their own format, so that one product serves forward and backward. A linear sums k in one fixed order for every
 * number of rows and threads: `generate` and `train` are the same, and threads change no bit. Fused multiply-adds do, where
 * the machine has them: the device's name says so.
 */
import { fusedAvailable } from '../cpu/fused';
import { Heap } from '../cpu/heap';
import { compileKernels, instantiateKernels, maxPages, signedKernels } from '../cpu/kernels';
import { createPool, threadsAvailable } from '../cpu/pool';
import { ConfigError } from '../core/errors';
import { normedLinearInParts } from './normedLinear';
import type { Backend } from './ops';
import { createWasmLinears } from './wasmLinears';
import { WasmMemory } from './wasmMemory';
import { createWasmOps } from './wasmOps';

export interface WasmOptions {
  /** Threads wanted, 1 to 16 (default 1). Where memory cannot be shared (page not isolated) one is used. */
  readonly threads?: number;
  /** False: the kernels of machines without fused multiply-adds. */
  readonly fused?: boolean;
  /** Called at each kernel: the caller lets no event in while they work. */
  readonly onWork?: () => void;
  /** Elements from which a matrix is kept in its own format: for tests. */
  readonly packFrom?: number;
}

/** The WASM SIMD backend. Throws ConfigError for an absurd thread count. */
export async function createWasmBackend(options: WasmOptions = {}): Promise<Backend> {
  const wanted = options.threads ?? 1;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 16) {
    throw new ConfigError(`threads is ${wanted}, 1 to 16 are possible.`, 'Leave it out to use one thread.');
  }
  const threads = threadsAvailable() ? wanted : 1;
  const shared = threads > 1;
  const fused = options.fused !== false && (await fusedAvailable());
  const module = await compileKernels(shared, fused);
  const wasm = new WebAssembly.Memory({ initial: 64, maximum: maxPages, shared });
  const main = await instantiateKernels(module, wasm);
  const heap = new Heap(wasm, main.heapBase() >>> 0);
  const pool = shared ? await createPool(module, heap, main, threads) : null;
  const bare = pool ? pool.kernels : main;
  const kernels = options.onWork ? signedKernels(bare, options.onWork) : bare;
  const { packFrom } = options;
  const memory = new WasmMemory(heap, kernels, { threads, fused, packFrom }, (pointer, bytes) =>
    pool ? pool.setScratch(pointer, bytes) : main.setScratch(pointer),
  );
  const ops = createWasmOps(memory, kernels);
  const linears = createWasmLinears(memory, kernels);
  return {
    kind: 'wasm',
    device: `WASM SIMD, ${threads} thread${threads === 1 ? '' : 's'}${fused ? ', FMA' : ''}`,
    threads,
    ledger: memory.ledger,
    maxTensorBytes: 2 ** 31,
    halfCaches: false,
    samples: false,
    lost: new Promise<Error>(() => undefined),
    tensor: (shape, tensorOptions) => memory.tensor(shape, tensorOptions),
    view: (tensor, offset, shape) => memory.view(tensor, offset, shape),
    write: (tensor, data, offset) => memory.write(tensor, data, offset),
    read: async (tensor, offset, length) => memory.read(tensor, offset, length),
    readU32: async (tensor, offset, length) => memory.readU32(tensor, offset, length),
    release: (...tensors) => memory.release(...tensors),
    matrix: (rows, cols, format, matrixOptions) => memory.matrix(rows, cols, format, matrixOptions),
    writeRows: (matrix, start, count, data) => memory.writeRows(matrix, start, count, data),
    readRows: async (matrix, start, count) => memory.readRows(matrix, start, count),
    releaseMatrix: (...matrices) => memory.releaseMatrix(...matrices),
    settle: async () => undefined,
    finish: async () => undefined,
    dispose() {
      pool?.dispose();
      memory.dispose();
    },
    ...ops,
    ...linears,
    normedLinear: (op) => normedLinearInParts({ ...ops, ...linears }, op),
  };
}

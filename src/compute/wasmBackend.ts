/**
 * The op interface on WASM SIMD. Everything runs when it is called. Weights are kept as f32 panels of 8 rows (decoded
 * once from their format), so that one product kernel serves forward and backward. A linear sums k in one fixed order
 * for every number of rows and threads: `generate` and `train` are the same kernel.
 */
import { Heap } from '../cpu/heap';
import { compileKernels, instantiateKernels } from '../cpu/kernels';
import type { Backend } from './ops';
import { WasmMemory } from './wasmMemory';
import { createWasmOps } from './wasmOps';

/** The WASM SIMD backend. */
export async function createWasmBackend(): Promise<Backend> {
  const module = await compileKernels(false);
  const wasm = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const kernels = await instantiateKernels(module, wasm);
  const heap = new Heap(wasm, kernels.heapBase());
  const memory = new WasmMemory(heap, kernels, 1, (pointer) => kernels.setScratch(pointer));
  return {
    kind: 'wasm',
    device: 'WASM SIMD, 1 thread',
    ledger: memory.ledger,
    maxTensorBytes: 2 ** 31,
    lost: new Promise<Error>(() => undefined),
    tensor: (shape, options) => memory.tensor(shape, options),
    view: (tensor, offset, shape) => memory.view(tensor, offset, shape),
    write: (tensor, data, offset) => memory.write(tensor, data, offset),
    read: async (tensor, offset, length) => memory.read(tensor, offset, length),
    readU32: async (tensor, offset, length) => memory.readU32(tensor, offset, length),
    release: (...tensors) => memory.release(...tensors),
    matrix: (rows, cols, format, options) => memory.matrix(rows, cols, format, options),
    writeRows: (matrix, start, count, data) => memory.writeRows(matrix, start, count, data),
    readRows: async (matrix, start, count) => memory.readRows(matrix, start, count),
    releaseMatrix: (...matrices) => memory.releaseMatrix(...matrices),
    finish: async () => undefined,
    dispose: () => memory.dispose(),
    ...createWasmOps(memory, kernels),
  };
}

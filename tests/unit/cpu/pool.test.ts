import { expect, test } from 'vitest';
import { Heap } from '../../../src/cpu/heap';
import { compileKernels, instantiateKernels, maxPages, type Kernels } from '../../../src/cpu/kernels';
import { createPool } from '../../../src/cpu/pool';

const elements = 200_000;

/** A pool of three threads and a tensor of `elements` floats. */
async function poolOfThree() {
  const module = await compileKernels(true, false);
  const memory = new WebAssembly.Memory({ initial: 64, maximum: maxPages, shared: true });
  const main = await instantiateKernels(module, memory);
  const heap = new Heap(memory, main.heapBase() >>> 0);
  const pool = await createPool(module, heap, main, 3);
  const pointer = heap.allocate(elements * 4, 'values');
  pool.setScratch(heap.allocate(3 * 4096, 'scratch'), 4096);
  return { pool, main, pointer, values: () => new Float32Array(memory.buffer, pointer, elements) };
}

/** What dropout makes of ones: the same draws whoever runs it. */
function dropped(kernels: Pick<Kernels, 'dropout'>, pointer: number, values: Float32Array): Float32Array {
  values.fill(1);
  kernels.dropout(pointer, pointer, elements, 7, 3, 2 ** 31, 2, 0);
  return values.slice();
}

test('a call does not wait for threads that never wake', async () => {
  const { pool, main, pointer, values } = await poolOfThree();
  const alone = dropped(main, pointer, values());
  const shared = dropped(pool.kernels, pointer, values());
  pool.dispose();
  await new Promise((resolve) => setTimeout(resolve, 50));
  // As on a machine that gives the threads no time; a call that waited for each of them would hang here.
  const abandoned = dropped(pool.kernels, pointer, values());
  expect(new Set(alone).size).toBe(2);
  expect(
    [shared, abandoned].map((one) => Buffer.compare(Buffer.from(one.buffer), Buffer.from(alone.buffer))),
  ).toEqual([0, 0]);
});

/**
 * Threads over one shared WASM memory. A call is written to a control block and its outputs are cut into shares, which threads and
 * caller claim one after another: a thread that the machine holds up takes fewer, one that wakes too late takes none and nobody waits
 * for it. Results depend neither on the number of threads nor on who took what. Small calls stay on the caller's thread.
 */
import { fail } from '../core/assert';
import { ArkletError } from '../core/errors';
import type { Heap } from './heap';
import type { Kernels } from './kernels';
import { servePool, type PoolSetup } from './poolWorker';

/**
 * Words of the control block (i32): call number, shares done, kernel, arguments, scratch, its stride, ready, failed, and the claims:
 * call << 16 | shares << 8 | the next share. Who raises it by one from a state with shares left owns that share, and the call's other
 * words stay as they are until it is done.
 */
const control = {
  call: 0,
  done: 1,
  kernel: 2,
  arity: 3,
  scratch: 4,
  stride: 5,
  ready: 6,
  failed: 7,
  claims: 8,
} as const;
/** Shares a thread of a call, at most 255 in all: of equal ones the last to be taken ends late by one of them. */
const sharesEach = 4;
const mostShares = 255;
const controlBytes = 64 + 16 * 8;

/** Kernels that are shared out, and from which arguments on: true where the work pays for waking the others. */
const shared = {
  product: ([m, n, k]) => m! * n! * k! > 500_000,
  attention: ([, , , , rows]) => rows! >= 32,
  attentionBackward: ([, , , , , , , rows]) => rows! >= 32,
  attentionPaged: ([, , , , , , , , , rows, heads]) => rows! * heads! >= 64,
  crossEntropy: ([, , , rows, vocab]) => rows! > 1 && rows! * vocab! > 20_000,
  swiglu: ([, , rows, ffn]) => rows! > 1 && rows! * ffn! > 20_000,
  swigluBackward: ([, , , rows, ffn]) => rows! > 1 && rows! * ffn! > 20_000,
  rmsNorm: ([, , , rows, n]) => rows! > 1 && rows! * n! > 50_000,
  rmsNormBackward: ([, , , , rows, n]) => rows! > 1 && rows! * n! > 50_000,
  qkNorm: ([, , , , rows, heads, , d]) => rows! > 1 && rows! * heads! * d! > 50_000,
  qkNormBackward: ([, , , , , rows, heads, , d]) => rows! > 1 && rows! * heads! * d! > 50_000,
  rope: ([, , , , rows, heads, , d]) => rows! > 1 && rows! * heads! * d! > 50_000,
  scale: ([, n]) => n! > 50_000,
  softCap: ([, n]) => n! > 50_000,
  softCapBackward: ([, , n]) => n! > 50_000,
  dropout: ([, , n]) => n! > 50_000,
  adamw: ([, , , , n]) => n! > 50_000,
} satisfies { readonly [name in keyof Kernels]?: (values: readonly number[]) => boolean };

export interface Pool {
  /** The kernels, each on as many threads as it pays for. */
  readonly kernels: Kernels;
  /** Scratch of all threads: thread i's starts at pointer + i * bytesPerThread. */
  setScratch(pointer: number, bytesPerThread: number): void;
  /** Ends the threads. */
  dispose(): void;
}

interface Thread {
  terminate(): unknown;
}

/** Whether threads are possible here: shared memory, and workers that may have it. */
export function threadsAvailable(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  return typeof process === 'object' && process.versions?.node !== undefined
    ? true
    : globalThis.crossOriginIsolated && typeof Worker !== 'undefined';
}

async function startThread(setup: PoolSetup, onError: (cause: unknown) => void): Promise<Thread> {
  if (typeof Worker !== 'undefined') {
    const worker = new Worker(new URL('../../workers/cpuPool.worker.ts', import.meta.url), {
      type: 'module',
      name: 'cpu',
    });
    worker.onerror = (event) => onError(event.message);
    worker.postMessage(setup);
    return worker;
  }
  const { Worker: NodeWorker } = await import(/* @vite-ignore */ 'node:worker_threads');
  const code = `(${servePool.toString()})(require('node:worker_threads').workerData)`;
  const worker = new NodeWorker(code, { eval: true, workerData: setup });
  worker.on('error', onError);
  worker.unref();
  return worker;
}

/** Starts `count - 1` threads beside the caller. Throws ArkletError when they do not start within 20 s. */
export async function createPool(
  module: WebAssembly.Module,
  heap: Heap,
  main: Kernels,
  count: number,
): Promise<Pool> {
  const names = Object.keys(shared) as (keyof typeof shared)[];
  const pointer = heap.allocate(controlBytes, 'pool');
  const words = new Int32Array(heap.memory.buffer, pointer, 16);
  const values = new Float64Array(heap.memory.buffer, pointer + 64, 16);
  words.fill(0);
  let failure: unknown;
  const threads: Thread[] = [];
  const dispose = () => threads.forEach((thread) => void thread.terminate());
  for (let index = 1; index < count; index++) {
    const setup = { module, memory: heap.memory, control: pointer, index, names };
    threads.push(await startThread(setup, (cause) => (failure ??= cause)));
  }
  const deadline = performance.now() + 20_000;
  while (Atomics.load(words, control.ready) < count - 1) {
    if (failure !== undefined || performance.now() > deadline) {
      dispose();
      throw new ArkletError(
        `${count - 1 - Atomics.load(words, control.ready)} of ${count - 1} CPU threads did not start.`,
        'Use one thread.',
        { cause: failure },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** A window may not block; workers and Node may. */
  const mayWait = typeof window === 'undefined';

  const shares = Math.min(mostShares, count * sharesEach);

  function claim(): number | null {
    for (;;) {
      const claims = Atomics.load(words, control.claims);
      const share = claims & 255;
      if (share >= shares) return null;
      if (Atomics.compareExchange(words, control.claims, claims, claims + 1) === claims) return share;
    }
  }

  function run(kernel: number, args: readonly number[], own: (...args: number[]) => void): void {
    values.set(args);
    words[control.kernel] = kernel;
    words[control.arity] = args.length;
    Atomics.store(words, control.done, 0);
    // Before the call's number: who wakes by that finds the shares open.
    const call = Atomics.load(words, control.call) + 1;
    Atomics.store(words, control.claims, (call << 16) | (shares << 8));
    Atomics.store(words, control.call, call);
    Atomics.notify(words, control.call);
    let mine = 0;
    try {
      for (let share = claim(); share !== null; share = claim()) {
        mine++;
        main.setPart(share, shares);
        own(...args);
      }
    } finally {
      main.setPart(0, 1);
      // After a fault the shares that nobody began are dropped.
      while (claim() !== null) mine++;
      const others = shares - mine;
      let done = Atomics.load(words, control.done);
      for (let spin = 0; done < others; spin++) {
        if (spin > 4000 && mayWait) Atomics.wait(words, control.done, done, 1000);
        done = Atomics.load(words, control.done);
      }
    }
    if (Atomics.exchange(words, control.failed, 0) !== 0) {
      fail(`${names[kernel]} failed in a CPU thread.`);
    }
  }

  const kernels: Kernels = { ...main };
  names.forEach((name, kernel) => {
    const own: (...args: number[]) => void = main[name];
    const pays = shared[name];
    kernels[name] = (...args: number[]) => (pays(args) ? run(kernel, args, own) : own(...args));
  });
  return {
    kernels,
    setScratch(scratch, bytesPerThread) {
      main.setScratch(scratch);
      words[control.scratch] = scratch;
      words[control.stride] = bytesPerThread;
    },
    dispose,
  };
}

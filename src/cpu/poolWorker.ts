/** What a thread of the pool does: wait for a call, claim its shares one by one, say of each that it is done. */

/** Everything a thread needs to start. */
export interface PoolSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Byte address of the control block (see `control` in pool.ts). */
  readonly control: number;
  readonly index: number;
  readonly names: readonly string[];
}

/**
 * Serves calls without end; the thread ends by being terminated. It must not refer to anything outside itself: in Node its
 * text is run as a worker of its own.
 */
export function servePool(setup: PoolSetup): void {
  const { module, memory, control, index, names } = setup;
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const kernels = names.map((name) => exports[name] as (...values: number[]) => void);
  const setScratch = exports['setScratch'] as (pointer: number) => void;
  const setPart = exports['setPart'] as (index: number, count: number) => void;
  const words = new Int32Array(memory.buffer, control, 16);
  const values = new Float64Array(memory.buffer, control + 64, 16);
  let seen = 0;
  Atomics.add(words, 6, 1);
  for (;;) {
    for (let spin = 0; spin < 4000 && Atomics.load(words, 0) === seen; spin++);
    while (Atomics.load(words, 0) === seen) Atomics.wait(words, 0, seen);
    seen = Atomics.load(words, 0);
    for (;;) {
      const claims = Atomics.load(words, 8);
      const share = claims & 255;
      const shares = (claims >> 8) & 255;
      if (share >= shares) break;
      if (Atomics.compareExchange(words, 8, claims, claims + 1) !== claims) continue;
      try {
        setScratch(words[4]! + index * words[5]!);
        setPart(share, shares);
        kernels[words[2]!]!(...values.subarray(0, words[3]));
      } catch {
        Atomics.store(words, 7, 1);
      }
      Atomics.add(words, 1, 1);
      Atomics.notify(words, 1);
    }
  }
}

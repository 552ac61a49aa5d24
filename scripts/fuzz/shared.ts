/** What a lane and its worker both see, and the bounds of a case. */

/** Seconds of a processor that a case may take. */
export const secondsBound = 2;

/** Memory that the runtime takes whatever the file: code as it is compiled, and the young generation of its heap. */
const runtimeBytes = 32 * 2 ** 20;
/** How many times its own size a file may take. */
const timesBound = 10;

export const memoryBound = (bytes: number): number => timesBound * bytes + runtimeBytes;

/** Which case is run, and since when. */
export class Shared {
  readonly #numbers: Int32Array;
  readonly #times: Float64Array;
  readonly buffer: SharedArrayBuffer;

  constructor(buffer = new SharedArrayBuffer(16)) {
    this.buffer = buffer;
    this.#times = new Float64Array(buffer, 0, 1);
    this.#numbers = new Int32Array(buffer, 8, 2);
  }

  began(number: number): void {
    this.#times[0] = Date.now();
    Atomics.store(this.#numbers, 0, number);
    Atomics.store(this.#numbers, 1, 1);
  }

  ended(): void {
    Atomics.store(this.#numbers, 1, 0);
  }

  /** The case in hand, or the last one. */
  get number(): number {
    return Atomics.load(this.#numbers, 0);
  }

  get running(): boolean {
    return Atomics.load(this.#numbers, 1) === 1;
  }

  get seconds(): number {
    return this.running ? (Date.now() - this.#times[0]!) / 1000 : 0;
  }
}

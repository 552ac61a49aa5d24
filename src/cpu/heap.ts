/** An allocator over WASM memory: best fit among free blocks kept in order of address, 64-byte units, grown on demand. */
import { OutOfMemoryError } from '../core/errors';
import { maxPages, pageBytes } from './kernels';

const unit = 64;
/** Kernels may read (never use) a little past an array's end. */
const slack = 256;

interface Block {
  start: number;
  bytes: number;
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly #free: Block[] = [];
  readonly #held = new Map<number, number>();
  #end: number;
  #f32: Float32Array<ArrayBufferLike>;
  #u32: Uint32Array<ArrayBufferLike>;

  /** `base` is the first byte behind the module's static data. */
  constructor(memory: WebAssembly.Memory, base: number) {
    this.memory = memory;
    const start = roundUp(base, unit);
    this.#end = memory.buffer.byteLength;
    this.#free.push({ start, bytes: this.#end - slack - start });
    this.#f32 = new Float32Array(memory.buffer);
    this.#u32 = new Uint32Array(memory.buffer);
  }

  /** The whole memory as f32; element i is at byte 4 i. Not to be kept across an allocation. */
  get f32(): Float32Array<ArrayBufferLike> {
    this.#refresh();
    return this.#f32;
  }

  /** The whole memory as u32. Not to be kept across an allocation. */
  get u32(): Uint32Array<ArrayBufferLike> {
    this.#refresh();
    return this.#u32;
  }

  /** Bytes of WASM memory, in use or free. */
  get size(): number {
    return this.#end;
  }

  #refresh(): void {
    if (this.#f32.buffer === this.memory.buffer && this.#f32.length > 0) return;
    this.#f32 = new Float32Array(this.memory.buffer);
    this.#u32 = new Uint32Array(this.memory.buffer);
  }

  /** Pointer to `bytes` bytes with undefined contents, 64-byte aligned. Throws OutOfMemoryError. */
  allocate(bytes: number, label: string): number {
    const need = Math.max(unit, roundUp(bytes, unit));
    let best = this.#fit(need);
    if (best < 0) {
      this.#grow(need, label);
      best = this.#fit(need);
    }
    const block = this.#free[best]!;
    const { start } = block;
    if (block.bytes === need) this.#free.splice(best, 1);
    else {
      block.start += need;
      block.bytes -= need;
    }
    this.#held.set(start, need);
    return start;
  }

  release(pointer: number): void {
    const bytes = this.#held.get(pointer);
    if (bytes === undefined) throw new RangeError(`heap: nothing is held at ${pointer}`);
    this.#held.delete(pointer);
    this.#insert({ start: pointer, bytes });
  }

  #fit(need: number): number {
    let best = -1;
    for (let i = 0; i < this.#free.length; i++) {
      const { bytes } = this.#free[i]!;
      if (bytes >= need && (best < 0 || bytes < this.#free[best]!.bytes)) best = i;
    }
    return best;
  }

  #insert(block: Block): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle]!.start < block.start) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    if (before && before.start + before.bytes === block.start) {
      before.bytes += block.bytes;
      if (after && before.start + before.bytes === after.start) {
        before.bytes += after.bytes;
        this.#free.splice(low, 1);
      }
    } else if (after && block.start + block.bytes === after.start) {
      after.start = block.start;
      after.bytes += block.bytes;
    } else {
      this.#free.splice(low, 0, block);
    }
  }

  #grow(need: number, label: string): void {
    const tail = this.#free.at(-1);
    const open = tail && tail.start + tail.bytes === this.#end - slack ? tail.bytes : 0;
    // At least a sixteenth more, so that many small tensors do not grow it one by one.
    const wanted = Math.max(need - open, Math.min(this.#end / 16, 64 * 2 ** 20));
    const have = this.#end / pageBytes;
    const least = Math.ceil((need - open) / pageBytes);
    const pages = Math.max(least, Math.min(Math.ceil(wanted / pageBytes), maxPages - have));
    try {
      if (have + pages > maxPages) throw new RangeError('past 4 GiB');
      this.memory.grow(pages);
    } catch (cause) {
      throw new OutOfMemoryError(
        `${label}: ${need} bytes do not fit; WASM memory holds ${this.#end} bytes and reaches ${maxPages * pageBytes}.`,
        'Choose a smaller model, fewer sequences at once or a shorter context, or close other tabs.',
        { cause, details: { bytes: need, held: this.#end, limit: maxPages * pageBytes } },
      );
    }
    const before = this.#end;
    this.#end += pages * pageBytes;
    this.#insert({ start: before - slack, bytes: this.#end - before });
  }
}

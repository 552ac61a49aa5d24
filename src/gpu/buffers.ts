/** Storage buffers: counted by owner in a ledger, reused by size, destroyed with the pool. */
import { fail } from '../core/assert';
import { OutOfMemoryError } from '../core/errors';
import { Ledger } from '../core/ledger';

/** A buffer lent to someone; `id` is never used twice. */
export interface Allocation {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  readonly owner: string;
}

/** Ledger owner of buffers that wait to be used again. */
export const poolOwner = 'pool';

export class BufferPool {
  readonly ledger = new Ledger();
  readonly #device: GPUDevice;
  readonly #limit: number;
  readonly #keep: number;
  readonly #onDestroy: (allocation: Allocation) => void;
  readonly #free = new Map<number, Allocation[]>();
  readonly #live = new Map<number, Allocation>();
  #freeBytes = 0;
  #nextId = 1;
  #failure: OutOfMemoryError | null = null;

  /** `limit`: most bytes to hold; `keep`: most bytes to keep for reuse; `onDestroy` runs when a buffer goes for good. */
  constructor(
    device: GPUDevice,
    options: { limit: number; keep: number; onDestroy: (allocation: Allocation) => void },
  ) {
    this.#device = device;
    this.#limit = options.limit;
    this.#keep = options.keep;
    this.#onDestroy = options.onDestroy;
  }

  /** GPU buffers that exist now, lent or waiting. */
  get count(): number {
    let waiting = 0;
    for (const list of this.#free.values()) waiting += list.length;
    return this.#live.size + waiting;
  }

  /** A buffer of at least `bytes` (rounded up to 256). Throws OutOfMemoryError with what was asked for and held. */
  acquire(bytes: number, owner: string, label: string): Allocation {
    if (!Number.isFinite(bytes) || bytes < 0) fail(`${label}: ${bytes} bytes were asked for`);
    const size = Math.max(256, Math.ceil(bytes / 256) * 256);
    this.throwIfFailed();
    if (size > this.#device.limits.maxBufferSize) throw this.#outOfMemory(size, label);
    const waiting = this.#free.get(size)?.pop();
    if (waiting !== undefined) {
      this.#freeBytes -= size;
      this.ledger.remove(poolOwner, size);
      waiting.buffer.label = label;
      return this.#lend({ ...waiting, owner });
    }
    if (this.ledger.total + size > this.#limit) this.trim();
    if (this.ledger.total + size > this.#limit) throw this.#outOfMemory(size, label);
    this.#device.pushErrorScope('out-of-memory');
    const buffer = this.#device.createBuffer({
      label,
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#device.popErrorScope().then(
      (error) => {
        if (error !== null) this.#failure ??= this.#outOfMemory(size, label);
      },
      () => undefined, // the device is lost: `lost` says so
    );
    return this.#lend({ id: this.#nextId++, buffer, bytes: size, owner });
  }

  /** Gives a buffer back. Work recorded before runs before whatever uses it next, because the queue is in order. */
  release(allocation: Allocation): void {
    if (!this.#live.delete(allocation.id)) return;
    this.ledger.remove(allocation.owner, allocation.bytes);
    if (allocation.bytes + this.#freeBytes > this.#keep) {
      this.#onDestroy(allocation);
      return;
    }
    const list = this.#free.get(allocation.bytes);
    if (list === undefined) this.#free.set(allocation.bytes, [allocation]);
    else list.push(allocation);
    this.#freeBytes += allocation.bytes;
    this.ledger.add(poolOwner, allocation.bytes);
  }

  /** Destroys the buffers that wait for reuse. */
  trim(): void {
    for (const list of this.#free.values()) {
      for (const allocation of list) {
        this.ledger.remove(poolOwner, allocation.bytes);
        this.#onDestroy(allocation);
      }
    }
    this.#free.clear();
    this.#freeBytes = 0;
  }

  /** Destroys everything. */
  dispose(): void {
    this.trim();
    for (const allocation of this.#live.values()) {
      this.ledger.remove(allocation.owner, allocation.bytes);
      allocation.buffer.destroy();
    }
    this.#live.clear();
  }

  /** An allocation that the driver refused after the fact is thrown at the next chance. */
  throwIfFailed(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  #lend(allocation: Allocation): Allocation {
    this.#live.set(allocation.id, allocation);
    this.ledger.add(allocation.owner, allocation.bytes);
    return allocation;
  }

  #outOfMemory(asked: number, label: string): OutOfMemoryError {
    const held = this.ledger.total;
    return new OutOfMemoryError(
      `No GPU memory for ${label}: ${asked} bytes asked for, ${held} held, at most ${Math.min(this.#limit, this.#device.limits.maxBufferSize)} in one buffer.`,
      'Choose a smaller model, a shorter context, a smaller batch or 4-bit weights.',
      { details: { asked, held } },
    );
  }
}

/** Storage buffers: counted by owner in a ledger, reused by size, destroyed with the pool. */
import { fail } from '../core/assert';
import { OutOfMemoryError } from '../core/errors';
import { Ledger } from '../core/ledger';
import { reserveBuffer, type Reserved } from './reserve';

/** A buffer lent to someone; `id` is never used twice. */
export interface Allocation extends Reserved {
  readonly id: number;
  readonly bytes: number;
  readonly owner: string;
}

/** What to do where the device has too little memory. */
const smallerHint = 'Choose a smaller model, a shorter context, a smaller batch or 4-bit weights.';

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
  /** Buffers whose refusal, if any, was not thrown by `settle` yet. */
  readonly #pending = new Set<Allocation>();

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

  /**
   * A buffer of at least `bytes` (rounded up to 256). Throws OutOfMemoryError with what was asked for and held; what the
   * driver refuses later is `settle`'s, and nothing recorded with it runs.
   */
  acquire(bytes: number, owner: string, label: string): Allocation {
    if (!Number.isFinite(bytes) || bytes < 0) fail(`${label}: ${bytes} bytes were asked for`);
    const size = Math.max(256, Math.ceil(bytes / 256) * 256);
    if (size > this.#device.limits.maxBufferSize) throw this.outOfMemory(size, label);
    const waiting = this.#free.get(size)?.pop();
    if (waiting !== undefined) {
      this.#freeBytes -= size;
      this.ledger.remove(poolOwner, size);
      waiting.buffer.label = label;
      return this.#lend(Object.assign(waiting, { owner }));
    }
    if (this.ledger.total + size > this.#limit) this.trim();
    if (this.ledger.total + size > this.#limit) throw this.outOfMemory(size, label);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const reserved = reserveBuffer(this.#device, { label, size, usage }, () => this.outOfMemory(size, label));
    const allocation = Object.assign(reserved, { id: this.#nextId++, bytes: size, owner });
    this.#pending.add(allocation);
    return this.#lend(allocation);
  }

  /** Waits for the driver's word on every buffer lent. Throws OutOfMemoryError for the first that it refused, once for all. */
  async settle(): Promise<void> {
    const pending = [...this.#pending];
    await Promise.all(pending.map(({ ready }) => ready));
    for (const allocation of pending) this.#pending.delete(allocation);
    const refused = pending.filter(({ id, refusal }) => refusal !== null && this.#live.has(id));
    for (const allocation of refused) allocation.reported = true;
    const refusal = refused[0]?.refusal;
    if (!refusal) return;
    this.trim();
    throw refusal;
  }

  /** Gives a buffer back. Work recorded before runs before whatever uses it next, because the queue is in order. */
  release(allocation: Allocation): void {
    if (!this.#live.delete(allocation.id)) return;
    this.ledger.remove(allocation.owner, allocation.bytes);
    this.#pending.delete(allocation);
    // A buffer that the driver may yet refuse is not for others.
    if (allocation.state !== 'ready' || allocation.bytes + this.#freeBytes > this.#keep) {
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

  #lend(allocation: Allocation): Allocation {
    this.#live.set(allocation.id, allocation);
    this.ledger.add(allocation.owner, allocation.bytes);
    return allocation;
  }

  /** The error for bytes that could not be had. */
  outOfMemory(asked: number, label: string): OutOfMemoryError {
    const held = this.ledger.total;
    return new OutOfMemoryError(
      `No GPU memory for ${label}: ${asked} bytes asked for, ${held} held, at most ${Math.min(this.#limit, this.#device.limits.maxBufferSize)} in one buffer.`,
      smallerHint,
      { details: { asked, held } },
    );
  }
}

/** Buffers that the page reads from, kept for the next read of about their size. */
import type { BufferPool } from './buffers';
import { reserveBuffer, type Reserved } from './reserve';

const most = 8;

export class Staging {
  readonly #device: GPUDevice;
  readonly #pool: BufferPool;
  readonly #free: Reserved[] = [];

  constructor(device: GPUDevice, pool: BufferPool) {
    this.#device = device;
    this.#pool = pool;
  }

  take(bytes: number): Reserved {
    const at = this.#free.findIndex(({ buffer }) => buffer.size >= bytes && buffer.size <= 4 * bytes + 4096);
    const found = at < 0 ? undefined : this.#free.splice(at, 1)[0];
    while (this.#free.length > most) this.#free.shift()?.buffer.destroy();
    if (found) return found;
    const descriptor = {
      label: 'read back',
      size: Math.ceil(bytes / 256) * 256,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    };
    return reserveBuffer(this.#device, descriptor, () => this.#pool.outOfMemory(bytes, 'what is read back'));
  }

  /** Gives an unmapped buffer back. */
  give(buffer: Reserved): void {
    if (buffer.state === 'ready') this.#free.push(buffer);
  }

  dispose(): void {
    for (const { buffer } of this.#free) buffer.destroy();
    this.#free.length = 0;
  }
}

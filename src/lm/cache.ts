/**
 * Paged key-value cache (after vLLM, arXiv 2309.06180): blocks of `blockSize` positions, counted by reference; full
 * blocks of a common prompt prefix are shared by the sequences that are in flight together.
 */
import type { Backend, Tensor } from '../compute/ops';
import { OutOfMemoryError } from '../core/errors';
import type { LanguageModel } from './types';

/** A block of positions. Shared blocks are filled once; `fill` counts the positions computed or being computed. */
export interface Block {
  readonly index: number;
  /** Unique over time: an index is used again, a serial is not. */
  readonly serial: number;
  /** Under which it can be found by other sequences; null for a private block. */
  readonly key: string | null;
  references: number;
  fill: number;
  /** The sequence that is filling it; null when that one has gone. */
  writer: object | null;
}

/** Which blocks are in use. Knows nothing of tensors. */
export class BlockPool {
  readonly blockSize: number;
  #capacity = 0;
  #serial = 0;
  readonly #free: number[] = [];
  readonly #shared = new Map<string, Block>();

  constructor(blockSize: number) {
    this.blockSize = blockSize;
  }

  /** Blocks that exist. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Blocks in use. */
  get used(): number {
    return this.#capacity - this.#free.length;
  }

  grow(capacity: number): void {
    for (let index = this.#capacity; index < capacity; index++) this.#free.push(index);
    this.#capacity = Math.max(this.#capacity, capacity);
  }

  /**
   * Blocks for a sequence of at most `tokens` positions whose prompt is `prompt`. Full blocks before the prompt's last
   * token are shared. Returns the number of blocks lacking when there are too few.
   */
  acquire(prompt: readonly number[], tokens: number, owner: object): Block[] | number {
    const count = Math.ceil(tokens / this.blockSize);
    const sharable = Math.floor((prompt.length - 1) / this.blockSize);
    const blocks: Block[] = [];
    let parent = -1;
    for (let b = 0; b < Math.min(sharable, count); b++) {
      const key = this.#key(parent, prompt, b);
      const found = this.#shared.get(key);
      if (!found) break;
      blocks.push(found);
      parent = found.serial;
    }
    const lacking = count - blocks.length - this.#free.length;
    if (lacking > 0) return lacking;
    for (const block of blocks) block.references++;
    for (let b = blocks.length; b < count; b++) {
      const key = b < sharable ? this.#key(parent, prompt, b) : null;
      const block: Block = {
        index: this.#free.pop()!,
        serial: this.#serial++,
        key,
        references: 1,
        fill: 0,
        writer: owner,
      };
      if (key !== null) this.#shared.set(key, block);
      parent = block.serial;
      blocks.push(block);
    }
    return blocks;
  }

  release(blocks: readonly Block[], owner: object): void {
    for (const block of blocks) {
      if (block.writer === owner) block.writer = null;
      if (--block.references > 0) continue;
      if (block.key !== null) this.#shared.delete(block.key);
      this.#free.push(block.index);
    }
  }

  #key(parent: number, prompt: readonly number[], block: number): string {
    const start = block * this.blockSize;
    return `${parent}:${prompt.slice(start, start + this.blockSize).join(',')}`;
  }
}

/** The cache's tensors: per layer k and v [slots, kvHeads * headDim]. Grows on demand, keeping its contents. */
export class KvCache {
  kCaches: Tensor[] = [];
  vCaches: Tensor[] = [];
  readonly #model: LanguageModel;
  readonly #backend: Backend;
  readonly #owner: string;
  #slots = 0;

  constructor(model: LanguageModel, owner: string) {
    this.#model = model;
    this.#backend = model.backend;
    this.#owner = owner;
  }

  /** Bytes of one position over all layers. */
  static bytesPerToken(model: LanguageModel): number {
    const { layers, kvHeads, headDim } = model.config;
    return 2 * layers * kvHeads * headDim * 4;
  }

  /** Makes room for `slots` positions. Throws OutOfMemoryError; what is there stays usable then. */
  async grow(slots: number): Promise<void> {
    if (slots <= this.#slots) return;
    const { layers, kvHeads, headDim } = this.#model.config;
    const width = kvHeads * headDim;
    const oldSize = this.#slots * width;
    for (const caches of [this.kCaches, this.vCaches]) {
      for (let layer = 0; layer < layers; layer++) {
        const label = `${caches === this.kCaches ? 'k' : 'v'} cache ${layer}`;
        const old = caches[layer];
        // An attempt that was refused half way has left larger ones.
        if (old && old.size >= slots * width) continue;
        const grown = await this.#allocate([slots, width], label);
        if (old) {
          this.#backend.copy({ x: old, y: grown, size: oldSize });
          this.#backend.release(old);
        }
        caches[layer] = grown;
      }
    }
    await this.#backend.finish();
    this.#slots = slots;
  }

  /** Memory that the device has granted. Where it refuses, the old caches' release is waited for and it is asked again. */
  async #allocate(shape: readonly number[], label: string): Promise<Tensor> {
    for (let attempt = 0; ; attempt++) {
      const tensor = this.#backend.tensor(shape, { owner: this.#owner, label });
      try {
        await this.#backend.settle();
        return tensor;
      } catch (error) {
        this.#backend.release(tensor);
        if (!(error instanceof OutOfMemoryError) || attempt > 0) throw error;
        await this.#backend.finish();
      }
    }
  }

  dispose(): void {
    this.#backend.release(...this.kCaches, ...this.vCaches);
    this.kCaches = [];
    this.vCaches = [];
    this.#slots = 0;
  }
}

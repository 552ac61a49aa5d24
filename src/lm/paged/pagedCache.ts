/**
 * The cache of a generator: blocks are taken as tokens come, over memory that grows as blocks are needed, up to a bound. What a
 * sequence is given never depends on what was kept: a position has the same bits in whatever batch it was computed (mode "generate").
 */
import { OutOfMemoryError } from '../../core/errors';
import { BlockPool, grownBlocks, type Block } from './blockPool';
import { KvCache } from '../cache';
import type { Sequence } from '../sequence';
import type { LanguageModel, LoraAdapter } from '../types';

export class PagedCache {
  readonly tensors: KvCache;
  readonly #pool: BlockPool;
  #maxBlocks: number;
  readonly #scopes = new WeakMap<LoraAdapter, string>();
  #adapters = 0;

  constructor(model: LanguageModel, options: { blockSize: number; tokens: number; owner: string }) {
    const { blockSize, tokens, owner } = options;
    this.#pool = new BlockPool(blockSize);
    this.#maxBlocks = Math.max(1, Math.floor(tokens / blockSize));
    this.tensors = new KvCache(model, owner);
  }

  get blockSize(): number {
    return this.#pool.blockSize;
  }

  /** Most positions that it may hold. */
  get positions(): number {
    return this.#maxBlocks * this.#pool.blockSize;
  }

  /**
   * Room for all tokens of a sequence. False when it has to wait for one of `running` others; throws OutOfMemoryError when there is
   * none to wait for.
   */
  async admit(sequence: Sequence, running: number): Promise<boolean> {
    // Where the memory can no longer grow, those that run are left a block each.
    const spare = this.#pool.capacity >= this.#maxBlocks ? running : 0;
    const take = (): Block[] | number =>
      this.#pool.acquire(this.#scope(sequence), sequence.ids, sequence, spare);
    let blocks = take();
    if (typeof blocks === 'number' && (await this.#grow(blocks, sequence, running === 0))) blocks = take();
    if (typeof blocks === 'number') return false;
    sequence.blocks = blocks;
    return true;
  }

  /** Room for the sequence's newest token. False when another has to make room; throws OutOfMemoryError when it is `alone`. */
  async extend(sequence: Sequence, alone: boolean): Promise<boolean> {
    return this.#take(sequence, sequence.ids.length, alone);
  }

  /** Room for so many positions of the sequence, as far as it is to be had without another giving way. */
  async reserve(sequence: Sequence, positions: number): Promise<void> {
    await this.#take(sequence, positions, false);
  }

  async #take(sequence: Sequence, positions: number, now: boolean): Promise<boolean> {
    while (sequence.blocks.length * this.blockSize < positions) {
      const block = (): Block | null => this.#pool.more(this.#scope(sequence), sequence);
      const added = block() ?? ((await this.#grow(1, sequence, now)) ? block() : null);
      if (!added) return false;
      sequence.blocks = [...sequence.blocks, added];
    }
    return true;
  }

  release(sequence: Sequence): void {
    const { blocks, ids, next } = sequence;
    sequence.blocks = [];
    this.#pool.release(blocks, sequence, ids, next);
  }

  /** Forgets what was kept: what an adapter computed, or everything where it may be wrong. */
  forget(adapter?: LoraAdapter): void {
    if (!adapter) this.#pool.forget();
    else this.#pool.forget(this.#scopes.get(adapter) ?? '');
  }

  dispose(): void {
    this.tensors.dispose();
  }

  #scope({ adapter }: Sequence): string {
    if (!adapter) return 'base';
    const known = this.#scopes.get(adapter);
    if (known !== undefined) return known;
    const scope = `adapter ${this.#adapters++}`;
    this.#scopes.set(adapter, scope);
    return scope;
  }

  /** Enlarges the memory by at least `lacking` blocks; false when there is no more. Throws OutOfMemoryError where it is needed `now`. */
  async #grow(lacking: number, { limit }: Sequence, now: boolean): Promise<boolean> {
    const { capacity, blockSize } = this.#pool;
    const needed = capacity + lacking;
    if (needed > this.#maxBlocks) {
      if (!now) return false;
      // With nothing to wait for: memory has become less than what was promised.
      throw new OutOfMemoryError(
        `The cache holds ${this.positions} tokens; ${limit} were asked for.`,
        'Ask for fewer tokens, or free memory.',
      );
    }
    const wanted = Math.min(this.#maxBlocks, grownBlocks(capacity, needed));
    for (const blocks of wanted > needed ? [wanted, needed] : [needed]) {
      try {
        await this.tensors.grow(blocks * blockSize);
        this.#pool.grow(blocks);
        return true;
      } catch (error) {
        if (!(error instanceof OutOfMemoryError)) throw error;
        if (blocks > needed) continue;
        if (now) throw error;
        this.#maxBlocks = Math.max(1, capacity);
      }
    }
    return false;
  }
}

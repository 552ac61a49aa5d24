/**
 * Blocks of the paged key-value cache (after vLLM, arXiv 2309.06180), counted by reference. A whole block is known by all tokens up
 * to its end: sequences in flight share it, and when the last of them has gone it stays for later ones until its room is needed,
 * the longest unused first. Knows nothing of tensors.
 */

/** A block of positions; `fill` counts the positions computed or being computed. */
export interface Block {
  readonly index: number;
  /** Unique over time: an index is used again, a serial is not. */
  readonly serial: number;
  /** What its contents depend on beside the tokens: the adapter. */
  readonly scope: string;
  /** Under which it can be found by other sequences; null for a private block. */
  key: string | null;
  references: number;
  fill: number;
  /** The sequence that is filling it; null when that one has gone. */
  writer: object | null;
  /** Whether it outlived a sequence. */
  kept: boolean;
}

/** Blocks that a cache begins with, so that a first reply does not grow it every few tokens. */
const least = 8;
/** Blocks up to which it doubles when it grows; from there on it gains a quarter, so that little of it stays empty. */
const doubled = 128;

/** Blocks of a cache that has so many and needs more. */
export function grownBlocks(capacity: number, needed: number): number {
  const step = Math.min(2 * capacity, Math.max(doubled, Math.ceil(1.25 * capacity)));
  return Math.max(needed, least, step);
}

export class BlockPool {
  readonly blockSize: number;
  #capacity = 0;
  #serial = 0;
  readonly #free: number[] = [];
  readonly #known = new Map<string, Block>();
  /** Blocks that no sequence holds, by serial, the longest unused first. */
  readonly #kept = new Map<number, Block>();

  constructor(blockSize: number) {
    this.blockSize = blockSize;
  }

  /** Blocks that exist. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Blocks that sequences hold. */
  get used(): number {
    return this.#capacity - this.available;
  }

  /** Blocks to be had: empty ones, and those that are only kept. */
  get available(): number {
    return this.#free.length + this.#kept.size;
  }

  grow(capacity: number): void {
    for (let index = this.#capacity; index < capacity; index++) this.#free.push(index);
    this.#capacity = Math.max(this.#capacity, capacity);
  }

  /**
   * Blocks for the tokens of a sequence. Whole blocks before its last token are shared. Returns the number of blocks lacking
   * when there are too few, with `spare` more to be left over.
   */
  acquire(scope: string, ids: readonly number[], owner: object, spare = 0): Block[] | number {
    const count = Math.ceil(ids.length / this.blockSize);
    const sharable = Math.floor((ids.length - 1) / this.blockSize);
    const blocks: Block[] = [];
    while (blocks.length < sharable) {
      const found = this.#known.get(this.#key(scope, blocks.at(-1), ids, blocks.length));
      if (!found) break;
      blocks.push(found);
    }
    const idle = blocks.filter(({ references }) => references === 0).length;
    const lacking = count - blocks.length + spare - (this.available - idle);
    if (lacking > 0) return lacking;
    for (const block of blocks) {
      block.references++;
      this.#kept.delete(block.serial);
    }
    while (blocks.length < count) {
      const b = blocks.length;
      const key = b < sharable ? this.#key(scope, blocks.at(-1), ids, b) : null;
      blocks.push(this.#take(scope, key, owner));
    }
    return blocks;
  }

  /** A private block; null when there is none. */
  more(scope: string, owner: object): Block | null {
    return this.available > 0 ? this.#take(scope, null, owner) : null;
  }

  /** Gives the blocks of a sequence back, of whose `ids` the first `computed` are in them. */
  release(blocks: readonly Block[], owner: object, ids: readonly number[], computed: number): void {
    this.#name(blocks, ids, computed);
    // The end of a text is of less use than its beginning.
    for (const block of [...blocks].reverse()) {
      if (block.writer === owner) block.writer = null;
      if (--block.references > 0) continue;
      if (block.key !== null && block.fill === this.blockSize) {
        block.kept = true;
        this.#kept.set(block.serial, block);
      } else this.#drop(block);
    }
  }

  /** Forgets what is kept, of one scope or of all. */
  forget(scope?: string): void {
    for (const block of [...this.#kept.values()]) {
      if (scope !== undefined && block.scope !== scope) continue;
      this.#kept.delete(block.serial);
      this.#drop(block);
    }
  }

  /** Makes whole private blocks known, unless others with the same tokens are. */
  #name(blocks: readonly Block[], ids: readonly number[], computed: number): void {
    let parent: Block | undefined;
    for (const [b, block] of blocks.entries()) {
      if ((b + 1) * this.blockSize > computed) return;
      const key = block.key ?? this.#key(block.scope, parent, ids, b);
      const known = this.#known.get(key);
      if (!known) {
        block.key = key;
        block.fill = this.blockSize;
        this.#known.set(key, block);
      }
      parent = known ?? block;
    }
  }

  #take(scope: string, key: string | null, owner: object): Block {
    const block: Block = {
      index: this.#free.pop() ?? this.#oldest(),
      serial: this.#serial++,
      scope,
      key,
      references: 1,
      fill: 0,
      writer: owner,
      kept: false,
    };
    if (key !== null) this.#known.set(key, block);
    return block;
  }

  /** The index of the block that is longest unused, which is forgotten. */
  #oldest(): number {
    const [block] = this.#kept.values();
    if (!block) throw new RangeError('no block is free');
    this.#kept.delete(block.serial);
    if (block.key !== null) this.#known.delete(block.key);
    return block.index;
  }

  #drop(block: Block): void {
    if (block.key !== null) this.#known.delete(block.key);
    this.#free.push(block.index);
  }

  #key(scope: string, parent: Block | undefined, ids: readonly number[], block: number): string {
    const start = block * this.blockSize;
    return `${parent?.serial ?? scope}:${ids.slice(start, start + this.blockSize).join(',')}`;
  }
}

import { describe, expect, it } from 'vitest';
import { BlockPool, type Block } from '../../../../src/lm/paged/blockPool';

/** The blocks, where there were enough. */
function taken(blocks: Block[] | number): Block[] {
  if (typeof blocks === 'number') throw new Error(`${blocks} blocks are lacking`);
  return blocks;
}

function pool(capacity: number): BlockPool {
  const made = new BlockPool(4);
  made.grow(capacity);
  return made;
}

const text = (from: number, length: number): number[] => Array.from({ length }, (_, i) => from + i);

/** A sequence that computed all of its tokens. */
function run(on: BlockPool, ids: number[], scope = 'base'): Block[] {
  const owner = {};
  const blocks = taken(on.acquire(scope, ids, owner));
  for (const block of blocks) if (block.key !== null) block.fill = 4;
  on.release(blocks, owner, ids, ids.length);
  return blocks;
}

describe('blocks of a paged cache', () => {
  it('outlive their sequence under the tokens before them, a reply’s too', () => {
    const on = pool(8);
    // 10 tokens, of which a prompt of 5 shares one block; the second block is known once it is whole.
    const [first, second] = run(on, text(0, 10));
    expect(on.used).toBe(0);
    const again = taken(on.acquire('base', [...text(0, 8), 99, 98], {}));
    expect(again.slice(0, 2)).toEqual([first, second]);
    expect(again.map(({ kept }) => kept)).toEqual([true, true, false]);
    expect(on.used).toBe(3);
  });

  it('are not found after other tokens, by another adapter, or for the last token of a prompt', () => {
    const on = pool(16);
    const [first] = run(on, text(0, 9));
    const other = taken(on.acquire('base', [7, ...text(1, 8)], {}));
    expect(other.some(({ kept }) => kept)).toBe(false);
    expect(taken(on.acquire('adapter 0', text(0, 9), {})).some(({ kept }) => kept)).toBe(false);
    // Its logits are wanted, so the last token has to be computed.
    expect(taken(on.acquire('base', text(0, 8), {})).map((block) => block === first)).toEqual([true, false]);
  });

  it('are given away longest unused first, the end of a text before its beginning', () => {
    const on = pool(6);
    const [a, b] = run(on, text(0, 9));
    run(on, text(100, 5));
    // 3 blocks are free; the fourth is the end of the older text.
    const much = taken(on.acquire('base', text(200, 16), {}));
    expect(much).toHaveLength(4);
    expect(much.map(({ index }) => index)).toContain(b!.index);
    expect(much.map(({ index }) => index)).not.toContain(a!.index);
    expect(taken(on.acquire('base', text(0, 5), {}))[0]).toBe(a);
  });

  it('that are kept count as free, but not twice for who shares them', () => {
    const on = pool(3);
    run(on, text(0, 9));
    expect(on.available).toBe(3);
    // Two are shared, one is left for the rest: two more are lacking.
    expect(on.acquire('base', text(0, 20), {})).toBe(2);
    expect(on.acquire('base', text(0, 9), {}, 1)).toBe(1);
    expect(on.acquire('base', text(0, 9), {})).toHaveLength(3);
  });

  it('whose positions were not all computed are not kept', () => {
    const on = pool(4);
    const owner = {};
    const blocks = taken(on.acquire('base', text(0, 12), owner));
    blocks[0]!.fill = 4;
    blocks[1]!.fill = 2;
    on.release(blocks, owner, text(0, 12), 6);
    const again = taken(on.acquire('base', text(0, 12), {}));
    expect(again.map(({ kept, fill }) => [kept, fill])).toEqual([[true, 4], [false, 0], [false, 0]]); // prettier-ignore
  });

  it('are forgotten by scope', () => {
    const on = pool(8);
    run(on, text(0, 5));
    run(on, text(0, 5), 'adapter 0');
    on.forget('adapter 0');
    expect(taken(on.acquire('adapter 0', text(0, 5), {}))[0]?.kept).toBe(false);
    expect(taken(on.acquire('base', text(0, 5), {}))[0]?.kept).toBe(true);
  });

  it('of two sequences with the same reply are kept once, and what follows them is found', () => {
    const on = pool(8);
    const owners = [{}, {}];
    const ids = text(0, 13);
    const both = owners.map((owner) => taken(on.acquire('base', text(0, 3), owner)));
    owners.forEach((owner, i) => {
      for (let b = 1; b < 4; b++) both[i]!.push(on.more('base', owner)!);
    });
    owners.forEach((owner, i) => on.release(both[i]!, owner, ids, ids.length - 1));
    const found = taken(on.acquire('base', ids, {}));
    expect(found.slice(0, 3)).toEqual(both[0]!.slice(0, 3));
    expect(on.available).toBe(4);
  });
});

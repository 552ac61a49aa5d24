/** Cases of rotary embedding and attention. */
import { hashKey, uniform } from '../core/rng';
import { elementwise, halves, opCase, products, type OpCase, type Maker } from './opCase';
import type { AttentionShape, HeadShape, RotaryTables, Tensor } from './ops';

/** Heads of which a part is rotated. */
type Turned = { readonly rotated?: number };

function rotary(make: Maker, positions: number, { headDim, rotated }: HeadShape & Turned): RotaryTables {
  const half = (rotated ?? headDim) / 2;
  const cos = make.empty('cos', [positions, half]);
  const sin = make.empty('sin', [positions, half]);
  const angles = Float64Array.from(
    { length: positions * half },
    (_, i) => Math.floor(i / half) * 10_000 ** (-(i % half) / half),
  );
  make.backend.write(cos, Float32Array.from(angles, Math.cos));
  make.backend.write(sin, Float32Array.from(angles, Math.sin));
  return { cos, sin, ...(rotated === undefined ? {} : { rotated }) };
}

/** ", scale 0.3, cap 30, window 8" of those that the shape has. */
const scoresOf = ({ scale, softCap, window, rotated }: AttentionShape & Turned): string =>
  Object.entries({ scale, cap: softCap, window, rotated })
    .map(([name, value]) => (value === undefined ? '' : `, ${name} ${value}`))
    .join('');

/** [first row, end] of each row's document. */
function documentEnds(rows: number, lengths: number | readonly number[]): number[][] {
  const list =
    typeof lengths === 'number' ? Array.from({ length: Math.ceil(rows / lengths) }, () => lengths) : lengths;
  let start = 0;
  return list.flatMap((length) => {
    const document = [start, (start = Math.min(rows, start + length))];
    return Array.from({ length: document[1]! - document[0]! }, () => document);
  });
}

function shuffled<T>(list: readonly T[], seed: string): T[] {
  const key = hashKey('shuffled', seed);
  return list
    .map((value, i) => ({ value, order: uniform(key, i) }))
    .sort((one, other) => one.order - other.order)
    .map(({ value }) => value);
}

/** Rows that go into a paged cache and attend through its block table, [sequences, maxBlocks]. */
function pagedCase(
  variant: string,
  heads: AttentionShape & Turned,
  pages: {
    readonly rows: readonly { readonly sequence: number; readonly position: number }[];
    readonly table: readonly number[];
    readonly maxBlocks: number;
    readonly blockSize: number;
    /** Caches of pairs of f16. */
    readonly half?: boolean;
    /** Rows see so many keys that they may be split. */
    readonly long?: boolean;
  },
): OpCase {
  const { table, maxBlocks, blockSize, half = false } = pages;
  const rows = pages.rows.length;
  return opCase(
    ['ropeAndCache', 'attentionPaged', ...(pages.long === true ? ['attentionMerge'] : [])],
    `${variant}${scoresOf(heads)}`,
    [rows, heads.heads, heads.kvHeads, heads.headDim],
    half ? halves : products,
    null,
    (make) => {
      const cached = table.length * blockSize;
      const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
      const u32 = (label: string, values: readonly number[]): Tensor => make.u32(label, [rows], values);
      const qkv = make.f32('qkv', [rows, width], 2);
      const positions = u32('positions', pages.rows.map(({ position }) => position)); // prettier-ignore
      const sequences = u32('sequences', pages.rows.map(({ sequence }) => sequence)); // prettier-ignore
      const slots = u32(
        'slots',
        pages.rows.map(({ sequence, position }) => {
          const block = table[sequence * maxBlocks + Math.floor(position / blockSize)]!;
          return block * blockSize + (position % blockSize);
        }),
      );
      const blockTable = make.u32('block table', [table.length / maxBlocks, maxBlocks], table);
      const tables = rotary(make, Math.max(...pages.rows.map(({ position }) => position)) + 1, heads);
      const cache = (label: string): Tensor => {
        const shape = [cached, (heads.kvHeads * heads.headDim) / (half ? 2 : 1)];
        if (!half) return make.f32(label, shape);
        return make.u32(label, shape, new Uint32Array(cached * shape[1]!));
      };
      const [kCache, vCache] = [cache('k cache'), cache('v cache')];
      const out = make.empty('out', [rows, heads.heads * heads.headDim]);
      return {
        record: () => {
          make.backend.ropeAndCache({ ...heads, qkv, positions, slots, tables, kCache, vCache, rows });
          make.backend.attentionPaged({
            ...heads,
            qkv,
            kCache,
            vCache,
            out,
            sequences,
            positions,
            blockTable,
            maxBlocks,
            blockSize,
            rows,
          });
        },
        // Bits of pairs are no numbers to compare.
        outputs: half ? [qkv, out] : [qkv, kCache, vCache, out],
      };
    },
  );
}

export const attentionCases = {
  rope: (rows: number, heads: HeadShape & Turned): OpCase =>
    opCase(
      ['rope'],
      `forward and inverse${scoresOf(heads)}`,
      [rows, heads.heads, heads.kvHeads, heads.headDim],
      elementwise,
      null,
      (make) => {
        const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
        const qkv = make.f32('qkv', [rows, width]);
        const back = make.f32('back', [rows, width]);
        const positions = make.u32(
          'positions',
          [rows],
          Array.from({ length: rows }, (_, i) => (i * 3) % 50),
        );
        const tables = rotary(make, 50, heads);
        return {
          record: () => {
            make.backend.rope({ ...heads, qkv, positions, tables, rows });
            make.backend.rope({ ...heads, qkv: back, positions, tables, rows, inverse: true });
          },
          outputs: [qkv, back],
        };
      },
    ),

  /** Rows packed as documents of up to `lengths` rows, or of each of these lengths. */
  attention: (rows: number, heads: AttentionShape, lengths: number | readonly number[]): OpCase =>
    opCase(
      ['attention', 'attentionBackwardQuery', 'attentionBackwardKey'],
      `documents of ${typeof lengths === 'number' ? lengths : lengths.join(', ')}${scoresOf(heads)}`,
      [rows, heads.heads, heads.kvHeads, heads.headDim],
      products,
      null,
      (make) => {
        const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
        const documents = make.u32('documents', [rows, 2], documentEnds(rows, lengths).flat());
        const qkv = make.f32('qkv', [rows, width], 2);
        const out = make.empty('out', [rows, heads.heads * heads.headDim]);
        const lse = make.empty('lse', [rows, heads.heads]);
        const dout = make.f32('dout', [rows, heads.heads * heads.headDim]);
        const delta = make.empty('delta', [rows, heads.heads]);
        const dqkv = make.empty('dqkv', [rows, width]);
        return {
          record: () => {
            make.backend.attention({ ...heads, qkv, documents, out, lse, rows });
            make.backend.attentionBackward({ ...heads, qkv, documents, out, lse, dout, delta, dqkv, rows });
          },
          outputs: [out, lse, dqkv],
        };
      },
    ),

  /** Two sequences whose rows interleave, blocks in reverse order; prefill of all positions at once. */
  attentionPaged: (
    positionsEach: number,
    heads: AttentionShape & Turned,
    blockSize: number,
    half = false,
  ): OpCase => {
    const rows = Array.from({ length: 2 * positionsEach }, (_, t) => ({ sequence: t % 2, position: t >> 1 }));
    const maxBlocks = Math.ceil(positionsEach / blockSize);
    const table = Array.from({ length: 2 * maxBlocks }, (_, i) => 2 * maxBlocks - 1 - i);
    const variant = `blocks of ${blockSize}${half ? ', f16' : ''}`;
    return pagedCase(variant, heads, { rows, table, maxBlocks, blockSize, half });
  },

  /** Sequences of these lengths, rows and blocks in a shuffled order; the shorter ones leave blocks unused. */
  attentionPagedUneven: (lengths: readonly number[], heads: AttentionShape, blockSize: number): OpCase => {
    const rows = lengths.flatMap((length, sequence) =>
      Array.from({ length }, (_, position) => ({ sequence, position })),
    );
    const maxBlocks = Math.ceil(Math.max(...lengths) / blockSize);
    const blocks = Array.from({ length: lengths.length * maxBlocks }, (_, block) => block);
    return pagedCase(`sequences of ${lengths.join(', ')} in shuffled blocks of ${blockSize}`, heads, {
      rows: shuffled(rows, 'rows'),
      table: shuffled(blocks, 'blocks'),
      maxBlocks,
      blockSize,
    });
  },

  /** The last row of sequences of these lengths, each of whose keys is in the cache. */
  attentionDecode: (
    lengths: readonly number[],
    heads: AttentionShape,
    blockSize: number,
    half = false,
  ): OpCase => {
    const rows = lengths.map((length, sequence) => ({ sequence, position: length - 1 }));
    const maxBlocks = Math.ceil(Math.max(...lengths) / blockSize);
    const table = Array.from({ length: lengths.length * maxBlocks }, (_, block) => block);
    return pagedCase(`last rows of sequences of ${lengths.join(', ')}${half ? ', f16' : ''}`, heads, {
      rows,
      table: shuffled(table, 'blocks'),
      maxBlocks,
      blockSize,
      half,
      long: true,
    });
  },
};

/** Cases of rotary embedding and attention. */
import { elementwise, opCase, products, type OpCase, type Maker } from './opCase';
import type { HeadShape, Tensor } from './ops';

function rotary(make: Maker, positions: number, headDim: number): { cos: Tensor; sin: Tensor } {
  const half = headDim / 2;
  const cos = make.empty('cos', [positions, half]);
  const sin = make.empty('sin', [positions, half]);
  const angles = Float64Array.from(
    { length: positions * half },
    (_, i) => Math.floor(i / half) * 10_000 ** (-(i % half) / half),
  );
  make.backend.write(cos, Float32Array.from(angles, Math.cos));
  make.backend.write(sin, Float32Array.from(angles, Math.sin));
  return { cos, sin };
}

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

export const attentionCases = {
  rope: (rows: number, heads: HeadShape): OpCase =>
    opCase(
      ['rope'],
      'forward and inverse',
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
        const tables = rotary(make, 50, heads.headDim);
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
  attention: (rows: number, heads: HeadShape, lengths: number | readonly number[]): OpCase =>
    opCase(
      ['attention', 'attentionBackwardQuery', 'attentionBackwardKey'],
      `documents of ${typeof lengths === 'number' ? lengths : lengths.join(', ')}`,
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
  attentionPaged: (positionsEach: number, heads: HeadShape, blockSize: number): OpCase =>
    opCase(
      ['ropeAndCache', 'attentionPaged'],
      `blocks of ${blockSize}`,
      [2 * positionsEach, heads.heads, heads.kvHeads, heads.headDim],
      products,
      null,
      (make) => {
        const rows = 2 * positionsEach;
        const maxBlocks = Math.ceil(positionsEach / blockSize);
        const blocks = 2 * maxBlocks;
        const list = Array.from({ length: rows }, (_, t) => t);
        const tableOf = Array.from({ length: blocks }, (_, i) => blocks - 1 - i);
        const slotOf = (t: number): number =>
          tableOf[(t % 2) * maxBlocks + Math.floor((t >> 1) / blockSize)]! * blockSize +
          ((t >> 1) % blockSize);
        const width = (heads.heads + 2 * heads.kvHeads) * heads.headDim;
        const qkv = make.f32('qkv', [rows, width], 2);
        const positions = make.u32(
          'positions',
          [rows],
          list.map((t) => t >> 1),
        );
        const sequences = make.u32(
          'sequences',
          [rows],
          list.map((t) => t % 2),
        );
        const slots = make.u32('slots', [rows], list.map(slotOf));
        const blockTable = make.u32('block table', [2, maxBlocks], tableOf);
        const tables = rotary(make, positionsEach, heads.headDim);
        const kCache = make.f32('k cache', [blocks * blockSize, heads.kvHeads * heads.headDim]);
        const vCache = make.f32('v cache', [blocks * blockSize, heads.kvHeads * heads.headDim]);
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
          outputs: [qkv, kCache, vCache, out],
        };
      },
    ),
};

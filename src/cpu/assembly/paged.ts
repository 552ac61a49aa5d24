/** Attention through a block table for generation: every row on its own, in an order that only its own length sets. */
import { capScores, dot, exp4, max4, sum4 } from './math';
import { scratch, shareEnd, shareStart } from './state';

@inline
function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** Bytes of scratch that one thread needs for `length` positions. */
export function pagedScratch(length: i32): usize {
  return 64 + ((2 * <usize>(length + 4)) << 2);
}

/** y [d] = sum over j of p[j] * values[place[j]] for `width` (4 or 16) columns from `column`. */
@inline
function column4(p: usize, places: usize, count: i32, values: usize, y: usize): void {
  let acc = f32x4.splat(0);
  for (let j = 0; j < count; j++) {
    const v = values + load<u32>(at(places, j));
    acc = f32x4.add(acc, f32x4.mul(v128.load_splat<f32>(at(p, j)), v128.load(v)));
  }
  v128.store(y, acc);
}

@inline
function column16(p: usize, places: usize, count: i32, values: usize, y: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  for (let j = 0; j < count; j++) {
    const v = values + load<u32>(at(places, j));
    const s = v128.load_splat<f32>(at(p, j));
    a0 = f32x4.add(a0, f32x4.mul(s, v128.load(v)));
    a1 = f32x4.add(a1, f32x4.mul(s, v128.load(v, 16)));
    a2 = f32x4.add(a2, f32x4.mul(s, v128.load(v, 32)));
    a3 = f32x4.add(a3, f32x4.mul(s, v128.load(v, 48)));
  }
  v128.store(y, a0);
  v128.store(y, a1, 16);
  v128.store(y, a2, 32);
  v128.store(y, a3, 48);
}

export function attentionPaged(
  qkv: usize,
  kCache: usize,
  vCache: usize,
  out: usize,
  sequences: usize,
  positions: usize,
  blockTable: usize,
  maxBlocks: i32,
  blockSize: i32,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  given: f32,
  cap: f32,
  window: i32,
): void {
  const width = (heads + 2 * kvHeads) * d;
  const group = heads / kvHeads;
  const slotBytes = (<usize>(kvHeads * d)) << 2;
  const scale: f32 = given > 0 ? given : <f32>1 / sqrt<f32>(<f32>d);
  const factor = f32x4.splat(cap > 0 ? 1 : scale);
  for (let row = shareStart(rows, 1), last = shareEnd(rows, 1); row < last; row++) {
    const past = <i32>load<u32>(at(positions, row)) + 1;
    const first = window > 0 ? max(0, past - window) : 0;
    const count = past - first;
    const table = at(blockTable, <i32>load<u32>(at(sequences, row)) * maxBlocks);
    const places = scratch;
    const p = at(scratch, (count + 3) & ~3);
    for (let j = first; j < past; ) {
      const block = j / blockSize;
      let place = (<usize>load<u32>(at(table, block)) * blockSize + (j - block * blockSize)) * slotBytes;
      for (const end = min(past, (block + 1) * blockSize); j < end; j++) {
        store<u32>(at(places, j - first), <u32>place);
        place += slotBytes;
      }
    }
    for (let h = 0; h < heads; h++) {
      const head = ((<usize>((h / group) * d)) << 2);
      const q = at(qkv, row * width + h * d);
      const keys = kCache + head;
      for (let j = 0; j < count; j++) store<f32>(at(p, j), dot(q, keys + load<u32>(at(places, j)), d));
      const count4 = (count + 3) & ~3;
      if (cap > 0) capScores(p, count4, scale / cap, cap);
      for (let j = count; j < count4; j++) store<f32>(at(p, j), -1e30);
      let most4 = v128.load(p);
      for (let j = 4; j < count4; j += 4) most4 = f32x4.max(most4, v128.load(at(p, j)));
      const top = f32x4.splat(max4(most4));
      let total = f32x4.splat(0);
      for (let j = 0; j < count4; j += 4) {
        const e = exp4(f32x4.mul(f32x4.sub(v128.load(at(p, j)), top), factor));
        v128.store(at(p, j), e);
        total = f32x4.add(total, e);
      }
      const inverse = f32x4.splat(<f32>1 / sum4(total));
      for (let j = 0; j < count4; j += 4) v128.store(at(p, j), f32x4.mul(v128.load(at(p, j)), inverse));
      const values = vCache + head;
      const y = at(out, (row * heads + h) * d);
      let i = 0;
      for (; i + 16 <= d; i += 16) column16(p, places, count, at(values, i), at(y, i));
      for (; i + 4 <= d; i += 4) column4(p, places, count, at(values, i), at(y, i));
      for (; i < d; i++) {
        let sum: f32 = 0;
        for (let j = 0; j < count; j++) sum += load<f32>(at(p, j)) * load<f32>(at(values, i) + load<u32>(at(places, j)));
        store<f32>(at(y, i), sum);
      }
    }
  }
}

/**
 * Causal attention over packed documents; src/cpu/referenceAttention.ts holds the formulas. Keys and values of one
 * document and kv head are packed once; query rows go through the register tile in blocks. `given` is the scale of scores (0: d^-0.5),
 * `cap` bounds them (0: no bound), and a row sees `window` keys (0: all of its document up to itself).
 */
import { capScores, dot, exp4, max4, sum4 } from './math';
import { packNatural, packTransposed } from './pack';
import { part, parts, scratch } from './state';
import { tileColumn, tileRow } from './tile';

/** Query rows of a block in the backward pass (a multiple of 4). */
const BLOCK: i32 = 32;

@inline
function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

@inline
function up8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes of scratch that one thread needs for documents of up to `length` rows. */
export function attentionScratch(length: i32, d: i32): usize {
  const keys = <usize>up8(length) * up8(d);
  return 512 + ((4 * keys + 2 * <usize>BLOCK * up8(length) + 2 * <usize>BLOCK * up8(d)) << 2);
}

/** Rows from `row` on that share `row`'s document start: the end (exclusive) of the run. */
@inline
function runEnd(documents: usize, row: i32, rows: i32): i32 {
  const start = load<u32>(at(documents, 2 * row));
  let end = row + 1;
  while (end < rows && load<u32>(at(documents, 2 * end)) == start) end++;
  return end;
}

/** All panels of `count` rows of d floats at x (stride ld bytes) transposed: panels of 8 rows, [d][8] each. */
function packKeys(x: usize, ld: usize, count: i32, d: i32, out: usize): void {
  for (let j = 0; j < count; j += 8) {
    packTransposed(x + <usize>j * ld, ld, d, min(8, count - j), out + ((<usize>j * d) << 2));
  }
}

/** Panels of 8 columns of `count` rows at x: [count][8] each. */
function packValues(x: usize, ld: usize, count: i32, d: i32, out: usize): void {
  for (let j = 0; j < d; j += 8) {
    packNatural(x + ((<usize>j) << 2), ld, count, min(8, d - j), out + ((<usize>j * count) << 2));
  }
}

/** The first key's panel of those that row `row` of a document sees; `window` 0 is all of them. */
@inline
function firstPanel(row: i32, window: i32): i32 {
  return window > 0 ? max(0, row + 1 - window) & ~7 : 0;
}

/** Makes 0 of what rows have before their window: s [mr] from panel `from` on; row 0 is row `row` of its document. */
@inline
function clearUnseen(s: usize, lds: usize, mr: i32, from: i32, row: i32, window: i32): void {
  for (let i = 0; i < mr && window > 0; i++) {
    const unseen = row + i + 1 - window - from;
    if (unseen > 0) memory.fill(at(s + <usize>i * lds, from), 0, (<usize>unseen) << 2);
  }
}

/** s [mr, keys from `from` up to `count`] = a [mr, d] times packed keys; row stride lds bytes. */
@inline
function scores(a: usize, lda: usize, keys: usize, mr: i32, from: i32, count: i32, d: i32, s: usize, lds: usize, spare: usize): void {
  for (let j = from; j < count; j += 8) {
    tileRow(a, lda, keys + ((<usize>j * d) << 2), d, at(s, j), lds, mr, 8, 1, false, spare);
  }
}

/** y [mr, d] = p [mr, count] times packed values [d / 8][length][8]. */
@inline
function combine(p: usize, ldp: usize, values: usize, length: i32, mr: i32, count: i32, d: i32, y: usize, ldy: usize, spare: usize): void {
  for (let j = 0; j < d; j += 8) {
    tileRow(p, ldp, values + ((<usize>j * length) << 2), count, at(y, j), ldy, mr, min(8, d - j), 1, false, spare);
  }
}

/**
 * s = exp(scale (s - max)) over the first `valid` of `count8` floats, the rest 0, and their sum at `total`; returns
 * log-sum-exp.
 */
@inline
function softmaxRow(s: usize, valid: i32, count8: i32, scale: f32, total: usize): f32 {
  for (let j = valid; j < count8; j++) store<f32>(at(s, j), -1e30);
  let most4 = v128.load(s);
  for (let j = 4; j < count8; j += 4) most4 = f32x4.max(most4, v128.load(at(s, j)));
  const most = max4(most4);
  const top = f32x4.splat(most);
  let sum4v = f32x4.splat(0);
  for (let j = 0; j < count8; j += 4) {
    const e = exp4(f32x4.mul(f32x4.sub(v128.load(at(s, j)), top), f32x4.splat(scale)));
    v128.store(at(s, j), e);
    sum4v = f32x4.add(sum4v, e);
  }
  const sum = sum4(sum4v);
  store<f32>(total, sum);
  return most * scale + <f32>Math.log(sum);
}

/** x [n] /= total. */
@inline
function divide(x: usize, n: i32, total: f32): void {
  const inverse: f32 = <f32>1 / total;
  const factor = f32x4.splat(inverse);
  let i = 0;
  for (; i + 4 <= n; i += 4) v128.store(at(x, i), f32x4.mul(v128.load(at(x, i)), factor));
  for (; i < n; i++) store<f32>(at(x, i), load<f32>(at(x, i)) * inverse);
}

export function attention(
  qkv: usize,
  documents: usize,
  out: usize,
  lse: usize,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  given: f32,
  cap: f32,
  window: i32,
): void {
  const width = (heads + 2 * kvHeads) * d;
  const ld = (<usize>width) << 2;
  const ldo = (<usize>(heads * d)) << 2;
  const group = heads / kvHeads;
  const scale: f32 = given > 0 ? given : <f32>1 / sqrt<f32>(<f32>d);
  const spare = scratch;
  const totals = scratch + 128;
  const keys = scratch + 192;
  let item = 0;
  for (let first = 0; first < rows; ) {
    const end = runEnd(documents, first, rows);
    const start = <i32>load<u32>(at(documents, 2 * first));
    const length = end - start;
    const values = keys + ((<usize>up8(length) * up8(d)) << 2);
    const s = values + ((<usize>up8(length) * up8(d)) << 2);
    const lds = (<usize>up8(length)) << 2;
    for (let kv = 0; kv < kvHeads; kv++, item++) {
      if (!mine(item)) continue;
      const k = at(qkv, start * width + (heads + kv) * d);
      packKeys(k, ld, length, d, keys);
      packValues(at(k, kvHeads * d), ld, length, d, values);
      for (let h = kv * group; h < (kv + 1) * group; h++) {
        for (let t = first; t < end; t += 4) {
          const mr = min(4, end - t);
          const count = t + mr - start;
          const count8 = up8(count);
          const from = firstPanel(t - start, window);
          const s0 = at(s, from);
          scores(at(qkv, t * width + h * d), ld, keys, mr, from, count8, d, s, lds, spare);
          for (let i = 0; i < mr; i++) {
            const row = s0 + <usize>i * lds;
            const valid = t + i - start + 1 - from;
            if (cap > 0) capScores(row, count8 - from, scale / cap, cap);
            if (window > 0) for (let j = 0; j < valid - window; j++) store<f32>(at(row, j), -1e30);
            const value = softmaxRow(row, valid, count8 - from, cap > 0 ? 1 : scale, at(totals, i));
            store<f32>(at(lse, (t + i) * heads + h), value);
          }
          const o = at(out, (t * heads + h) * d);
          combine(s0, lds, at(values, from << 3), length, mr, count - from, d, o, ldo, spare);
          for (let i = 0; i < mr; i++) divide(o + <usize>i * ldo, d, load<f32>(at(totals, i)));
        }
      }
    }
    first = end;
  }
}

/** Items are dealt out in turn. */
@inline
function mine(item: i32): bool {
  return item % parts == part;
}

/** Whether some run of rows starts after its document does. */
function overlapping(documents: usize, rows: i32): bool {
  for (let first = 0; first < rows; first = runEnd(documents, first, rows)) {
    if (<i32>load<u32>(at(documents, 2 * first)) != first) return true;
  }
  return false;
}

/** s = exp(scale * s - lse) on the valid part, ds = s (dp - delta) scale; the rest of `count8` is 0. */
@inline
function gradientRow(s: usize, dp: usize, valid: i32, count8: i32, scale: f32, lse: f32, delta: f32): void {
  const zero = f32x4.splat(0);
  const lanes = i32x4(0, 1, 2, 3);
  for (let j = 0; j < count8; j += 4) {
    const keep = i32x4.lt_s(i32x4.add(i32x4.splat(j), lanes), i32x4.splat(valid));
    const e = exp4(f32x4.sub(f32x4.mul(v128.load(at(s, j)), f32x4.splat(scale)), f32x4.splat(lse)));
    const p = v128.bitselect(e, zero, keep);
    const g = f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(at(dp, j)), f32x4.splat(delta))), f32x4.splat(scale));
    v128.store(at(s, j), p);
    v128.store(at(dp, j), v128.bitselect(g, zero, keep));
  }
}

/** gradientRow of capped scores: s = cap tanh(scale s / cap), its derivative in place of the scale. */
@inline
function cappedGradientRow(s: usize, dp: usize, valid: i32, count8: i32, scale: f32, cap: f32, lse: f32, delta: f32): void {
  capScores(s, count8, scale / cap, cap);
  const one = f32x4.splat(1);
  const inverse = f32x4.splat(<f32>1 / cap);
  const zero = f32x4.splat(0);
  const lanes = i32x4(0, 1, 2, 3);
  for (let j = 0; j < count8; j += 4) {
    const keep = i32x4.lt_s(i32x4.add(i32x4.splat(j), lanes), i32x4.splat(valid));
    const score = v128.load(at(s, j));
    const share = f32x4.mul(score, inverse);
    const slope = f32x4.mul(f32x4.splat(scale), f32x4.sub(one, f32x4.mul(share, share)));
    const p = v128.bitselect(exp4(f32x4.sub(score, f32x4.splat(lse))), zero, keep);
    const g = f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(at(dp, j)), f32x4.splat(delta))), slope);
    v128.store(at(s, j), p);
    v128.store(at(dp, j), v128.bitselect(g, zero, keep));
  }
}

/** dx [count, d] += p^T [count, block] y [block, d], with y packed in panels [block][8]. */
@inline
function accumulateKeys(p: usize, ldp: usize, y: usize, block: i32, count: i32, d: i32, dx: usize, ld: usize, spare: usize): void {
  for (let j = 0; j < d; j += 8) {
    for (let i = 0; i < count; i += 4) {
      tileColumn(
        at(p, i),
        ldp,
        y + ((<usize>j * block) << 2),
        block,
        dx + <usize>i * ld + ((<usize>j) << 2),
        ld,
        min(4, count - i),
        min(8, d - j),
        1,
        true,
        spare,
      );
    }
  }
}

export function attentionBackward(
  qkv: usize,
  documents: usize,
  out: usize,
  lse: usize,
  dout: usize,
  delta: usize,
  dqkv: usize,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  given: f32,
  cap: f32,
  window: i32,
): void {
  const width = (heads + 2 * kvHeads) * d;
  const ld = (<usize>width) << 2;
  const ldo = (<usize>(heads * d)) << 2;
  const group = heads / kvHeads;
  const scale: f32 = given > 0 ? given : <f32>1 / sqrt<f32>(<f32>d);
  const spare = scratch;
  const keysT = scratch + 128;
  // Threads share out documents and kv heads; where a run of rows reads another's keys, one thread does everything.
  const alone = overlapping(documents, rows);
  if (alone && part != 0) return;
  let item = 0;
  const kvBytes = (<usize>(kvHeads * d)) << 3;
  if (alone) {
    for (let row = 0; row < rows; row++) memory.fill(at(dqkv, row * width + heads * d), 0, kvBytes);
  }
  for (let first = 0; first < rows; ) {
    const end = runEnd(documents, first, rows);
    const start = <i32>load<u32>(at(documents, 2 * first));
    const length = end - start;
    const size = (<usize>up8(length) * up8(d)) << 2;
    const valuesT = keysT + size;
    const keys = valuesT + size;
    const p = keys + 2 * size;
    const lds = (<usize>up8(length)) << 2;
    const ds = p + <usize>BLOCK * lds;
    const q = ds + <usize>BLOCK * lds;
    const o = q + ((<usize>BLOCK * up8(d)) << 2);
    for (let kv = 0; kv < kvHeads; kv++, item++) {
      if (!alone && !mine(item)) continue;
      const kAt = start * width + (heads + kv) * d;
      const vAt = kAt + kvHeads * d;
      for (let row = 0; row < length && !alone; row++) {
        memory.fill(at(dqkv, kAt + row * width), 0, (<usize>d) << 2);
        memory.fill(at(dqkv, vAt + row * width), 0, (<usize>d) << 2);
      }
      packKeys(at(qkv, kAt), ld, length, d, keysT);
      packKeys(at(qkv, vAt), ld, length, d, valuesT);
      packValues(at(qkv, kAt), ld, length, d, keys);
      for (let h = kv * group; h < (kv + 1) * group; h++) {
        for (let block0 = first; block0 < end; block0 += BLOCK) {
          const block = min(BLOCK, end - block0);
          const count8 = up8(block0 + block - start);
          const from = firstPanel(block0 - start, window);
          const qAt = at(qkv, block0 * width + h * d);
          const oAt = at(dout, (block0 * heads + h) * d);
          for (let i = 0; i < block; i += 4) {
            const mr = min(4, block - i);
            const t = block0 + i;
            const s = p + <usize>i * lds;
            const dp = ds + <usize>i * lds;
            scores(qAt + <usize>i * ld, ld, keysT, mr, from, count8, d, s, lds, spare);
            scores(oAt + <usize>i * ldo, ldo, valuesT, mr, from, count8, d, dp, lds, spare);
            for (let r = 0; r < mr; r++) {
              const index = (t + r) * heads + h;
              const rowDelta = dot(at(dout, index * d), at(out, index * d), d);
              store<f32>(at(delta, index), rowDelta);
              const valid = t + r - start + 1 - from;
              const rowLse = load<f32>(at(lse, index));
              const row = at(s, from) + <usize>r * lds;
              const gains = at(dp, from) + <usize>r * lds;
              if (cap > 0) cappedGradientRow(row, gains, valid, count8 - from, scale, cap, rowLse, rowDelta);
              else gradientRow(row, gains, valid, count8 - from, scale, rowLse, rowDelta);
            }
            clearUnseen(s, lds, mr, from, t - start, window);
            clearUnseen(dp, lds, mr, from, t - start, window);
            const count = t + mr - start - from;
            combine(at(dp, from), lds, at(keys, from << 3), length, mr, count, d, at(dqkv, t * width + h * d), ld, spare);
          }
          packValues(qAt, ld, block, d, q);
          packValues(oAt, ldo, block, d, o);
          const count = block0 + block - start - from;
          const to = from * width;
          accumulateKeys(at(ds, from), lds, q, block, count, d, at(dqkv, kAt + to), ld, spare);
          accumulateKeys(at(p, from), lds, o, block, count, d, at(dqkv, vAt + to), ld, spare);
        }
      }
    }
    first = end;
  }
}

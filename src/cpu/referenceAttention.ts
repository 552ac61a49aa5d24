/** Plain f64 loops of rotary embedding and causal grouped-query attention over a fused q|k|v [rows, (h + 2 kv) d]. */
import { f16ToNumber, numberToF16 } from './decode';

type F64 = Float64Array;

/** A key-value cache: f64, or pairs of f16, the first in the low bits. */
type Cache = F64 | Uint32Array;

/** Writes values to element `at` of a cache. */
export function store(cache: Cache, values: F64, at: number): void {
  if (cache instanceof Float64Array) return cache.set(values, at);
  const halves = Uint32Array.from(values, numberToF16);
  for (let i = 0; i < values.length; i += 2) cache[(at + i) / 2] = halves[i]! + halves[i + 1]! * 0x10000;
}

/** The values of a cache. */
export function stored(cache: Cache): F64 {
  if (cache instanceof Float64Array) return cache;
  return Float64Array.from(
    [...cache].flatMap((pair) => [f16ToNumber(pair & 0xffff), f16ToNumber(pair >>> 16)]),
  );
}

/** Head layout of the fused activation. */
export interface Heads {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Rotates `count` heads that start at `at` in place: pairs (i, i + d/2), by row `position` of the tables. */
export function rotate(
  x: F64,
  at: number,
  count: number,
  headDim: number,
  cos: F64,
  sin: F64,
  position: number,
  sign: number,
): void {
  const half = headDim / 2;
  for (let head = 0; head < count; head++) {
    for (let i = 0; i < half; i++) {
      const first = at + head * headDim + i;
      const c = cos[position * half + i]!;
      const s = sign * sin[position * half + i]!;
      const a = x[first]!;
      const b = x[first + half]!;
      x[first] = a * c - b * s;
      x[first + half] = b * c + a * s;
    }
  }
}

/** Softmax weights of scores in place; returns log-sum-exp. */
function softmax(scores: F64, count: number): number {
  let most = -Infinity;
  for (let j = 0; j < count; j++) most = Math.max(most, scores[j]!);
  let sum = 0;
  for (let j = 0; j < count; j++) {
    scores[j] = Math.exp(scores[j]! - most);
    sum += scores[j]!;
  }
  for (let j = 0; j < count; j++) scores[j]! /= sum;
  return most + Math.log(sum);
}

/**
 * One query head against `count` keys: out = softmax(q k^T / sqrt(d)) v. `keyAt(j)` and `valueAt(j)` give the place of
 * key and value j. Returns the log-sum-exp of the scaled scores.
 */
export function attendRow(
  q: F64,
  qAt: number,
  keys: F64,
  keyAt: (j: number) => number,
  values: F64,
  valueAt: (j: number) => number,
  count: number,
  headDim: number,
  out: F64,
  outAt: number,
): number {
  const scores = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    const at = keyAt(j);
    let sum = 0;
    for (let i = 0; i < headDim; i++) sum += q[qAt + i]! * keys[at + i]!;
    scores[j] = sum / Math.sqrt(headDim);
  }
  const lse = softmax(scores, count);
  for (let i = 0; i < headDim; i++) {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += scores[j]! * values[valueAt(j) + i]!;
    out[outAt + i] = sum;
  }
  return lse;
}

/** out [rows, heads d], lse [rows, heads]; documents (start, end) per row. */
export function attention(
  qkv: F64,
  documents: Uint32Array,
  out: F64,
  lse: F64,
  rows: number,
  shape: Heads,
): void {
  const { heads, kvHeads, headDim } = shape;
  const width = (heads + 2 * kvHeads) * headDim;
  for (let t = 0; t < rows; t++) {
    const start = documents[2 * t]!;
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor((h * kvHeads) / heads);
      const key = (j: number) => (start + j) * width + (heads + kv) * headDim;
      const value = (j: number) => (start + j) * width + (heads + kvHeads + kv) * headDim;
      const outAt = (t * heads + h) * headDim;
      lse[t * heads + h] = attendRow(
        qkv,
        t * width + h * headDim,
        qkv,
        key,
        qkv,
        value,
        t - start + 1,
        headDim,
        out,
        outAt,
      );
    }
  }
}

/**
 * dqkv from dout, with p = exp(q k / sqrt(d) - lse), delta = rowsum(dout * out), ds = p (dout v - delta) / sqrt(d):
 * dq = ds k, dk = ds^T q, dv = p^T dout (FlashAttention, arXiv 2205.14135, appendix B).
 */
export function attentionBackward(
  qkv: F64,
  documents: Uint32Array,
  out: F64,
  lse: F64,
  dout: F64,
  delta: F64,
  dqkv: F64,
  rows: number,
  shape: Heads,
): void {
  const { heads, kvHeads, headDim } = shape;
  const width = (heads + 2 * kvHeads) * headDim;
  const scale = 1 / Math.sqrt(headDim);
  dqkv.fill(0, 0, rows * width);
  for (let t = 0; t < rows; t++) {
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor((h * kvHeads) / heads);
      const qAt = t * width + h * headDim;
      const oAt = (t * heads + h) * headDim;
      let rowDelta = 0;
      for (let i = 0; i < headDim; i++) rowDelta += dout[oAt + i]! * out[oAt + i]!;
      delta[t * heads + h] = rowDelta;
      for (let j = documents[2 * t]!; j <= t; j++) {
        const kAt = j * width + (heads + kv) * headDim;
        const vAt = j * width + (heads + kvHeads + kv) * headDim;
        let score = 0;
        let dp = 0;
        for (let i = 0; i < headDim; i++) {
          score += qkv[qAt + i]! * qkv[kAt + i]!;
          dp += dout[oAt + i]! * qkv[vAt + i]!;
        }
        const p = Math.exp(score * scale - lse[t * heads + h]!);
        const ds = p * (dp - rowDelta) * scale;
        for (let i = 0; i < headDim; i++) {
          dqkv[qAt + i]! += ds * qkv[kAt + i]!;
          dqkv[kAt + i]! += ds * qkv[qAt + i]!;
          dqkv[vAt + i]! += p * dout[oAt + i]!;
        }
      }
    }
  }
}

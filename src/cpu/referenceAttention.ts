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

/** How q . k becomes a score, and which keys a row sees. */
export interface ScoreForm {
  /** Factor of q . k; headDim^-0.5 without it. */
  readonly scale?: number;
  /** A score s becomes softCap * tanh(s / softCap), as Gemma 2 has it. */
  readonly softCap?: number;
  /** Row i sees keys i - window < j <= i only. */
  readonly window?: number;
}

/** Head layout of the fused activation. */
export interface Heads extends ScoreForm {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Rotates `count` heads that start at `at` in place: pairs (i, i + rotated / 2), by row `position` of the tables. */
export function rotate(
  x: F64,
  at: number,
  count: number,
  headDim: number,
  cos: F64,
  sin: F64,
  position: number,
  sign: number,
  rotated = headDim,
): void {
  const half = rotated / 2;
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

/** Keys before the first that the last of `count` rows sees. */
const unseen = ({ window }: ScoreForm, count: number): number => Math.max(0, count - (window ?? count));

/** A score of q . k = `dot`, and its derivative by the dot. */
function scored(dot: number, { headDim, scale = 1 / Math.sqrt(headDim), softCap }: Heads): [number, number] {
  if (softCap === undefined) return [dot * scale, scale];
  const share = Math.tanh((dot * scale) / softCap);
  return [softCap * share, scale * (1 - share * share)];
}

/**
 * One query head against the `count` keys up to its own: out = softmax(scores) v. `keyAt(j)` and `valueAt(j)` give the place of
 * key and value j. Returns the log-sum-exp of the scores.
 */
export function attendRow(
  q: F64,
  qAt: number,
  keys: F64,
  keyAt: (j: number) => number,
  values: F64,
  valueAt: (j: number) => number,
  count: number,
  shape: Heads,
  out: F64,
  outAt: number,
): number {
  const { headDim } = shape;
  const first = unseen(shape, count);
  const scores = new Float64Array(count - first);
  for (let j = first; j < count; j++) {
    const at = keyAt(j);
    let sum = 0;
    for (let i = 0; i < headDim; i++) sum += q[qAt + i]! * keys[at + i]!;
    [scores[j - first]] = scored(sum, shape);
  }
  const lse = softmax(scores, count - first);
  for (let i = 0; i < headDim; i++) {
    let sum = 0;
    for (let j = first; j < count; j++) sum += scores[j - first]! * values[valueAt(j) + i]!;
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
        shape,
        out,
        outAt,
      );
    }
  }
}

/**
 * dqkv from dout, with p = exp(score - lse), delta = rowsum(dout * out), ds = p (dout v - delta) d score / d (q . k):
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
  dqkv.fill(0, 0, rows * width);
  for (let t = 0; t < rows; t++) {
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor((h * kvHeads) / heads);
      const qAt = t * width + h * headDim;
      const oAt = (t * heads + h) * headDim;
      let rowDelta = 0;
      for (let i = 0; i < headDim; i++) rowDelta += dout[oAt + i]! * out[oAt + i]!;
      delta[t * heads + h] = rowDelta;
      const start = documents[2 * t]!;
      for (let j = start + unseen(shape, t - start + 1); j <= t; j++) {
        const kAt = j * width + (heads + kv) * headDim;
        const vAt = j * width + (heads + kvHeads + kv) * headDim;
        let dot = 0;
        let dp = 0;
        for (let i = 0; i < headDim; i++) {
          dot += qkv[qAt + i]! * qkv[kAt + i]!;
          dp += dout[oAt + i]! * qkv[vAt + i]!;
        }
        const [score, slope] = scored(dot, shape);
        const p = Math.exp(score - lse[t * heads + h]!);
        const ds = p * (dp - rowDelta) * slope;
        for (let i = 0; i < headDim; i++) {
          dqkv[qAt + i]! += ds * qkv[kAt + i]!;
          dqkv[kAt + i]! += ds * qkv[qAt + i]!;
          dqkv[vAt + i]! += p * dout[oAt + i]!;
        }
      }
    }
  }
}

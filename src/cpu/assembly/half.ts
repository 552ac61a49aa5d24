/**
 * Weights of 16 bits in panels of 8 rows: [pairs of columns][8] words, the even column in a word's low half. They are
 * widened exactly, so that a product has the bits of one over f32 panels.
 */
import { madd, put } from './tile';

/** An f16 moved to f32's fields lacks a factor of 2^112: A brings 2^100 of it, the end of the sum the rest. */
const LIFT: f32 = 1.2676506002282294e30;
const REST: f32 = 4096;

/** Two columns of four rows as f32; f16 lacks the factor. */
@inline
function even(v: v128, f16: bool): v128 {
  const high = i32x4.shl(v, 16);
  return f16 ? v128.and(i32x4.shr_s(high, 3), i32x4.splat(0x8fffe000)) : high;
}

@inline
function odd(v: v128, f16: bool): v128 {
  return f16
    ? v128.and(i32x4.shr_s(v, 3), i32x4.splat(0x8fffe000))
    : v128.and(v, i32x4.splat(0xffff0000));
}

/** With the factor: infinities and NaN keep their exponent. */
@inline
function whole(v: v128, f16: bool): v128 {
  if (!f16) return v;
  const exponent = i32x4.splat(0x0f800000);
  const special = v128.and(i32x4.eq(v128.and(v, exponent), exponent), i32x4.splat(0x7f800000));
  return v128.or(f32x4.mul(v, f32x4.splat(5.192296858534828e33)), special);
}

/** Columns [from, from + count) of a panel as f32, [count][8]; `from` is even. Writes one column more where count is odd. */
export function widen(panel: usize, f16: bool, from: i32, count: i32, out: usize): void {
  let at = panel + ((<usize>from) << 4);
  for (let i = 0; i < count; i += 2) {
    const left = v128.load(at);
    const right = v128.load(at, 16);
    v128.store(out, whole(even(left, f16), f16));
    v128.store(out, whole(even(right, f16), f16), 16);
    v128.store(out, whole(odd(left, f16), f16), 32);
    v128.store(out, whole(odd(right, f16), f16), 48);
    at += 32;
    out += 64;
  }
}

/** A row of A for halfSingle: lifted for f16, and one zero more. */
export function liftRow(a: usize, k: i32, f16: bool, out: usize): void {
  const factor: f32 = f16 ? LIFT : 1;
  for (let i = 0; i < k; i++) store<f32>(out + ((<usize>i) << 2), load<f32>(a + ((<usize>i) << 2)) * factor);
  store<f32>(out + ((<usize>k) << 2), 0);
}

@inline
function singleBody(
  a: usize,
  b: usize,
  stride: usize,
  k: i32,
  c: usize,
  alpha: f32,
  accumulate: bool,
  f16: bool,
  fused: bool,
): void {
  let p0 = b;
  let p1 = b + stride;
  let p2 = p1 + stride;
  let p3 = p2 + stride;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let i = k; i > 0; i -= 2) {
    const s = v128.load_splat<f32>(a);
    const t = v128.load_splat<f32>(a, 4);
    let v = v128.load(p0);
    c00 = madd(madd(c00, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p0, 16);
    c01 = madd(madd(c01, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p1);
    c10 = madd(madd(c10, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p1, 16);
    c11 = madd(madd(c11, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p2);
    c20 = madd(madd(c20, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p2, 16);
    c21 = madd(madd(c21, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p3);
    c30 = madd(madd(c30, s, even(v, f16), fused), t, odd(v, f16), fused);
    v = v128.load(p3, 16);
    c31 = madd(madd(c31, s, even(v, f16), fused), t, odd(v, f16), fused);
    a += 8;
    p0 += 32;
    p1 += 32;
    p2 += 32;
    p3 += 32;
  }
  const scale = f32x4.splat(f16 ? alpha * REST : alpha);
  put(c, f32x4.mul(c00, scale), f32x4.mul(c01, scale), accumulate);
  put(c + 32, f32x4.mul(c10, scale), f32x4.mul(c11, scale), accumulate);
  put(c + 64, f32x4.mul(c20, scale), f32x4.mul(c21, scale), accumulate);
  put(c + 96, f32x4.mul(c30, scale), f32x4.mul(c31, scale), accumulate);
}

/** tileSingle over 16-bit panels; `a` is from liftRow. */
export function halfSingle(
  a: usize,
  b: usize,
  stride: usize,
  k: i32,
  c: usize,
  alpha: f32,
  accumulate: bool,
  f16: bool,
  fused: bool,
): void {
  if (f16) {
    if (fused) singleBody(a, b, stride, k, c, alpha, accumulate, true, true);
    else singleBody(a, b, stride, k, c, alpha, accumulate, true, false);
  } else {
    if (fused) singleBody(a, b, stride, k, c, alpha, accumulate, false, true);
    else singleBody(a, b, stride, k, c, alpha, accumulate, false, false);
  }
}

/**
 * Register tiles over quantised weights: B holds the quants of one panel as f32, [k][8]. Blocks of 32 columns are summed
 * by themselves, then scaled and added to C in order: an element's bits are those of quantSingle, whatever the rows.
 */
import { madd } from './tile';

/** One row's block of sums x0, x1 to C: scale * (sum + offset * xs) (+ min * xs), xs being the block's sum of A. */
@inline
export function putBlock(c: usize, x0: v128, x1: v128, scales: usize, xs: f32, q4: bool, add: bool): void {
  let t0: v128;
  let t1: v128;
  if (q4) {
    const sum = f32x4.splat(xs);
    t0 = f32x4.add(f32x4.mul(x0, v128.load(scales)), f32x4.mul(sum, v128.load(scales, 32)));
    t1 = f32x4.add(f32x4.mul(x1, v128.load(scales, 16)), f32x4.mul(sum, v128.load(scales, 48)));
  } else {
    const shift = f32x4.splat(xs * <f32>-128);
    t0 = f32x4.mul(f32x4.add(x0, shift), v128.load(scales));
    t1 = f32x4.mul(f32x4.add(x1, shift), v128.load(scales, 16));
  }
  if (add) {
    t0 = f32x4.add(v128.load(c), t0);
    t1 = f32x4.add(v128.load(c, 16), t1);
  }
  v128.store(c, t0);
  v128.store(c, t1, 16);
}

/** `rows` (1..4) rows of 8 columns over k columns; xs [rows][16] are A's sums, `scales` is the first block's, `bytes` from the next. */
@inline
function quantFourBody(
  a: usize,
  sam: usize,
  b: usize,
  k: i32,
  xs: usize,
  scales: usize,
  bytes: usize,
  q4: bool,
  c: usize,
  ldc: usize,
  rows: i32,
  accumulate: bool,
  fused: bool,
): void {
  let a0 = a;
  let a1 = a + (rows > 1 ? sam : 0);
  let a2 = rows > 2 ? a1 + sam : a1;
  let a3 = rows > 3 ? a2 + sam : a2;
  let b0: v128;
  let b1: v128;
  let s: v128;
  let add = accumulate;
  for (let left = k; left > 0; left -= 32) {
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    let i = min(32, left);
    for (; i >= 4; i -= 4) {
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      s = v128.load_splat<f32>(a0);
      c00 = madd(c00, s, b0, fused);
      c01 = madd(c01, s, b1, fused);
      s = v128.load_splat<f32>(a1);
      c10 = madd(c10, s, b0, fused);
      c11 = madd(c11, s, b1, fused);
      s = v128.load_splat<f32>(a2);
      c20 = madd(c20, s, b0, fused);
      c21 = madd(c21, s, b1, fused);
      s = v128.load_splat<f32>(a3);
      c30 = madd(c30, s, b0, fused);
      c31 = madd(c31, s, b1, fused);
      b0 = v128.load(b, 32);
      b1 = v128.load(b, 48);
      s = v128.load_splat<f32>(a0, 4);
      c00 = madd(c00, s, b0, fused);
      c01 = madd(c01, s, b1, fused);
      s = v128.load_splat<f32>(a1, 4);
      c10 = madd(c10, s, b0, fused);
      c11 = madd(c11, s, b1, fused);
      s = v128.load_splat<f32>(a2, 4);
      c20 = madd(c20, s, b0, fused);
      c21 = madd(c21, s, b1, fused);
      s = v128.load_splat<f32>(a3, 4);
      c30 = madd(c30, s, b0, fused);
      c31 = madd(c31, s, b1, fused);
      b0 = v128.load(b, 64);
      b1 = v128.load(b, 80);
      s = v128.load_splat<f32>(a0, 8);
      c00 = madd(c00, s, b0, fused);
      c01 = madd(c01, s, b1, fused);
      s = v128.load_splat<f32>(a1, 8);
      c10 = madd(c10, s, b0, fused);
      c11 = madd(c11, s, b1, fused);
      s = v128.load_splat<f32>(a2, 8);
      c20 = madd(c20, s, b0, fused);
      c21 = madd(c21, s, b1, fused);
      s = v128.load_splat<f32>(a3, 8);
      c30 = madd(c30, s, b0, fused);
      c31 = madd(c31, s, b1, fused);
      b0 = v128.load(b, 96);
      b1 = v128.load(b, 112);
      s = v128.load_splat<f32>(a0, 12);
      c00 = madd(c00, s, b0, fused);
      c01 = madd(c01, s, b1, fused);
      s = v128.load_splat<f32>(a1, 12);
      c10 = madd(c10, s, b0, fused);
      c11 = madd(c11, s, b1, fused);
      s = v128.load_splat<f32>(a2, 12);
      c20 = madd(c20, s, b0, fused);
      c21 = madd(c21, s, b1, fused);
      s = v128.load_splat<f32>(a3, 12);
      c30 = madd(c30, s, b0, fused);
      c31 = madd(c31, s, b1, fused);
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      b += 128;
    }
    for (; i > 0; i--) {
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      s = v128.load_splat<f32>(a0);
      c00 = madd(c00, s, b0, fused);
      c01 = madd(c01, s, b1, fused);
      s = v128.load_splat<f32>(a1);
      c10 = madd(c10, s, b0, fused);
      c11 = madd(c11, s, b1, fused);
      s = v128.load_splat<f32>(a2);
      c20 = madd(c20, s, b0, fused);
      c21 = madd(c21, s, b1, fused);
      s = v128.load_splat<f32>(a3);
      c30 = madd(c30, s, b0, fused);
      c31 = madd(c31, s, b1, fused);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      b += 32;
    }
    putBlock(c, c00, c01, scales, load<f32>(xs), q4, add);
    if (rows > 1) putBlock(c + ldc, c10, c11, scales, load<f32>(xs, 64), q4, add);
    if (rows > 2) putBlock(c + 2 * ldc, c20, c21, scales, load<f32>(xs, 128), q4, add);
    if (rows > 3) putBlock(c + 3 * ldc, c30, c31, scales, load<f32>(xs, 192), q4, add);
    scales += bytes;
    xs += 4;
    add = true;
  }
}

export function quantFour(
  a: usize,
  sam: usize,
  b: usize,
  k: i32,
  xs: usize,
  scales: usize,
  bytes: usize,
  q4: bool,
  c: usize,
  ldc: usize,
  rows: i32,
  accumulate: bool,
): void {
  quantFourBody(a, sam, b, k, xs, scales, bytes, q4, c, ldc, rows, accumulate, false);
}

export function quantFourFused(
  a: usize,
  sam: usize,
  b: usize,
  k: i32,
  xs: usize,
  scales: usize,
  bytes: usize,
  q4: bool,
  c: usize,
  ldc: usize,
  rows: i32,
  accumulate: bool,
): void {
  quantFourBody(a, sam, b, k, xs, scales, bytes, q4, c, ldc, rows, accumulate, true);
}

/** `rows` (1..6) rows of 8 columns over k columns; xs [rows][16] are A's sums, `scales` is the first block's, `bytes` from the next. */
export function quantSix(
  a: usize,
  sam: usize,
  b: usize,
  k: i32,
  xs: usize,
  scales: usize,
  bytes: usize,
  q4: bool,
  c: usize,
  ldc: usize,
  rows: i32,
  accumulate: bool,
): void {
  let a0 = a;
  let a1 = a + (rows > 1 ? sam : 0);
  let a2 = rows > 2 ? a1 + sam : a1;
  let a3 = rows > 3 ? a2 + sam : a2;
  let a4 = rows > 4 ? a3 + sam : a3;
  let a5 = rows > 5 ? a4 + sam : a4;
  let b0: v128;
  let b1: v128;
  let s: v128;
  let add = accumulate;
  for (let left = k; left > 0; left -= 32) {
    let c00 = f32x4.splat(0);
    let c01 = c00;
    let c10 = c00;
    let c11 = c00;
    let c20 = c00;
    let c21 = c00;
    let c30 = c00;
    let c31 = c00;
    let c40 = c00;
    let c41 = c00;
    let c50 = c00;
    let c51 = c00;
    let i = min(32, left);
    for (; i >= 4; i -= 4) {
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      s = v128.load_splat<f32>(a0);
      c00 = madd(c00, s, b0, true);
      c01 = madd(c01, s, b1, true);
      s = v128.load_splat<f32>(a1);
      c10 = madd(c10, s, b0, true);
      c11 = madd(c11, s, b1, true);
      s = v128.load_splat<f32>(a2);
      c20 = madd(c20, s, b0, true);
      c21 = madd(c21, s, b1, true);
      s = v128.load_splat<f32>(a3);
      c30 = madd(c30, s, b0, true);
      c31 = madd(c31, s, b1, true);
      s = v128.load_splat<f32>(a4);
      c40 = madd(c40, s, b0, true);
      c41 = madd(c41, s, b1, true);
      s = v128.load_splat<f32>(a5);
      c50 = madd(c50, s, b0, true);
      c51 = madd(c51, s, b1, true);
      b0 = v128.load(b, 32);
      b1 = v128.load(b, 48);
      s = v128.load_splat<f32>(a0, 4);
      c00 = madd(c00, s, b0, true);
      c01 = madd(c01, s, b1, true);
      s = v128.load_splat<f32>(a1, 4);
      c10 = madd(c10, s, b0, true);
      c11 = madd(c11, s, b1, true);
      s = v128.load_splat<f32>(a2, 4);
      c20 = madd(c20, s, b0, true);
      c21 = madd(c21, s, b1, true);
      s = v128.load_splat<f32>(a3, 4);
      c30 = madd(c30, s, b0, true);
      c31 = madd(c31, s, b1, true);
      s = v128.load_splat<f32>(a4, 4);
      c40 = madd(c40, s, b0, true);
      c41 = madd(c41, s, b1, true);
      s = v128.load_splat<f32>(a5, 4);
      c50 = madd(c50, s, b0, true);
      c51 = madd(c51, s, b1, true);
      b0 = v128.load(b, 64);
      b1 = v128.load(b, 80);
      s = v128.load_splat<f32>(a0, 8);
      c00 = madd(c00, s, b0, true);
      c01 = madd(c01, s, b1, true);
      s = v128.load_splat<f32>(a1, 8);
      c10 = madd(c10, s, b0, true);
      c11 = madd(c11, s, b1, true);
      s = v128.load_splat<f32>(a2, 8);
      c20 = madd(c20, s, b0, true);
      c21 = madd(c21, s, b1, true);
      s = v128.load_splat<f32>(a3, 8);
      c30 = madd(c30, s, b0, true);
      c31 = madd(c31, s, b1, true);
      s = v128.load_splat<f32>(a4, 8);
      c40 = madd(c40, s, b0, true);
      c41 = madd(c41, s, b1, true);
      s = v128.load_splat<f32>(a5, 8);
      c50 = madd(c50, s, b0, true);
      c51 = madd(c51, s, b1, true);
      b0 = v128.load(b, 96);
      b1 = v128.load(b, 112);
      s = v128.load_splat<f32>(a0, 12);
      c00 = madd(c00, s, b0, true);
      c01 = madd(c01, s, b1, true);
      s = v128.load_splat<f32>(a1, 12);
      c10 = madd(c10, s, b0, true);
      c11 = madd(c11, s, b1, true);
      s = v128.load_splat<f32>(a2, 12);
      c20 = madd(c20, s, b0, true);
      c21 = madd(c21, s, b1, true);
      s = v128.load_splat<f32>(a3, 12);
      c30 = madd(c30, s, b0, true);
      c31 = madd(c31, s, b1, true);
      s = v128.load_splat<f32>(a4, 12);
      c40 = madd(c40, s, b0, true);
      c41 = madd(c41, s, b1, true);
      s = v128.load_splat<f32>(a5, 12);
      c50 = madd(c50, s, b0, true);
      c51 = madd(c51, s, b1, true);
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      a4 += 16;
      a5 += 16;
      b += 128;
    }
    for (; i > 0; i--) {
      b0 = v128.load(b);
      b1 = v128.load(b, 16);
      s = v128.load_splat<f32>(a0);
      c00 = madd(c00, s, b0, true);
      c01 = madd(c01, s, b1, true);
      s = v128.load_splat<f32>(a1);
      c10 = madd(c10, s, b0, true);
      c11 = madd(c11, s, b1, true);
      s = v128.load_splat<f32>(a2);
      c20 = madd(c20, s, b0, true);
      c21 = madd(c21, s, b1, true);
      s = v128.load_splat<f32>(a3);
      c30 = madd(c30, s, b0, true);
      c31 = madd(c31, s, b1, true);
      s = v128.load_splat<f32>(a4);
      c40 = madd(c40, s, b0, true);
      c41 = madd(c41, s, b1, true);
      s = v128.load_splat<f32>(a5);
      c50 = madd(c50, s, b0, true);
      c51 = madd(c51, s, b1, true);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
      a4 += 4;
      a5 += 4;
      b += 32;
    }
    putBlock(c, c00, c01, scales, load<f32>(xs), q4, add);
    if (rows > 1) putBlock(c + ldc, c10, c11, scales, load<f32>(xs, 64), q4, add);
    if (rows > 2) putBlock(c + 2 * ldc, c20, c21, scales, load<f32>(xs, 128), q4, add);
    if (rows > 3) putBlock(c + 3 * ldc, c30, c31, scales, load<f32>(xs, 192), q4, add);
    if (rows > 4) putBlock(c + 4 * ldc, c40, c41, scales, load<f32>(xs, 256), q4, add);
    if (rows > 5) putBlock(c + 5 * ldc, c50, c51, scales, load<f32>(xs, 320), q4, add);
    scales += bytes;
    xs += 4;
    add = true;
  }
}

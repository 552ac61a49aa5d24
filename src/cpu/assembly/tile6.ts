/** The register tile of machines with fused multiply-adds: C [6, 8] (+)= alpha * A [6, k] B [k, 8], else as tileRowFused. */
import { madd, put, storeEdge } from './tile';

/** `rows` is 1..6, `spare` is 192 bytes. */
export function tileSix(
  a: usize,
  sam: usize,
  b: usize,
  k: i32,
  c: usize,
  ldc: usize,
  rows: i32,
  cols: i32,
  alpha: f32,
  accumulate: bool,
  spare: usize,
): void {
  let a0 = a;
  let a1 = a + (rows > 1 ? sam : 0);
  let a2 = rows > 2 ? a1 + sam : a1;
  let a3 = rows > 3 ? a2 + sam : a2;
  let a4 = rows > 4 ? a3 + sam : a3;
  let a5 = rows > 5 ? a4 + sam : a4;
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
  let b0: v128;
  let b1: v128;
  let s: v128;
  let i = k;
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
  const scale = f32x4.splat(alpha);
  const full = rows == 6 && cols == 8;
  const to = full ? c : spare;
  const step = full ? ldc : 32;
  const add = full && accumulate;
  put(to, f32x4.mul(c00, scale), f32x4.mul(c01, scale), add);
  put(to + step, f32x4.mul(c10, scale), f32x4.mul(c11, scale), add);
  put(to + 2 * step, f32x4.mul(c20, scale), f32x4.mul(c21, scale), add);
  put(to + 3 * step, f32x4.mul(c30, scale), f32x4.mul(c31, scale), add);
  put(to + 4 * step, f32x4.mul(c40, scale), f32x4.mul(c41, scale), add);
  put(to + 5 * step, f32x4.mul(c50, scale), f32x4.mul(c51, scale), add);
  if (!full) storeEdge(spare, c, ldc, rows, cols, accumulate);
}

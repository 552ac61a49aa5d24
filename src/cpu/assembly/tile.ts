/**
 * The register tile of every product: C [4, 8] (+)= alpha * A [4, k] B [k, 8] as k rank-1 updates. Each element is
 * summed over k from first to last, so its bits do not depend on the other rows or on which tile it is in.
 */

/** Copies the valid corner of a 4 x 8 tile at `tile` into C, or adds it. */
export function storeEdge(
  tile: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  cols: i32,
  accumulate: bool,
): void {
  for (let i = 0; i < rows; i++) {
    const from = tile + <usize>i * 32;
    const to = c + <usize>i * ldc;
    for (let j = 0; j < cols; j++) {
      const value = load<f32>(from + (<usize>j << 2));
      const at = to + (<usize>j << 2);
      store<f32>(at, accumulate ? load<f32>(at) + value : value);
    }
  }
}

@inline
export function put(c: usize, x0: v128, x1: v128, accumulate: bool): void {
  if (accumulate) {
    v128.store(c, f32x4.add(v128.load(c), x0));
    v128.store(c, f32x4.add(v128.load(c, 16), x1), 16);
  } else {
    v128.store(c, x0);
    v128.store(c, x1, 16);
  }
}

/** acc + a b: with one rounding where `fused` and the module has it, else with two. */
@inline
export function madd(acc: v128, a: v128, b: v128, fused: bool): v128 {
  return ASC_FEATURE_RELAXED_SIMD && fused ? f32x4.relaxed_madd(a, b, acc) : f32x4.add(acc, f32x4.mul(a, b));
}

/**
 * A has row stride `sam` and unit stride along k; B is a packed panel [k][8]. `rows` (1..4) and `cols` (1..8) of the
 * tile are stored; A's missing rows repeat the last one. `spare` is 128 bytes for the edge. Strides in bytes.
 */
@inline
function tileRowBody(
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
  fused: bool,
): void {
  let a0 = a;
  let a1 = a + (rows > 1 ? sam : 0);
  let a2 = rows > 2 ? a1 + sam : a1;
  let a3 = rows > 3 ? a2 + sam : a2;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let i = k;
  for (; i >= 4; i -= 4) {
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a0);
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
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a0);
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
  const scale = f32x4.splat(alpha);
  const full = rows == 4 && cols == 8;
  const to = full ? c : spare;
  const step = full ? ldc : 32;
  const add = full && accumulate;
  put(to, f32x4.mul(c00, scale), f32x4.mul(c01, scale), add);
  put(to + step, f32x4.mul(c10, scale), f32x4.mul(c11, scale), add);
  put(to + 2 * step, f32x4.mul(c20, scale), f32x4.mul(c21, scale), add);
  put(to + 3 * step, f32x4.mul(c30, scale), f32x4.mul(c31, scale), add);
  if (!full) storeEdge(spare, c, ldc, rows, cols, accumulate);
}

export function tileRow(
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
  tileRowBody(a, sam, b, k, c, ldc, rows, cols, alpha, accumulate, spare, false);
}

/** tileRow with fused multiply-adds. */
export function tileRowFused(
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
  tileRowBody(a, sam, b, k, c, ldc, rows, cols, alpha, accumulate, spare, true);
}

/** As tileRow, with A transposed: the four elements of one k lie side by side, and k steps by `sak`. May read 12 bytes past. */
export function tileColumn(
  a: usize,
  sak: usize,
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
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let i = k; i > 0; i--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a);
    c00 = madd(c00, s, b0, false);
    c01 = madd(c01, s, b1, false);
    s = v128.load_splat<f32>(a, 4);
    c10 = madd(c10, s, b0, false);
    c11 = madd(c11, s, b1, false);
    s = v128.load_splat<f32>(a, 8);
    c20 = madd(c20, s, b0, false);
    c21 = madd(c21, s, b1, false);
    s = v128.load_splat<f32>(a, 12);
    c30 = madd(c30, s, b0, false);
    c31 = madd(c31, s, b1, false);
    a += sak;
    b += 32;
  }
  const scale = f32x4.splat(alpha);
  const full = rows == 4 && cols == 8;
  const to = full ? c : spare;
  const step = full ? ldc : 32;
  const add = full && accumulate;
  put(to, f32x4.mul(c00, scale), f32x4.mul(c01, scale), add);
  put(to + step, f32x4.mul(c10, scale), f32x4.mul(c11, scale), add);
  put(to + 2 * step, f32x4.mul(c20, scale), f32x4.mul(c21, scale), add);
  put(to + 3 * step, f32x4.mul(c30, scale), f32x4.mul(c31, scale), add);
  if (!full) storeEdge(spare, c, ldc, rows, cols, accumulate);
}

/** One row against four neighbouring panels, `stride` bytes apart: C [1, 32] (+)= alpha * A [1, k] B. */
@inline
function tileSingleBody(
  a: usize,
  b: usize,
  stride: usize,
  k: i32,
  c: usize,
  alpha: f32,
  accumulate: bool,
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
  let i = k;
  for (; i >= 2; i -= 2) {
    let s = v128.load_splat<f32>(a);
    c00 = madd(c00, s, v128.load(p0), fused);
    c01 = madd(c01, s, v128.load(p0, 16), fused);
    c10 = madd(c10, s, v128.load(p1), fused);
    c11 = madd(c11, s, v128.load(p1, 16), fused);
    c20 = madd(c20, s, v128.load(p2), fused);
    c21 = madd(c21, s, v128.load(p2, 16), fused);
    c30 = madd(c30, s, v128.load(p3), fused);
    c31 = madd(c31, s, v128.load(p3, 16), fused);
    s = v128.load_splat<f32>(a, 4);
    c00 = madd(c00, s, v128.load(p0, 32), fused);
    c01 = madd(c01, s, v128.load(p0, 48), fused);
    c10 = madd(c10, s, v128.load(p1, 32), fused);
    c11 = madd(c11, s, v128.load(p1, 48), fused);
    c20 = madd(c20, s, v128.load(p2, 32), fused);
    c21 = madd(c21, s, v128.load(p2, 48), fused);
    c30 = madd(c30, s, v128.load(p3, 32), fused);
    c31 = madd(c31, s, v128.load(p3, 48), fused);
    a += 8;
    p0 += 64;
    p1 += 64;
    p2 += 64;
    p3 += 64;
  }
  if (i > 0) {
    const s = v128.load_splat<f32>(a);
    c00 = madd(c00, s, v128.load(p0), fused);
    c01 = madd(c01, s, v128.load(p0, 16), fused);
    c10 = madd(c10, s, v128.load(p1), fused);
    c11 = madd(c11, s, v128.load(p1, 16), fused);
    c20 = madd(c20, s, v128.load(p2), fused);
    c21 = madd(c21, s, v128.load(p2, 16), fused);
    c30 = madd(c30, s, v128.load(p3), fused);
    c31 = madd(c31, s, v128.load(p3, 16), fused);
  }
  const scale = f32x4.splat(alpha);
  put(c, f32x4.mul(c00, scale), f32x4.mul(c01, scale), accumulate);
  put(c + 32, f32x4.mul(c10, scale), f32x4.mul(c11, scale), accumulate);
  put(c + 64, f32x4.mul(c20, scale), f32x4.mul(c21, scale), accumulate);
  put(c + 96, f32x4.mul(c30, scale), f32x4.mul(c31, scale), accumulate);
}

export function tileSingle(
  a: usize,
  b: usize,
  stride: usize,
  k: i32,
  c: usize,
  alpha: f32,
  accumulate: bool,
): void {
  tileSingleBody(a, b, stride, k, c, alpha, accumulate, false);
}

/** tileSingle with fused multiply-adds. */
export function tileSingleFused(
  a: usize,
  b: usize,
  stride: usize,
  k: i32,
  c: usize,
  alpha: f32,
  accumulate: bool,
): void {
  tileSingleBody(a, b, stride, k, c, alpha, accumulate, true);
}

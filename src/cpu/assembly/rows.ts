/** Row-wise kernels; src/cpu/referenceRows.ts holds the formulas. `n` and strides count floats, pointers are bytes. */
import { dot, sum4 } from './math';
import { part, shareEnd, shareStart } from './state';

@inline
function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

export function fill(x: usize, n: i32, value: f32): void {
  for (let i = shareStart(n, 4096), end = shareEnd(n, 4096); i < end; i++) store<f32>(at(x, i), value);
}

/** y += x. */
export function add(x: usize, y: usize, n: i32): void {
  let i = shareStart(n, 4096);
  const end = shareEnd(n, 4096);
  for (; i + 4 <= end; i += 4) v128.store(at(y, i), f32x4.add(v128.load(at(y, i)), v128.load(at(x, i))));
  for (; i < end; i++) store<f32>(at(y, i), load<f32>(at(y, i)) + load<f32>(at(x, i)));
}

/** y [rows, n] += bias [n] (+ residual [rows, n]): what stands beside a linear's product. */
export function addBias(y: usize, bias: usize, residual: usize, rows: i32, n: i32): void {
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    const to = at(y, row * n);
    const from = at(residual, row * n);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      let value = residual ? v128.load(at(from, i)) : f32x4.splat(0);
      if (bias) value = f32x4.add(value, v128.load(at(bias, i)));
      v128.store(at(to, i), value);
    }
    for (; i < n; i++) {
      store<f32>(
        at(to, i),
        (residual ? load<f32>(at(from, i)) : <f32>0) + (bias ? load<f32>(at(bias, i)) : <f32>0),
      );
    }
  }
}

export function gatherRows(x: usize, indices: usize, y: usize, rows: i32, n: i32): void {
  const bytes = (<usize>n) << 2;
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    memory.copy(y + <usize>row * bytes, x + <usize>load<u32>(at(indices, row)) * bytes, bytes);
  }
}

export function scatterRows(x: usize, indices: usize, y: usize, rows: i32, n: i32, yRows: i32): void {
  if (part != 0) return;
  const bytes = (<usize>n) << 2;
  memory.fill(y, 0, <usize>yRows * bytes);
  for (let row = 0; row < rows; row++) {
    memory.copy(y + <usize>load<u32>(at(indices, row)) * bytes, x + <usize>row * bytes, bytes);
  }
}

@inline
function normRow(x: usize, w: usize, y: usize, n: i32, eps: f32): void {
  const inverse: f32 = <f32>1 / sqrt<f32>(dot(x, x, n) / <f32>n + eps);
  const factor = f32x4.splat(inverse);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(at(y, i), f32x4.mul(f32x4.mul(v128.load(at(x, i)), factor), v128.load(at(w, i))));
  }
  for (; i < n; i++) store<f32>(at(y, i), load<f32>(at(x, i)) * inverse * load<f32>(at(w, i)));
}

@inline
function normRowBackward(x: usize, w: usize, dy: usize, dx: usize, n: i32, eps: f32, accumulate: bool): void {
  const inverse: f32 = <f32>1 / sqrt<f32>(dot(x, x, n) / <f32>n + eps);
  let acc = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    acc = f32x4.add(acc, f32x4.mul(f32x4.mul(v128.load(at(dy, i)), v128.load(at(w, i))), v128.load(at(x, i))));
  }
  let inner = sum4(acc);
  for (; i < n; i++) inner += load<f32>(at(dy, i)) * load<f32>(at(w, i)) * load<f32>(at(x, i));
  const factor: f32 = (inverse * inverse * inverse * inner) / <f32>n;
  const g = f32x4.splat(inverse);
  const f = f32x4.splat(factor);
  i = 0;
  for (; i + 4 <= n; i += 4) {
    let value = f32x4.sub(
      f32x4.mul(f32x4.mul(v128.load(at(dy, i)), v128.load(at(w, i))), g),
      f32x4.mul(f, v128.load(at(x, i))),
    );
    if (accumulate) value = f32x4.add(value, v128.load(at(dx, i)));
    v128.store(at(dx, i), value);
  }
  for (; i < n; i++) {
    const value: f32 =
      load<f32>(at(dy, i)) * load<f32>(at(w, i)) * inverse - factor * load<f32>(at(x, i));
    store<f32>(at(dx, i), accumulate ? load<f32>(at(dx, i)) + value : value);
  }
}

export function rmsNorm(x: usize, w: usize, y: usize, rows: i32, n: i32, eps: f32): void {
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    normRow(at(x, row * n), w, at(y, row * n), n, eps);
  }
}

export function rmsNormBackward(
  x: usize,
  w: usize,
  dy: usize,
  dx: usize,
  rows: i32,
  n: i32,
  eps: f32,
  accumulate: i32,
): void {
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    const o = row * n;
    normRowBackward(at(x, o), w, at(dy, o), at(dx, o), n, eps, accumulate != 0);
  }
}

export function qkNorm(
  x: usize,
  qw: usize,
  kw: usize,
  y: usize,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  eps: f32,
  whole: i32,
): void {
  const width = (heads + 2 * kvHeads) * d;
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    if (whole) {
      const q = row * width;
      const k = q + heads * d;
      normRow(at(x, q), qw, at(y, q), heads * d, eps);
      normRow(at(x, k), kw, at(y, k), kvHeads * d, eps);
    }
    for (let h = whole ? heads + kvHeads : 0; h < heads + kvHeads; h++) {
      const o = row * width + h * d;
      normRow(at(x, o), h < heads ? qw : kw, at(y, o), d, eps);
    }
    const v = row * width + (heads + kvHeads) * d;
    memory.copy(at(y, v), at(x, v), (<usize>(kvHeads * d)) << 2);
  }
}

export function qkNormBackward(
  x: usize,
  qw: usize,
  kw: usize,
  dy: usize,
  dx: usize,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  eps: f32,
  whole: i32,
): void {
  const width = (heads + 2 * kvHeads) * d;
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    if (whole) {
      const q = row * width;
      const k = q + heads * d;
      normRowBackward(at(x, q), qw, at(dy, q), at(dx, q), heads * d, eps, false);
      normRowBackward(at(x, k), kw, at(dy, k), at(dx, k), kvHeads * d, eps, false);
    }
    for (let h = whole ? heads + kvHeads : 0; h < heads + kvHeads; h++) {
      const o = row * width + h * d;
      normRowBackward(at(x, o), h < heads ? qw : kw, at(dy, o), at(dx, o), d, eps, false);
    }
    const v = row * width + (heads + kvHeads) * d;
    memory.copy(at(dx, v), at(dy, v), (<usize>(kvHeads * d)) << 2);
  }
}

/** Rotates `count` heads at x in place by row `position` of the tables [positions, rotated / 2]. */
@inline
function rotate(
  x: usize,
  count: i32,
  d: i32,
  rotated: i32,
  cos: usize,
  sin: usize,
  position: i32,
  sign: f32,
): void {
  const half = rotated >> 1;
  const c = at(cos, position * half);
  const s = at(sin, position * half);
  for (let h = 0; h < count; h++) {
    const low = at(x, h * d);
    const high = at(low, half);
    let i = 0;
    for (; i + 4 <= half; i += 4) {
      const a = v128.load(at(low, i));
      const b = v128.load(at(high, i));
      const cc = v128.load(at(c, i));
      const ss = f32x4.mul(v128.load(at(s, i)), f32x4.splat(sign));
      v128.store(at(low, i), f32x4.sub(f32x4.mul(a, cc), f32x4.mul(b, ss)));
      v128.store(at(high, i), f32x4.add(f32x4.mul(b, cc), f32x4.mul(a, ss)));
    }
    for (; i < half; i++) {
      const a = load<f32>(at(low, i));
      const b = load<f32>(at(high, i));
      const cc = load<f32>(at(c, i));
      const ss: f32 = load<f32>(at(s, i)) * sign;
      store<f32>(at(low, i), a * cc - b * ss);
      store<f32>(at(high, i), b * cc + a * ss);
    }
  }
}

export function rope(
  qkv: usize,
  positions: usize,
  cos: usize,
  sin: usize,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  sign: f32,
  rotated: i32,
): void {
  const width = (heads + 2 * kvHeads) * d;
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    rotate(at(qkv, row * width), heads + kvHeads, d, rotated, cos, sin, load<u32>(at(positions, row)), sign);
  }
}

export function ropeAndCache(
  qkv: usize,
  positions: usize,
  slots: usize,
  cos: usize,
  sin: usize,
  kCache: usize,
  vCache: usize,
  rows: i32,
  heads: i32,
  kvHeads: i32,
  d: i32,
  rotated: i32,
): void {
  const kv = kvHeads * d;
  const width = heads * d + 2 * kv;
  const bytes = (<usize>kv) << 2;
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    const position = load<u32>(at(positions, row));
    const slot = <usize>load<u32>(at(slots, row)) * bytes;
    const q = at(qkv, row * width);
    const k = at(q, heads * d);
    rotate(q, heads, d, rotated, cos, sin, position, 1);
    memory.copy(kCache + slot, k, bytes);
    memory.copy(vCache + slot, k + bytes, bytes);
    rotate(kCache + slot, kvHeads, d, rotated, cos, sin, position, 1);
  }
}

/** compute/dropout.ts: murmur3's finaliser on index and key, four lanes. */
@inline
function mix4(index: v128, key: i32): v128 {
  let h = v128.xor(i32x4.mul(index, i32x4.splat(0x9e3779b9)), i32x4.splat(key));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/**
 * y[i] (+)= x[i] * (mix(first + i, key) >= threshold ? factor : 0) for i < n. x and y may be the same.
 */
export function dropout(
  x: usize,
  y: usize,
  n: i32,
  first: i32,
  key: i32,
  threshold: u32,
  factor: f32,
  accumulate: i32,
): void {
  let i = shareStart(n, 4);
  const end = shareEnd(n, 4);
  const lanes = i32x4(0, 1, 2, 3);
  const limit = i32x4.splat(threshold);
  const scale = f32x4.splat(factor);
  for (; i < end; i += 4) {
    const keep = i32x4.ge_u(mix4(i32x4.add(i32x4.splat(first + i), lanes), key), limit);
    if (i + 4 <= end) {
      let value = v128.and(f32x4.mul(v128.load(at(x, i)), scale), keep);
      if (accumulate) value = f32x4.add(value, v128.load(at(y, i)));
      v128.store(at(y, i), value);
      continue;
    }
    for (let j = i; j < end; j++) {
      const lane = mix1(first + j, key) >= threshold;
      const value: f32 = lane ? load<f32>(at(x, j)) * factor : 0;
      store<f32>(at(y, j), accumulate ? load<f32>(at(y, j)) + value : value);
    }
  }
}

@inline
function mix1(index: i32, key: i32): u32 {
  return <u32>i32x4.extract_lane(mix4(i32x4.splat(index), key), 0);
}

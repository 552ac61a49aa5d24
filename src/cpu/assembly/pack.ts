/** Packing B into panels [k][8], the form that the tiles read, and the panels that weights are kept in. Pointers and strides in bytes. */
import { widen } from './half';
import { dequantise, quantAt, quantPanel } from './quant';

/** Formats of packed weights. */
export const F32 = 0;
export const F16 = 1;
export const BF16 = 2;
export const Q8 = 3;
export const Q4 = 4;

/** Bytes of a panel of 8 rows. */
@inline
export function panelBytes(cols: i32, format: i32): usize {
  if (format == F32) return (<usize>cols) << 5;
  return format <= BF16 ? (<usize>(cols + 1) >> 1) << 5 : quantPanel(cols, format == Q4);
}

/** Four rows of four floats, transposed: out[j] (stride 32 bytes) gets column j. */
@inline
function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, out: usize): void {
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7), 32);
  v128.store(out, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5), 64);
  v128.store(out, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7), 96);
}

/** out[k][j] = b[k][j] for j < cols, else 0; b has row stride ldb. */
export function packNatural(b: usize, ldb: usize, k: i32, cols: i32, out: usize): void {
  if (cols == 8) {
    for (let i = 0; i < k; i++) {
      v128.store(out, v128.load(b));
      v128.store(out, v128.load(b, 16), 16);
      b += ldb;
      out += 32;
    }
    return;
  }
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < 8; j++) {
      store<f32>(out + (<usize>j << 2), j < cols ? load<f32>(b + (<usize>j << 2)) : 0);
    }
    b += ldb;
    out += 32;
  }
}

/** out[k][j] = b[j][k] for j < cols, else 0; b has row stride ldb. */
export function packTransposed(b: usize, ldb: usize, k: i32, cols: i32, out: usize): void {
  let i = 0;
  if (cols == 8) {
    for (; i + 4 <= k; i += 4) {
      const at = b + (<usize>i << 2);
      const to = out + <usize>i * 32;
      transpose4(v128.load(at), v128.load(at + ldb), v128.load(at + 2 * ldb), v128.load(at + 3 * ldb), to);
      const next = at + 4 * ldb;
      transpose4(
        v128.load(next),
        v128.load(next + ldb),
        v128.load(next + 2 * ldb),
        v128.load(next + 3 * ldb),
        to + 16,
      );
    }
  }
  for (; i < k; i++) {
    for (let j = 0; j < 8; j++) {
      const value: f32 = j < cols ? load<f32>(b + <usize>j * ldb + (<usize>i << 2)) : 0;
      store<f32>(out + <usize>i * 32 + (<usize>j << 2), value);
    }
  }
}

/** out[r][j] = block[j][r] for an 8 x 8 block of floats. */
@inline
function transpose8(block: usize, out: usize): void {
  transpose4(v128.load(block), v128.load(block, 32), v128.load(block, 64), v128.load(block, 96), out);
  transpose4(v128.load(block, 16), v128.load(block, 48), v128.load(block, 80), v128.load(block, 112), out + 128);
  transpose4(v128.load(block, 128), v128.load(block, 160), v128.load(block, 192), v128.load(block, 224), out + 16);
  transpose4(v128.load(block, 144), v128.load(block, 176), v128.load(block, 208), v128.load(block, 240), out + 144);
}

/**
 * A panel of W^T out of a packed W: out[r][j] = W[from + r][column + j] for r < k; `from` and `column` are multiples of 8. W's
 * panels have wCols columns. Columns past the end hold whatever is there (they are never stored). Writes whole groups of 8 r,
 * and the 256 bytes behind them.
 */
export function packBackward(
  w: usize,
  wCols: i32,
  format: i32,
  from: i32,
  k: i32,
  column: i32,
  out: usize,
): void {
  const stride = panelBytes(wCols, format);
  let panel = w + <usize>(from >> 3) * stride;
  for (let r = 0; r < k; r += 8) {
    let block = panel + ((<usize>column) << 5);
    if (format != F32) {
      block = out + 256;
      if (format <= BF16) widen(panel, format == F16, column, 8, block);
      else dequantise(panel, format == Q4, column, block);
    }
    transpose8(block, out);
    panel += stride;
    out += 256;
  }
}

/** Rows [start, start + count) of a packed W [.., cols] from row-major f32 `src`. */
export function packRows(w: usize, cols: i32, start: i32, count: i32, src: usize): void {
  for (let row = start; row < start + count; ) {
    const panel = w + <usize>(row >> 3) * ((<usize>cols) << 5);
    if ((row & 7) == 0 && row + 8 <= start + count) {
      packTransposed(src, (<usize>cols) << 2, cols, 8, panel);
      src += (<usize>cols) << 5;
      row += 8;
      continue;
    }
    const lane = panel + ((<usize>row & 7) << 2);
    for (let i = 0; i < cols; i++) store<f32>(lane + ((<usize>i) << 5), load<f32>(src + ((<usize>i) << 2)));
    src += (<usize>cols) << 2;
    row++;
  }
}

/** dst [count, cols] = rows ids[i] of a packed W. */
export function gatherPacked(w: usize, format: i32, cols: i32, ids: usize, count: i32, dst: usize): void {
  for (let i = 0; i < count; i++) {
    const row = load<u32>(ids + ((<usize>i) << 2));
    unpackRow(w, format, cols, row, dst + (<usize>i * cols << 2));
  }
}

/** Rows [start, start + count) of a packed W, row-major. */
export function unpackRows(w: usize, format: i32, cols: i32, start: i32, count: i32, dst: usize): void {
  for (let i = 0; i < count; i++) unpackRow(w, format, cols, start + i, dst + (<usize>i * cols << 2));
}

function unpackRow(w: usize, format: i32, cols: i32, row: u32, dst: usize): void {
  const panel = w + <usize>(row >> 3) * panelBytes(cols, format);
  const lane = <i32>(row & 7);
  if (format == F32) {
    const at = panel + ((<usize>lane) << 2);
    for (let i = 0; i < cols; i++) store<f32>(dst + ((<usize>i) << 2), load<f32>(at + ((<usize>i) << 5)));
  } else if (format <= BF16) {
    for (let i = 0; i < cols; i++) {
      const word = load<u16>(panel + ((<usize>i >> 1) << 5) + ((<usize>lane) << 2) + ((<usize>i & 1) << 1));
      store<f32>(dst + ((<usize>i) << 2), format == F16 ? halfToFloat(word) : reinterpret<f32>(<u32>word << 16));
    }
  } else {
    for (let i = 0; i < cols; i++) store<f32>(dst + ((<usize>i) << 2), quantAt(panel, format == Q4, lane, i));
  }
}

@inline
function halfToFloat(half: u32): f32 {
  const bits = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
  if ((half & 0x7c00) == 0x7c00) return reinterpret<f32>(bits | 0x7f800000);
  return reinterpret<f32>(bits) * <f32>5.192296858534828e33;
}

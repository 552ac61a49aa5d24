/**
 * Weights of 8 or 4 bits in panels of 8 rows and blocks of 32 columns: 8 scales (and 8 minima for 4 bits) as f32, then words
 * [groups of columns][8] of 4 bytes (the quant + 128) or 8 nibbles, the first column in the lowest bits. A block of a product
 * is summed over bare quants and scaled once.
 */
import { sum4 } from './math';
import { quantSingle } from './quantSingle';
import { quantFour, quantFourFused, quantSix } from './quantTile';
import { scratch } from './state';

/** Columns of a cut, and rows of a block: what the scratch holds A's sums of. */
const CUT: i32 = 512;
const ROWS: i32 = 60;

/** Bytes of a panel's block of 32 columns. */
@inline
export function blockBytes(q4: bool): usize {
  return q4 ? 192 : 288;
}

/** Bytes of a panel of so many columns. */
@inline
export function quantPanel(cols: i32, q4: bool): usize {
  return <usize>((cols + 31) >> 5) * blockBytes(q4);
}

@inline
function spread4(v: v128, out: usize): void {
  const mask = i32x4.splat(15);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(v, mask)));
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 4), mask)), 32);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 8), mask)), 64);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 12), mask)), 96);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 16), mask)), 128);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 20), mask)), 160);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 24), mask)), 192);
  v128.store(out, f32x4.convert_i32x4_s(i32x4.shr_u(v, 28)), 224);
}

@inline
function spread8(v: v128, out: usize): void {
  const mask = i32x4.splat(255);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(v, mask)));
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 8), mask)), 32);
  v128.store(out, f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(v, 16), mask)), 64);
  v128.store(out, f32x4.convert_i32x4_s(i32x4.shr_u(v, 24)), 96);
}

/** Quants of columns [from, from + count) of a panel as f32, [count][8]; whole groups of 8, `from` begins one. */
function spread(panel: usize, q4: bool, from: i32, count: i32, out: usize): void {
  const bytes = blockBytes(q4);
  for (let col = from; col < from + count; col += 8) {
    const block = panel + <usize>(col >> 5) * bytes;
    if (q4) {
      const at = block + 64 + ((<usize>col & 24) << 2);
      spread4(v128.load(at), out);
      spread4(v128.load(at, 16), out + 16);
    } else {
      const at = block + 32 + ((<usize>col & 24) << 3);
      spread8(v128.load(at), out);
      spread8(v128.load(at, 16), out + 16);
      spread8(v128.load(at, 32), out + 128);
      spread8(v128.load(at, 48), out + 144);
    }
    out += 256;
  }
}

/** The 8 weights of columns [from, from + 8) of a panel, [8][8], rounded as decoding rounds them. */
export function dequantise(panel: usize, q4: bool, from: i32, out: usize): void {
  spread(panel, q4, from, 8, out);
  const block = panel + <usize>(from >> 5) * blockBytes(q4);
  for (let i = 0; i < 16; i++) {
    const half = (<usize>i & 1) << 4;
    const at = out + ((<usize>i) << 4);
    let value = v128.load(at);
    if (q4) value = f32x4.add(f32x4.mul(value, v128.load(block + half)), v128.load(block + half + 32));
    else value = f32x4.mul(f32x4.sub(value, f32x4.splat(128)), v128.load(block + half));
    v128.store(at, value);
  }
}

/** One weight, as dequantise has it. */
@inline
export function quantAt(panel: usize, q4: bool, lane: i32, col: i32): f32 {
  const block = panel + <usize>(col >> 5) * blockBytes(q4) + ((<usize>lane) << 2);
  if (q4) {
    const word = load<u32>(block + 64 + ((<usize>col & 24) << 2));
    const value: f32 = <f32>((word >> ((col & 7) << 2)) & 15) * load<f32>(block);
    return value + load<f32>(block, 32);
  }
  const word = load<u32>(block + 32 + ((<usize>col & 28) << 3));
  return <f32>(<i32>((word >> ((col & 3) << 3)) & 255) - 128) * load<f32>(block);
}

/** The sum of `count` floats. */
@inline
function sumOf(x: usize, count: i32): f32 {
  let acc = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) acc = f32x4.add(acc, v128.load(x + ((<usize>i) << 2)));
  let sum = sum4(acc);
  for (; i < count; i++) sum += load<f32>(x + ((<usize>i) << 2));
  return sum;
}

/** Sums of a row's blocks of 32, up to 16 of them. */
function blockSums(a: usize, k: i32, out: usize): void {
  for (let i = 0; i < k; i += 32) {
    store<f32>(out + ((<usize>i) >> 3), sumOf(a + ((<usize>i) << 2), min(32, k - i)));
  }
}

/** A row for the single forms: divided by the powers of two that quants left in their places have too much; zeros to its end. */
function placeRow(a: usize, k: i32, q4: bool, out: usize): void {
  const end = (k + 31) & ~31;
  for (let i = 0; i < end; i++) {
    const place = q4 ? (i & 7) << 2 : (i & 3) << 3;
    const top = q4 ? 28 : 24;
    const factor: f32 = reinterpret<f32>((127 - (place == top ? 0 : place)) << 23);
    const value: f32 = i < k ? load<f32>(a + ((<usize>i) << 2)) * factor : 0;
    store<f32>(out + ((<usize>i) << 2), value);
  }
}
/** Copies [rows, cols] between C and a dense buffer of `width` floats a row. */
@inline
function copyEdge(from: usize, fromRow: usize, to: usize, toRow: usize, rows: i32, cols: i32): void {
  for (let row = 0; row < rows; row++) {
    memory.copy(to + <usize>row * toRow, from + <usize>row * fromRow, (<usize>cols) << 2);
  }
}

/**
 * C [m, n] (+)= A W^T on rows [rowFrom, rowTo) and panels [panelFrom, panelTo) of the packed W [n, k]. Scratch: 512 bytes of
 * edge, a cut of a row, sums [ROWS][16], a spread panel [CUT][8].
 */
export function quantProduct(
  rowFrom: i32,
  rowTo: i32,
  panelFrom: i32,
  panelTo: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: usize,
  w: usize,
  q4: bool,
  fused: bool,
  c: usize,
  ldc: usize,
  accumulate: bool,
): void {
  const edge = scratch;
  const placed = scratch + 512;
  const sums = placed + 4 * CUT;
  const quants = sums + 64 * ROWS;
  const bytes = blockBytes(q4);
  const stride = quantPanel(k, q4);
  for (let row0 = rowFrom; row0 < rowTo; row0 += ROWS) {
    const row1 = min(rowTo, row0 + ROWS);
    for (let k0 = 0; k0 < k; k0 += CUT) {
      const kc = min(CUT, k - k0);
      const add = accumulate || k0 > 0;
      const aCut = a + ((<usize>k0) << 2);
      const wCut = w + <usize>(k0 >> 5) * bytes;
      if (row1 - row0 < 4) {
        const blocks = (kc + 31) >> 5;
        for (let row = row0; row < row1; row++) {
          placeRow(aCut + <usize>row * lda, kc, q4, placed);
          blockSums(aCut + <usize>row * lda, kc, sums);
          for (let panel = panelFrom; panel < panelTo; panel += 3) {
            const count = min(3, panelTo - panel);
            const w0 = wCut + <usize>panel * stride;
            const w1 = count > 1 ? w0 + stride : w0;
            const w2 = count > 2 ? w1 + stride : w1;
            const to = c + <usize>row * ldc + ((<usize>panel) << 5);
            const cols = min(8 * count, n - (panel << 3));
            if (cols == 24) {
              quantSingle(placed, sums, w0, w1, w2, blocks, to, add, q4, fused);
            } else {
              if (add) copyEdge(to, 0, edge, 0, 1, cols);
              quantSingle(placed, sums, w0, w1, w2, blocks, edge, add, q4, fused);
              copyEdge(edge, 0, to, 0, 1, cols);
            }
          }
        }
        continue;
      }
      for (let row = row0; row < row1; row++) {
        blockSums(aCut + <usize>row * lda, kc, sums + ((<usize>(row - row0)) << 6));
      }
      for (let panel = panelFrom; panel < panelTo; panel++) {
        const scales = wCut + <usize>panel * stride;
        const cols = min(8, n - (panel << 3));
        spread(scales, q4, 0, (kc + 7) & ~7, quants);
        for (let row = row0; row < row1; ) {
          const left = row1 - row;
          const six = ASC_FEATURE_RELAXED_SIMD && fused && left > 4 && left != 8;
          const rows = min(six ? 6 : 4, left);
          const from = aCut + <usize>row * lda;
          const xs = sums + ((<usize>(row - row0)) << 6);
          const to = c + <usize>row * ldc + ((<usize>panel) << 5);
          const whole = cols == 8;
          const at = whole ? to : edge;
          const step = whole ? ldc : 32;
          if (!whole && add) copyEdge(to, ldc, edge, 32, rows, cols);
          if (six) quantSix(from, lda, quants, kc, xs, scales, bytes, q4, at, step, rows, add);
          else if (fused) quantFourFused(from, lda, quants, kc, xs, scales, bytes, q4, at, step, rows, add);
          else quantFour(from, lda, quants, kc, xs, scales, bytes, q4, at, step, rows, add);
          if (!whole) copyEdge(edge, 32, to, ldc, rows, cols);
          row += rows;
        }
      }
    }
  }
}

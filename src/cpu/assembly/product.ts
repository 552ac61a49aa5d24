/**
 * C [m, n] (+)= alpha * A [m, k] B [k, n], blocked so that a panel of B stays in L1 and a block of A in L2. k is cut
 * into equal blocks of at most 512, each summed on its own and added in order: an element's bits depend on k alone.
 */
import { halfSingle, liftRow, widen } from './half';
import { BF16, F16, F32, packBackward, packNatural, packTransposed, panelBytes, Q4 } from './pack';
import { quantProduct } from './quant';
import { part, parts, scratch, shareEnd, shareStart } from './state';
import { tileColumn, tileRow, tileRowFused, tileSingle, tileSingleFused } from './tile';
import { tileSix } from './tile6';

/** How B is stored. Packed: panels of 8 rows of W [n, k]. Natural: [k, n]. Transposed: [n, k]. Backward: a packed W [k, n]. */
const PACKED = 0;
const NATURAL = 1;
const TRANSPOSED = 2;
/** Beside it: 8 times the format of a packed W, whether multiply-adds are fused, whether an f16 W has infinities. */
const FUSED = 64;
const SPECIAL = 128;

const K_BLOCK: i32 = 512;
/** Floats of A that a block may hold, between 60 and 120 rows: C's lines stay in L1 until the next panel needs them. */
const A_BLOCK: i32 = 16384;

/**
 * `a` has row stride lda if `aTransposed` is 0, else element (m, k) is at k * lda + m. ldb is B's row stride, unused
 * where B is packed; for a backward product it is W's number of columns. Strides in bytes but that one.
 */
export function product(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: usize,
  aTransposed: i32,
  b: usize,
  ldb: usize,
  form: i32,
  c: usize,
  ldc: usize,
  alpha: f32,
  accumulate: i32,
): void {
  let panelFrom = 0;
  let panelTo = (n + 7) >> 3;
  let rowFrom = 0;
  let rowTo = m;
  if (parts > 1) {
    if (panelTo >= 4 * parts || panelTo >= m >> 2) {
      const grain = m == 1 ? 4 : 1;
      const panels = panelTo;
      panelFrom = shareStart(panels, grain);
      panelTo = shareEnd(panels, grain);
    } else {
      rowFrom = shareStart(m, 4);
      rowTo = shareEnd(m, 4);
    }
  }
  if (panelFrom >= panelTo || rowFrom >= rowTo) return;
  const bKind = form & 7;
  const format = (form >> 3) & 7;
  const fused = ASC_FEATURE_RELAXED_SIMD && (form & FUSED) != 0;
  const spare = scratch;
  const packed = scratch + 256;
  const stride = bKind == PACKED ? panelBytes(k, format) : 0;
  if (k == 0) {
    if (!accumulate) {
      for (let row = rowFrom; row < rowTo; row++) memory.fill(c + <usize>row * ldc, 0, (<usize>n) << 2);
    }
    return;
  }
  if (bKind == PACKED && format > BF16) {
    const add = accumulate != 0;
    quantProduct(rowFrom, rowTo, panelFrom, panelTo, n, k, a, lda, b, format == Q4, fused, c, ldc, add);
    return;
  }
  // A packed panel serves a whole row block: more rows where packing costs most.
  const cuts = (k + K_BLOCK - 1) / K_BLOCK;
  const kBlock = ((k + cuts - 1) / cuts + 7) & ~7;
  // Of whole tiles of six as of four.
  const rowBlock = bKind == PACKED ? max(60, min(120, (A_BLOCK / kBlock / 12) * 12)) : 120;
  for (let row0 = rowFrom; row0 < rowTo; row0 += rowBlock) {
    const row1 = min(rowTo, row0 + rowBlock);
    for (let k0 = 0; k0 < k; k0 += kBlock) {
      const kc = min(k - k0, kBlock);
      const add: bool = accumulate != 0 || k0 > 0;
      const aBlock = aTransposed ? a + <usize>k0 * lda : a + ((<usize>k0) << 2);
      let panel = panelFrom;
      const whole = min(panelTo, n >> 3) - 3;
      if (bKind == PACKED && format != F32 && row1 - row0 < 4 && !(form & SPECIAL)) {
        for (let row = row0; row < row1; row++) {
          liftRow(aBlock + <usize>row * lda, kc, format == F16, packed);
          for (panel = panelFrom; panel < whole; panel += 4) {
            const from = b + <usize>panel * stride + ((<usize>k0) << 4);
            const to = c + <usize>row * ldc + ((<usize>panel) << 5);
            halfSingle(packed, from, stride, kc, to, alpha, add, format == F16, fused);
          }
        }
      } else if (bKind == PACKED && format == F32 && row1 - row0 == 1) {
        for (; panel < whole; panel += 4) {
          const from = b + <usize>panel * stride + ((<usize>k0) << 5);
          const to = c + <usize>row0 * ldc + ((<usize>panel) << 5);
          if (fused) tileSingleFused(aBlock + <usize>row0 * lda, from, stride, kc, to, alpha, add);
          else tileSingle(aBlock + <usize>row0 * lda, from, stride, kc, to, alpha, add);
        }
      }
      for (; panel < panelTo; panel++) {
        const cols = min(8, n - (panel << 3));
        let from = packed;
        if (bKind == PACKED) {
          from = b + <usize>panel * stride;
          if (format == F32) {
            from += (<usize>k0) << 5;
          } else {
            widen(from, format == F16, k0, kc, packed);
            from = packed;
          }
        } else if (bKind == NATURAL) {
          packNatural(b + <usize>k0 * ldb + ((<usize>panel) << 5), ldb, kc, cols, packed);
        } else if (bKind == TRANSPOSED) {
          packTransposed(b + ((<usize>panel) << 3) * ldb + ((<usize>k0) << 2), ldb, kc, cols, packed);
        } else {
          packBackward(b, <i32>ldb, format, k0, kc, panel << 3, packed);
        }
        const cPanel = c + ((<usize>panel) << 5);
        if (aTransposed) {
          for (let row = row0; row < row1; row += 4) {
            const at = aBlock + ((<usize>row) << 2);
            tileColumn(
              at,
              lda,
              from,
              kc,
              cPanel + <usize>row * ldc,
              ldc,
              min(4, row1 - row),
              cols,
              alpha,
              add,
              spare,
            );
          }
        } else {
          for (let row = row0; row < row1; ) {
            const at = aBlock + <usize>row * lda;
            const to = cPanel + <usize>row * ldc;
            const left = row1 - row;
            // Six rows where no tile of four is filled as well by what is left.
            const six = fused && left > 4 && left != 8;
            const rows = min(six ? 6 : 4, left);
            if (six) tileSix(at, lda, from, kc, to, ldc, rows, cols, alpha, add, spare);
            else if (fused) tileRowFused(at, lda, from, kc, to, ldc, rows, cols, alpha, add, spare);
            else tileRow(at, lda, from, kc, to, ldc, rows, cols, alpha, add, spare);
            row += rows;
          }
        }
      }
    }
  }
}

/** y [n, m] += x [m, n] transposed; strides in bytes. */
export function addTransposed(x: usize, ldx: usize, y: usize, ldy: usize, m: i32, n: i32): void {
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < m; i++) {
      const at = y + <usize>j * ldy + ((<usize>i) << 2);
      store<f32>(at, load<f32>(at) + load<f32>(x + <usize>i * ldx + ((<usize>j) << 2)));
    }
  }
}

/** Plain f64 loops over rows: the definition of the row-wise ops. All arrays are dense and row-major. */

type F64 = Float64Array;

/** y[i] = table[ids[i]]; table [n, cols], y [rows, cols]. */
export function gatherRows(table: F64, ids: Uint32Array, y: F64, rows: number, cols: number): void {
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) y[row * cols + col] = table[ids[row]! * cols + col]!;
  }
}

/** y = 0 on yRows rows, then y[indices[i]] = x[i]. */
export function scatterRows(
  x: F64,
  indices: Uint32Array,
  y: F64,
  rows: number,
  cols: number,
  yRows: number,
): void {
  y.fill(0, 0, yRows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) y[indices[row]! * cols + col] = x[row * cols + col]!;
  }
}

/** One row of RMS norm: y = x / sqrt(mean(x^2) + eps) * weight; x at xAt, y at yAt, `cols` values. */
export function normRow(
  x: F64,
  xAt: number,
  weight: F64,
  y: F64,
  yAt: number,
  cols: number,
  eps: number,
): void {
  let sum = 0;
  for (let i = 0; i < cols; i++) sum += x[xAt + i]! ** 2;
  const inverse = 1 / Math.sqrt(sum / cols + eps);
  for (let i = 0; i < cols; i++) y[yAt + i] = x[xAt + i]! * inverse * weight[i]!;
}

/**
 * Gradient of one row: with n = 1 / sqrt(mean(x^2) + eps) and g = dy * weight,
 * dx = n g - x n^3 mean(g x).
 */
export function normRowBackward(
  x: F64,
  weight: F64,
  dy: F64,
  dx: F64,
  at: number,
  cols: number,
  eps: number,
  accumulate: boolean,
): void {
  let squares = 0;
  let dot = 0;
  for (let i = 0; i < cols; i++) {
    squares += x[at + i]! ** 2;
    dot += dy[at + i]! * weight[i]! * x[at + i]!;
  }
  const inverse = 1 / Math.sqrt(squares / cols + eps);
  const factor = (inverse ** 3 * dot) / cols;
  for (let i = 0; i < cols; i++) {
    const gradient = inverse * dy[at + i]! * weight[i]! - factor * x[at + i]!;
    dx[at + i] = accumulate ? dx[at + i]! + gradient : gradient;
  }
}

/** y[:, f] = silu(gateUp[:, f]) * gateUp[:, ffn + f]. */
export function swiglu(gateUp: F64, y: F64, rows: number, ffn: number): void {
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < ffn; f++) {
      const gate = gateUp[row * 2 * ffn + f]!;
      y[row * ffn + f] = (gate / (1 + Math.exp(-gate))) * gateUp[row * 2 * ffn + ffn + f]!;
    }
  }
}

/** d gate = dy up s (1 + gate (1 - s)), d up = dy gate s, with s = sigmoid(gate). */
export function swigluBackward(gateUp: F64, dy: F64, dGateUp: F64, rows: number, ffn: number): void {
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < ffn; f++) {
      const at = row * 2 * ffn + f;
      const gate = gateUp[at]!;
      const up = gateUp[at + ffn]!;
      const sigmoid = 1 / (1 + Math.exp(-gate));
      const gradient = dy[row * ffn + f]!;
      dGateUp[at] = gradient * up * sigmoid * (1 + gate * (1 - sigmoid));
      dGateUp[at + ffn] = gradient * gate * sigmoid;
    }
  }
}

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

/** What of a fused q|k|v [rows, (heads + 2 kvHeads) headDim] is normed apart: each head of q and k, or all of q and all of k. */
interface NormedHeads {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly whole?: boolean;
}

/** Runs `visit` over every stretch of q and k that is normed and `copy` over v. */
export function eachHead(
  { heads, kvHeads, headDim, whole = false }: NormedHeads,
  rowCount: number,
  visit: (at: number, isQuery: boolean, size: number) => void,
  copy: (from: number, to: number) => void,
): void {
  const width = (heads + 2 * kvHeads) * headDim;
  for (let row = 0; row < rowCount; row++) {
    const at = row * width;
    if (whole) {
      visit(at, true, heads * headDim);
      visit(at + heads * headDim, false, kvHeads * headDim);
    } else
      for (let head = 0; head < heads + kvHeads; head++) visit(at + head * headDim, head < heads, headDim);
    copy(at + (heads + kvHeads) * headDim, at + width);
  }
}

const gelu = 2 * Math.sqrt(2 / Math.PI);

/** What the sigmoid of a gate is taken of, and its derivative: the gate for silu, a cubic for gelu. */
function inner(gate: number, activation: 'silu' | 'gelu'): readonly [value: number, slope: number] {
  if (activation === 'silu') return [gate, 1];
  return [gelu * (gate + 0.044715 * gate ** 3), gelu * (1 + 3 * 0.044715 * gate ** 2)];
}

/** y[:, f] = gate s * gateUp[:, ffn + f], with s = sigmoid(inner(gate)). */
export function swiglu(
  gateUp: F64,
  y: F64,
  rows: number,
  ffn: number,
  activation: 'silu' | 'gelu' = 'silu',
): void {
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < ffn; f++) {
      const gate = gateUp[row * 2 * ffn + f]!;
      const [value] = inner(gate, activation);
      y[row * ffn + f] = (gate / (1 + Math.exp(-value))) * gateUp[row * 2 * ffn + ffn + f]!;
    }
  }
}

/** d gate = dy up s (1 + gate (1 - s) inner'), d up = dy gate s. */
export function swigluBackward(
  gateUp: F64,
  dy: F64,
  dGateUp: F64,
  rows: number,
  ffn: number,
  activation: 'silu' | 'gelu' = 'silu',
): void {
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < ffn; f++) {
      const at = row * 2 * ffn + f;
      const gate = gateUp[at]!;
      const up = gateUp[at + ffn]!;
      const [value, slope] = inner(gate, activation);
      const sigmoid = 1 / (1 + Math.exp(-value));
      const gradient = dy[row * ffn + f]!;
      dGateUp[at] = gradient * up * sigmoid * (1 + gate * (1 - sigmoid) * slope);
      dGateUp[at + ffn] = gradient * gate * sigmoid;
    }
  }
}

/** x = cap tanh(x / cap). */
export function softCap(x: F64, size: number, cap: number): void {
  for (let i = 0; i < size; i++) x[i] = cap * Math.tanh(x[i]! / cap);
}

/** dy *= 1 - tanh(x / cap)^2. */
export function softCapBackward(x: F64, dy: F64, size: number, cap: number): void {
  for (let i = 0; i < size; i++) dy[i]! *= 1 - Math.tanh(x[i]! / cap) ** 2;
}

/** Plain f64 loops of linears and LoRA (arXiv 2106.09685, eq. 3). Weights are [out, in]; LoRA is A [r, in], B [out, r]. */

type F64 = Float64Array;

/** Where a segment of a fused linear's outputs has its LoRA; see LoraGroup of the op interface. */
export interface Segment {
  readonly start: number;
  readonly count: number;
  readonly bRow: number;
}

/** LoRA of a fused linear: A [segments * rank, in], B [sum of counts, rank]. */
export interface Lora {
  readonly a: F64;
  readonly b: F64;
  readonly rank: number;
  readonly scale: number;
  readonly segments: readonly Segment[];
}

/** Factor of element `index` (= row * in + column) of segment `segment`: 0 or 1 / (1 - rate). */
export type Mask = (index: number, segment: number) => number;

/** y [rows, n] = x [rows, k] w^T with w [n, k] (+ bias [n]) (+ residual, which may be y). */
export function linear(
  x: F64,
  w: F64,
  y: F64,
  rows: number,
  n: number,
  k: number,
  bias?: F64,
  residual?: F64,
): void {
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < n; col++) {
      let sum = bias ? bias[col]! : 0;
      for (let i = 0; i < k; i++) sum += x[row * k + i]! * w[col * k + i]!;
      y[row * n + col] = sum + (residual ? residual[row * n + col]! : 0);
    }
  }
}

/** y_s += scale * u_s B_s^T on every segment's columns. */
export function addLora(u: F64, lora: Lora, y: F64, rows: number, n: number): void {
  const { rank, segments, scale, b } = lora;
  const width = segments.length * rank;
  for (let row = 0; row < rows; row++) {
    segments.forEach(({ start, count, bRow }, s) => {
      for (let c = 0; c < count; c++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += u[row * width + s * rank + r]! * b[(bRow + c) * rank + r]!;
        y[row * n + start + c]! += scale * sum;
      }
    });
  }
}

/** dx [rows, k] (+)= dy [rows, n] w with w [n, k]. */
export function linearBackward(
  dy: F64,
  w: F64,
  dx: F64,
  rows: number,
  n: number,
  k: number,
  accumulate: boolean,
): void {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < k; i++) {
      let sum = accumulate ? dx[row * k + i]! : 0;
      for (let col = 0; col < n; col++) sum += dy[row * n + col]! * w[col * k + i]!;
      dx[row * k + i] = sum;
    }
  }
}

/** dx += mask_s * (du_s A_s), summed over the segments. */
export function addLoraBackward(du: F64, lora: Lora, dx: F64, rows: number, k: number, mask: Mask): void {
  const { rank, segments, a } = lora;
  const width = segments.length * rank;
  for (let row = 0; row < rows; row++) {
    for (let s = 0; s < segments.length; s++) {
      for (let i = 0; i < k; i++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += du[row * width + s * rank + r]! * a[(s * rank + r) * k + i]!;
        dx[row * k + i]! += mask(row * k + i, s) * sum;
      }
    }
  }
}

/** u_s = (mask_s * x) A_s^T. */
export function loraDown(x: F64, lora: Lora, u: F64, rows: number, k: number, mask: Mask): void {
  const { rank, segments, a } = lora;
  const width = segments.length * rank;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const s = Math.floor(column / rank);
      let sum = 0;
      for (let i = 0; i < k; i++) sum += mask(row * k + i, s) * x[row * k + i]! * a[column * k + i]!;
      u[row * width + column] = sum;
    }
  }
}

/** du_s = scale * dy_s B_s. */
export function loraGradU(dy: F64, lora: Lora, du: F64, rows: number, n: number): void {
  const { rank, segments, scale, b } = lora;
  const width = segments.length * rank;
  for (let row = 0; row < rows; row++) {
    segments.forEach(({ start, count, bRow }, s) => {
      for (let r = 0; r < rank; r++) {
        let sum = 0;
        for (let c = 0; c < count; c++) sum += dy[row * n + start + c]! * b[(bRow + c) * rank + r]!;
        du[row * width + s * rank + r] = scale * sum;
      }
    });
  }
}

/** dA_s += du_s^T (mask_s * x), dB_s += scale * dy_s^T u_s. */
export function loraGradAB(
  x: F64,
  dy: F64,
  u: F64,
  du: F64,
  lora: Lora,
  gradA: F64,
  gradB: F64,
  rows: number,
  n: number,
  k: number,
  mask: Mask,
): void {
  const { rank, segments, scale } = lora;
  const width = segments.length * rank;
  for (let column = 0; column < width; column++) {
    const s = Math.floor(column / rank);
    for (let i = 0; i < k; i++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        sum += du[row * width + column]! * mask(row * k + i, s) * x[row * k + i]!;
      }
      gradA[column * k + i]! += sum;
    }
  }
  segments.forEach(({ start, count, bRow }, s) => {
    for (let c = 0; c < count; c++) {
      for (let r = 0; r < rank; r++) {
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          sum += dy[row * n + start + c]! * u[row * width + s * rank + r]!;
        }
        gradB[(bRow + c) * rank + r]! += scale * sum;
      }
    }
  });
}

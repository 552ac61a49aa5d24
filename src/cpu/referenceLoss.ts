/** Plain f64 loops of the loss and the optimiser. */

type F64 = Float64Array;

/**
 * nll = logsumexp(logits / temperature) - logits[target] / temperature per row; with rowWeights the logits become
 * rowWeight (softmax - onehot) / temperature.
 */
export function crossEntropy(
  logits: F64,
  targets: Uint32Array,
  nll: F64,
  rows: number,
  vocab: number,
  rowWeights: F64 | undefined,
  temperature: number,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * vocab;
    let most = -Infinity;
    for (let i = 0; i < vocab; i++) most = Math.max(most, logits[at + i]! / temperature);
    let sum = 0;
    for (let i = 0; i < vocab; i++) sum += Math.exp(logits[at + i]! / temperature - most);
    const lse = most + Math.log(sum);
    const target = targets[row]!;
    nll[row] = lse - logits[at + target]! / temperature;
    if (!rowWeights) continue;
    const factor = rowWeights[row]! / temperature;
    for (let i = 0; i < vocab; i++) {
      const p = Math.exp(logits[at + i]! / temperature - lse);
      logits[at + i] = factor * (p - (i === target ? 1 : 0));
    }
  }
}

/** Sum of squares, left to right. */
export function sumSquares(x: F64): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  return sum;
}

/** Settings of one AdamW step; `gradScale` is the clipping factor (1 without clipping). */
export interface AdamwStep {
  readonly step: number;
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly gradScale: number;
}

/** Decoupled AdamW (arXiv 1711.05101) in the order of torch.optim.AdamW; in place on param, m and v. */
export function adamw(param: F64, grad: F64, m: F64, v: F64, size: number, settings: AdamwStep): void {
  const { step, lr, beta1, beta2, eps, weightDecay, gradScale } = settings;
  const correction1 = 1 - beta1 ** step;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < size; i++) {
    const g = grad[i]! * gradScale;
    const decayed = param[i]! * (1 - lr * weightDecay);
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    param[i] = decayed - ((lr / correction1) * m[i]!) / (Math.sqrt(v[i]!) / correction2 + eps);
  }
}

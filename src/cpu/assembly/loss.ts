/** Loss and optimiser; src/cpu/referenceLoss.ts holds the formulas. */
import { exp1, exp4, max4, sum4 } from './math';
import { part, shareEnd, shareStart } from './state';

@inline
function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** `inverse` is 1 / temperature; rowWeights is 0 where no gradient is wanted. */
export function crossEntropy(
  logits: usize,
  targets: usize,
  nll: usize,
  rows: i32,
  vocab: i32,
  rowWeights: usize,
  inverse: f32,
): void {
  const scale = f32x4.splat(inverse);
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    const x = logits + <usize>row * ((<usize>vocab) << 2);
    let most = load<f32>(x);
    let most4 = f32x4.splat(most);
    let i = 0;
    for (; i + 4 <= vocab; i += 4) most4 = f32x4.max(most4, v128.load(at(x, i)));
    most = max4(most4);
    for (; i < vocab; i++) most = max(most, load<f32>(at(x, i)));
    const top = f32x4.splat(most);
    // Eight partial sums, so that 50,000 terms lose little.
    let s0 = f32x4.splat(0);
    let s1 = s0;
    i = 0;
    for (; i + 8 <= vocab; i += 8) {
      s0 = f32x4.add(s0, exp4(f32x4.mul(f32x4.sub(v128.load(at(x, i)), top), scale)));
      s1 = f32x4.add(s1, exp4(f32x4.mul(f32x4.sub(v128.load(at(x, i), 16), top), scale)));
    }
    let sum = sum4(f32x4.add(s0, s1));
    for (; i < vocab; i++) sum += exp1((load<f32>(at(x, i)) - most) * inverse);
    const logSum = <f32>Math.log(sum);
    const target = load<u32>(at(targets, row));
    // Subtracting the largest first keeps the digits of a small loss.
    store<f32>(at(nll, row), logSum + (most - load<f32>(at(x, target))) * inverse);
    if (!rowWeights) continue;
    const weight: f32 = load<f32>(at(rowWeights, row)) * inverse;
    const factor: f32 = weight / sum;
    const f = f32x4.splat(factor);
    i = 0;
    for (; i + 4 <= vocab; i += 4) {
      const p = exp4(f32x4.mul(f32x4.sub(v128.load(at(x, i)), top), scale));
      v128.store(at(x, i), f32x4.mul(p, f));
    }
    for (; i < vocab; i++) store<f32>(at(x, i), exp1((load<f32>(at(x, i)) - most) * inverse) * factor);
    store<f32>(at(x, target), load<f32>(at(x, target)) - weight);
  }
}

/** out[0] = sum of squares, in f64, two lanes, then rounded. */
export function sumSquares(x: usize, out: usize, n: i32): void {
  if (part != 0) return;
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const value = v128.load(at(x, i));
    const low = f64x2.promote_low_f32x4(value);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(value, value, 2, 3, 0, 1));
    s0 = f64x2.add(s0, f64x2.mul(low, low));
    s1 = f64x2.add(s1, f64x2.mul(high, high));
  }
  const both = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < n; i++) sum += <f64>load<f32>(at(x, i)) * <f64>load<f32>(at(x, i));
  store<f32>(out, <f32>sum);
}

/**
 * decay = 1 - lr * weightDecay, stepSize = lr / (1 - beta1^t), rootScale = 1 / sqrt(1 - beta2^t); rest1 = 1 - beta1,
 * rest2 = 1 - beta2 (formed in f64 by the caller).
 */
export function adamw(
  param: usize,
  grad: usize,
  m: usize,
  v: usize,
  n: i32,
  gradScale: f32,
  decay: f32,
  beta2: f32,
  rest1: f32,
  rest2: f32,
  stepSize: f32,
  rootScale: f32,
  eps: f32,
): void {
  let i = shareStart(n, 4);
  const end = shareEnd(n, 4);
  for (; i + 4 <= end; i += 4) {
    const g = f32x4.mul(v128.load(at(grad, i)), f32x4.splat(gradScale));
    const m0 = v128.load(at(m, i));
    const m1 = f32x4.add(m0, f32x4.mul(f32x4.sub(g, m0), f32x4.splat(rest1)));
    const v1 = f32x4.add(
      f32x4.mul(v128.load(at(v, i)), f32x4.splat(beta2)),
      f32x4.mul(f32x4.mul(g, g), f32x4.splat(rest2)),
    );
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(v1), f32x4.splat(rootScale)), f32x4.splat(eps));
    const p = f32x4.mul(v128.load(at(param, i)), f32x4.splat(decay));
    v128.store(at(m, i), m1);
    v128.store(at(v, i), v1);
    v128.store(at(param, i), f32x4.sub(p, f32x4.mul(f32x4.splat(stepSize), f32x4.div(m1, root))));
  }
  for (; i < end; i++) {
    const g: f32 = load<f32>(at(grad, i)) * gradScale;
    const m0 = load<f32>(at(m, i));
    const m1: f32 = m0 + (g - m0) * rest1;
    const v1: f32 = load<f32>(at(v, i)) * beta2 + g * g * rest2;
    store<f32>(at(m, i), m1);
    store<f32>(at(v, i), v1);
    const root: f32 = sqrt<f32>(v1) * rootScale + eps;
    store<f32>(at(param, i), load<f32>(at(param, i)) * decay - stepSize * (m1 / root));
  }
}

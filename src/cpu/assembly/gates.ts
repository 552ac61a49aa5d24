/** Gates, scalars and caps, element by element; src/cpu/referenceRows.ts holds the formulas. Pointers are bytes. */
import { exp1, exp4, tanh4 } from './math';
import { shareEnd, shareStart } from './state';

@inline
function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

@inline
function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

const gelu: f32 = 1.5957691216057308;
const cubic: f32 = 0.044715;

/** What the sigmoid is taken of: g, or with `form` 1 the cubic of gelu. */
@inline
function inner4(g: v128, form: i32): v128 {
  if (!form) return g;
  const square = f32x4.mul(g, g);
  const factor = f32x4.add(f32x4.splat(1), f32x4.mul(square, f32x4.splat(cubic)));
  return f32x4.mul(f32x4.mul(g, f32x4.splat(gelu)), factor);
}

@inline
function inner1(g: f32, form: i32): f32 {
  return form ? g * gelu * (<f32>1 + g * g * cubic) : g;
}

export function swiglu(gateUp: usize, y: usize, rows: i32, ffn: i32, form: i32): void {
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    const gate = at(gateUp, row * 2 * ffn);
    const up = at(gate, ffn);
    const to = at(y, row * ffn);
    let i = 0;
    for (; i + 4 <= ffn; i += 4) {
      const g = v128.load(at(gate, i));
      v128.store(at(to, i), f32x4.mul(f32x4.mul(g, sigmoid4(inner4(g, form))), v128.load(at(up, i))));
    }
    for (; i < ffn; i++) {
      const g = load<f32>(at(gate, i));
      store<f32>(at(to, i), g * (<f32>1 / (<f32>1 + exp1(-inner1(g, form)))) * load<f32>(at(up, i)));
    }
  }
}

export function swigluBackward(
  gateUp: usize,
  dy: usize,
  dGateUp: usize,
  rows: i32,
  ffn: i32,
  form: i32,
): void {
  const one = f32x4.splat(1);
  for (let row = shareStart(rows, 1), end = shareEnd(rows, 1); row < end; row++) {
    const gate = at(gateUp, row * 2 * ffn);
    const up = at(gate, ffn);
    const dGate = at(dGateUp, row * 2 * ffn);
    const dUp = at(dGate, ffn);
    const from = at(dy, row * ffn);
    let i = 0;
    for (; i + 4 <= ffn; i += 4) {
      const g = v128.load(at(gate, i));
      const s = sigmoid4(inner4(g, form));
      const gradient = v128.load(at(from, i));
      const gs = f32x4.mul(gradient, s);
      let rest = f32x4.mul(g, f32x4.sub(one, s));
      if (form) {
        const square = f32x4.mul(f32x4.mul(g, g), f32x4.splat(<f32>3 * cubic));
        rest = f32x4.mul(rest, f32x4.mul(f32x4.splat(gelu), f32x4.add(one, square)));
      }
      v128.store(at(dGate, i), f32x4.mul(f32x4.mul(gs, v128.load(at(up, i))), f32x4.add(one, rest)));
      v128.store(at(dUp, i), f32x4.mul(gs, g));
    }
    for (; i < ffn; i++) {
      const g = load<f32>(at(gate, i));
      const s: f32 = <f32>1 / (<f32>1 + exp1(-inner1(g, form)));
      const gs: f32 = load<f32>(at(from, i)) * s;
      let rest: f32 = g * (<f32>1 - s);
      if (form) rest *= gelu * (<f32>1 + g * g * (<f32>3 * cubic));
      store<f32>(at(dGate, i), gs * load<f32>(at(up, i)) * (<f32>1 + rest));
      store<f32>(at(dUp, i), gs * g);
    }
  }
}

/** x *= factor. */
export function scale(x: usize, n: i32, factor: f32): void {
  for (let i = shareStart(n, 4096), end = shareEnd(n, 4096); i < end; i++) {
    store<f32>(at(x, i), load<f32>(at(x, i)) * factor);
  }
}

@inline
function tanh1(x: f32): f32 {
  return f32x4.extract_lane(tanh4(f32x4.splat(x)), 0);
}

/** x = cap tanh(x / cap). */
export function softCap(x: usize, n: i32, cap: f32): void {
  const inverse: f32 = <f32>1 / cap;
  let i = shareStart(n, 4096);
  const end = shareEnd(n, 4096);
  for (; i + 4 <= end; i += 4) {
    const share = tanh4(f32x4.mul(v128.load(at(x, i)), f32x4.splat(inverse)));
    v128.store(at(x, i), f32x4.mul(share, f32x4.splat(cap)));
  }
  for (; i < end; i++) store<f32>(at(x, i), tanh1(load<f32>(at(x, i)) * inverse) * cap);
}

/** dy *= 1 - tanh(x / cap)^2. */
export function softCapBackward(x: usize, dy: usize, n: i32, cap: f32): void {
  const inverse: f32 = <f32>1 / cap;
  let i = shareStart(n, 4096);
  const end = shareEnd(n, 4096);
  for (; i + 4 <= end; i += 4) {
    const share = tanh4(f32x4.mul(v128.load(at(x, i)), f32x4.splat(inverse)));
    const slope = f32x4.sub(f32x4.splat(1), f32x4.mul(share, share));
    v128.store(at(dy, i), f32x4.mul(v128.load(at(dy, i)), slope));
  }
  for (; i < end; i++) {
    const share = tanh1(load<f32>(at(x, i)) * inverse);
    store<f32>(at(dy, i), load<f32>(at(dy, i)) * (<f32>1 - share * share));
  }
}

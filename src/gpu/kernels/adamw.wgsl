// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, p = p decay - stepSize m / (sqrt(v) / correction + eps),
// g = clip * grad; stepSize = lr / (1 - beta1^t), correction = sqrt(1 - beta2^t), decay = 1 - lr * weightDecay.
// param, grad, m, v [size], squares [1] (with CLIP: clip = min(1, maxNorm / (sqrt(squares) + 1e-6)), and where squares is not finite
// nothing changes).
// Grid: a thread a Value. Updates param, m and v in place.
//#if VEC4
alias Value = vec4<f32>;
//#else
alias Value = f32;
//#endif
struct Sizes {
  size: u32, beta1: f32, beta2: f32, rest1: f32, rest2: f32,
  stepSize: f32, correction: f32, eps: f32, decay: f32, maxNorm: f32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> param: array<Value>;
@group(0) @binding(2) var<storage, read> grad: array<Value>;
@group(0) @binding(3) var<storage, read_write> m: array<Value>;
@group(0) @binding(4) var<storage, read_write> v: array<Value>;
//#if CLIP
/** As bits: WGSL need not tell a number that is not finite from others. */
@group(0) @binding(5) var<storage, read> squares: array<u32>;
//#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= sizes.size) {
    return;
  }
  var gradient = grad[index];
  //#if CLIP
  if ((squares[0] & 0x7f800000u) == 0x7f800000u) {
    return;
  }
  gradient *= min(1.0, sizes.maxNorm / (sqrt(bitcast<f32>(squares[0])) + 1e-6));
  //#endif
  let first = sizes.beta1 * m[index] + sizes.rest1 * gradient;
  let second = sizes.beta2 * v[index] + sizes.rest2 * gradient * gradient;
  m[index] = first;
  v[index] = second;
  param[index] = param[index] * sizes.decay - sizes.stepSize * first / (sqrt(second) / sizes.correction + sizes.eps);
}

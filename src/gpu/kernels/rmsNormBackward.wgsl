// dx (+)= s * (weight * dy) - x * s^3 / cols * sum(weight * dy * x), with s = 1 / sqrt(mean(x^2) + eps).
// x, dy, dx [rows, cols], weight [cols], in units of Value. Grid: a thread a row (no barrier). ACCUMULATE adds.
//#if VEC4
alias Value = vec4<f32>;
fn total(value: Value) -> f32 { return (value.x + value.y) + (value.z + value.w); }
//#else
alias Value = f32;
fn total(value: Value) -> f32 { return value; }
//#endif
struct Sizes { rows: u32, values: u32, cols: f32, eps: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> weight: array<Value>;
@group(0) @binding(3) var<storage, read> dy: array<Value>;
@group(0) @binding(4) var<storage, read_write> dx: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= sizes.rows) {
    return;
  }
  let first = row * sizes.values;
  var squares = Value();
  var products = Value();
  for (var i = 0u; i < sizes.values; i++) {
    let value = x[first + i];
    squares += value * value;
    products += value * weight[i] * dy[first + i];
  }
  let scale = 1.0 / sqrt(total(squares) / sizes.cols + sizes.eps);
  let pull = scale * scale * scale / sizes.cols * total(products);
  for (var i = 0u; i < sizes.values; i++) {
    let value = scale * weight[i] * dy[first + i] - x[first + i] * pull;
    //#if ACCUMULATE
    dx[first + i] += value;
    //#else
    dx[first + i] = value;
    //#endif
  }
}

// y = x / sqrt(mean(x^2) + eps) * weight, per row.
// x, y [rows, cols], weight [cols], all in units of Value. Grid: a thread a row (no barrier), with ROW a workgroup. Assigns.
//#if ROW
//#include rmsNormRow
//#else
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
@group(0) @binding(3) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= sizes.rows) {
    return;
  }
  let first = row * sizes.values;
  var squares = Value();
  for (var i = 0u; i < sizes.values; i++) {
    let value = x[first + i];
    squares += value * value;
  }
  let scale = 1.0 / sqrt(total(squares) / sizes.cols + sizes.eps);
  for (var i = 0u; i < sizes.values; i++) {
    y[first + i] = x[first + i] * scale * weight[i];
  }
}
//#endif

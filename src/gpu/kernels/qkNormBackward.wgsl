// dx = gradient of qkNorm with respect to x (rmsNormBackward's formula per head); the v part is copied.
// x, dy, dx [rows, (heads + 2 kvHeads) * headDim], weights [headDim].
// Grid: a thread per (row, head of q, k or v). Assigns.
struct Sizes { rows: u32, heads: u32, kvHeads: u32, headDim: u32, eps: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
//#include qkWeights
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include qkHead to=dx from=dy
  var squares = 0.0;
  var products = 0.0;
  for (var i = 0u; i < length; i++) {
    let value = x[first + i];
    squares += value * value;
    products += value * weightOf(slot, i) * dy[first + i];
  }
  let count = f32(length);
  let scale = 1.0 / sqrt(squares / count + sizes.eps);
  let pull = scale * scale * scale / count * products;
  for (var i = 0u; i < length; i++) {
    dx[first + i] = scale * weightOf(slot, i) * dy[first + i] - x[first + i] * pull;
  }
}

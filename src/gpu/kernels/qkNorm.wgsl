// y = rmsNorm of each head of q by qWeight and of k by kWeight; v is copied (Qwen3). With WHOLE of all of q and all of k (OLMo 2).
// x, y [rows, (heads + 2 kvHeads) * headDim], weights [headDim], with WHOLE of their widths.
// Grid: a thread per (row, head of q, k or v), with WHOLE per (row, q, k or v). Assigns.
struct Sizes { rows: u32, heads: u32, kvHeads: u32, headDim: u32, eps: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
//#include qkWeights
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include qkHead to=y from=x
  var squares = 0.0;
  for (var i = 0u; i < length; i++) {
    let value = x[first + i];
    squares += value * value;
  }
  let scale = 1.0 / sqrt(squares / f32(length) + sizes.eps);
  for (var i = 0u; i < length; i++) {
    y[first + i] = x[first + i] * scale * weightOf(slot, i);
  }
}

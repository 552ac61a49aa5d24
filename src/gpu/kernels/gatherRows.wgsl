// y[i] = x[indices[i]].
// x [*, cols], indices u32 [rows], y [rows, cols]. Grid: a thread an element of y. Assigns.
struct Sizes { rows: u32, cols: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index < sizes.rows * sizes.cols) {
    let row = index / sizes.cols;
    y[index] = x[indices[row] * sizes.cols + index % sizes.cols];
  }
}

// x = value.
// x [size]. Grid: a thread an element. Assigns.
struct Sizes { size: u32, value: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index < sizes.size) {
    x[index] = sizes.value;
  }
}

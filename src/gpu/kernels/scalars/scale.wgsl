// x *= factor.
// x [size] in units of Value. Grid: a thread a Value. In place.
//#if VEC4
alias Value = vec4<f32>;
//#else
alias Value = f32;
//#endif
struct Sizes { size: u32, factor: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> x: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index < sizes.size) {
    x[index] *= sizes.factor;
  }
}

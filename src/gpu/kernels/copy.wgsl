// y = x, bit by bit whatever it holds, or y += x with ACCUMULATE.
// x, y [size] in units of Value. Grid: a thread a Value.
//#if ACCUMULATE
//#if VEC4
alias Value = vec4<f32>;
//#else
alias Value = f32;
//#endif
//#else
//#if VEC4
alias Value = vec4<u32>;
//#else
alias Value = u32;
//#endif
//#endif
struct Sizes { size: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index < sizes.size) {
    //#if ACCUMULATE
    y[index] += x[index];
    //#else
    y[index] = x[index];
    //#endif
  }
}

// rmsNorm.wgsl by a workgroup for each row.
struct Sizes { rows: u32, inputs: u32, columns4: u32, eps: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=x binding=1 access=read flag=VEC4
//#include load4 name=weight binding=2 access=read flag=VEC4
//#include load4 name=y binding=3 access=read_write flag=VEC4
//#include store4 name=y flag=VEC4
//#include quarter
var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = group.x + group.y * groups.x;
  if (row >= sizes.rows) {
    return;
  }
  let x0 = xBase(row * sizes.inputs);
  //#include rowScales
  for (var i = local; i < sizes.columns4; i += 64u) {
    let value = xAt(x0, i, sizes.inputs) * scale0 * weightAt(weightBase(0u), i, sizes.inputs);
    yStore(yBase(row * sizes.inputs), i, sizes.inputs, value);
  }
}

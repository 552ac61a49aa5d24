// u[t, s rank + r] = sum_i mask_s[t, i] x[t, i] A[s rank + r, i]; with DROPOUT mask_s as in compute/dropout.ts, else 1.
// x [rows, inputs], a [segments * rank, inputs], u [rows, segments * rank]; row 0 is row firstRow of the mask.
// Grid: a workgroup of 64 per (four rows, segment, eight ranks), whose lanes share the inputs and add in a fixed order. Assigns.
struct Sizes {
  rows: u32, inputs: u32, segmentCount: u32, rank: u32, firstRow: u32, threshold: u32, key: u32, keep: f32,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=x binding=1 access=read flag=VEC4
//#include load4 name=a binding=2 access=read flag=VEC4
@group(0) @binding(3) var<storage, read_write> u: array<f32>;
//#if DROPOUT
//#include dropout
//#endif
var<workgroup> sums: array<vec4<f32>, 512>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let index = workgroup.x + workgroup.y * groups.x;
  let tiles = (sizes.rank + 7u) / 8u;
  let perRow = sizes.segmentCount * tiles;
  let first = 4u * (index / perRow);
  if (first >= sizes.rows) {
    return;
  }
  let s = index % perRow / tiles;
  let r = 8u * (index % tiles);
  //#repeat k 8
  let row$k = aBase((s * sizes.rank + min(r + $ku, sizes.rank - 1u)) * sizes.inputs);
  //#end
  //#repeat t 4
  let x$t = xBase(min(first + $tu, sizes.rows - 1u) * sizes.inputs);
  //#repeat q 2
  var sum$t_$q = vec4<f32>();
  //#end
  //#end
  for (var i = local; 4u * i < sizes.inputs; i += 64u) {
    //#repeat k 8
    let a$k = aAt(row$k, i, sizes.inputs);
    //#end
    //#repeat t 4
    //#if DROPOUT
    let v$t = mask(sizes.firstRow + first + $tu, 4u * i, s) * xAt(x$t, i, sizes.inputs);
    //#else
    let v$t = xAt(x$t, i, sizes.inputs);
    //#endif
    sum$t_0 += vec4<f32>(dot(v$t, a0), dot(v$t, a1), dot(v$t, a2), dot(v$t, a3));
    sum$t_1 += vec4<f32>(dot(v$t, a4), dot(v$t, a5), dot(v$t, a6), dot(v$t, a7));
    //#end
  }
  //#include sumLanes
  let row = first + local / 2u;
  let column = r + 4u * (local % 2u);
  if (local < 8u && row < sizes.rows) {
    for (var c = 0u; c < 4u && column + c < sizes.rank; c++) {
      u[(row * sizes.segmentCount + s) * sizes.rank + column + c] = total[c];
    }
  }
}

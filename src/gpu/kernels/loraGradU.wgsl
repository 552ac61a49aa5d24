// du[t, s rank + r] = scale sum_o dy[t, start_s + o] B[bRow_s + o, r], o < count_s.
// dy [rows, outputs], b [*, rank], du [rows, segments * rank].
// Grid: a thread per (ROWS rows, segment, 4 QUADS ranks), no barrier; outputs in order. With SPLIT a workgroup of 64 for each four rows
// and eight ranks, whose lanes share the outputs and add in a fixed order. Assigns.
struct Sizes {
  rows: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=dy binding=1 access=read flag=VEC4
//#include load4 name=b binding=2 access=read flag=RANK4
@group(0) @binding(3) var<storage, read_write> du: array<f32>;

fn finish(row: u32, column: u32, r: u32, value: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let first = row * sizes.segmentCount * sizes.rank + column;
  for (var c = 0u; c < 4u && r + c < sizes.rank; c++) {
    du[first + r + c] = sizes.scale * value[c];
  }
}

//#if SPLIT
var<workgroup> sums: array<vec4<f32>, 512>;
//#endif

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  //#if SPLIT
  let index = workgroup.x + workgroup.y * groups.x;
  let start = 4u * local;
  let step = 4u * WORKGROUP;
  //#else
  let index = (workgroup.x + workgroup.y * groups.x) * WORKGROUP + local;
  let start = 0u;
  let step = 4u;
  //#endif
  let tiles = (sizes.rank + 4u * QUADS - 1u) / (4u * QUADS);
  let perRow = sizes.segmentCount * tiles;
  let first = ROWS * (index / perRow);
  if (first >= sizes.rows) {
    return;
  }
  let s = index % perRow / tiles;
  let r4 = QUADS * (index % tiles);
  let segment = sizes.segments[s];
  let last = segment.y - 1u;
  //#repeat t ROWS
  let dy$t = dyBase(min(first + $tu, sizes.rows - 1u) * sizes.outputs + segment.x);
  //#repeat q QUADS
  var sum$t_$q = vec4<f32>();
  //#end
  //#end
  for (var o = start; o < segment.y; o += step) {
    //#repeat k 4
    let row_$k = bBase((segment.z + min(o + $ku, last)) * sizes.rank);
    //#repeat q QUADS
    let w$q_$k = bAt(row_$k, r4 + $qu, sizes.rank);
    //#end
    //#end
    //#repeat t ROWS
    let d$t = dyAt(dy$t, o / 4u, segment.y);
    //#repeat q QUADS
    sum$t_$q += d$t.x * w$q_0 + d$t.y * w$q_1 + d$t.z * w$q_2 + d$t.w * w$q_3;
    //#end
    //#end
  }
  //#if SPLIT
  //#include sumLanes
  if (local < 8u) {
    finish(first + local / 2u, s * sizes.rank, 4u * (r4 + local % 2u), total);
  }
  //#else
  //#repeat t ROWS q QUADS
  finish(first + $tu, s * sizes.rank, 4u * (r4 + $qu), sum$t_$q);
  //#end
  //#endif
}

// dA[s rank + r, i] += sum_t du[t, s rank + r] mask_s[t, i] x[t, i]
// dB[bRow_s + o, r] += scale sum_t dy[t, start_s + o] u[t, s rank + r]
// x [rows, inputs], dy [rows, outputs], u, du [rows, segments * rank], gradA [segments * rank, inputs], gradB [*, rank].
// Grid: first a thread per (segment, eight ranks, eight inputs) of A, then per (segment, eight outputs, eight ranks) of
// B; rows in order, no barrier. With SPLIT a workgroup of 64 shares the rows of one such tile and adds in a fixed order.
// Accumulates.
struct Sizes {
  rows: u32, inputs: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32, tilesA: u32, tiles: u32,
  threshold: u32, key: u32, keep: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b, first tile of eight outputs
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=x binding=1 access=read flag=VEC4
//#include load4 name=dy binding=2 access=read flag=OUT4
//#include load4 name=u binding=3 access=read flag=RANK4
//#include load4 name=du binding=4 access=read flag=RANK4
@group(0) @binding(5) var<storage, read_write> gradA: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradB: array<f32>;
//#if DROPOUT
//#include dropout
//#endif

/** Adds register i: row r + i of A's tile, or output column + i of B's; `half` picks its four columns. */
fn add(isA: bool, s: u32, r: u32, column: u32, i: u32, half: u32, value: vec4<f32>) {
  if (isA) {
    let first = column + 4u * half;
    if (r + i < sizes.rank) {
      for (var c = 0u; c < 4u && first + c < sizes.inputs; c++) {
        gradA[(s * sizes.rank + r + i) * sizes.inputs + first + c] += value[c];
      }
    }
    return;
  }
  let segment = sizes.segments[s];
  let first = r + 4u * half;
  if (column + i < segment.y) {
    for (var c = 0u; c < 4u && first + c < sizes.rank; c++) {
      gradB[(segment.z + column + i) * sizes.rank + first + c] += sizes.scale * value[c];
    }
  }
}
//#if SPLIT
var<workgroup> sums: array<vec4<f32>, 512>; // 8 * WORKGROUP
//#endif

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  //#if SPLIT
  let index = workgroup.x + workgroup.y * groups.x;
  let firstRow = local;
  let step = WORKGROUP;
  //#else
  let index = (workgroup.x + workgroup.y * groups.x) * WORKGROUP + local;
  let firstRow = 0u;
  let step = 1u;
  if (index >= sizes.tiles) {
    return;
  }
  //#endif
  let tiles = (sizes.rank + 7u) / 8u;
  let width = sizes.segmentCount * sizes.rank;
  let isA = index < sizes.tilesA;
  //#repeat i 2 c 4 q 2
  var sum$i_$c_$q = vec4<f32>();
  //#end
  var s = 0u;
  var r = 0u;
  var column = 0u; // of x, or the output inside the segment
  if (isA) {
    let columns8 = (sizes.inputs + 7u) / 8u;
    column = 8u * (index % columns8);
    r = 8u * (index / columns8 % tiles);
    s = index / (columns8 * tiles);
    for (var t = firstRow; t < sizes.rows; t += step) {
      let x = xBase(t * sizes.inputs);
      let du = duBase(t * width + s * sizes.rank);
      //#repeat i 2
      let d$i = duAt(du, r / 4u + $iu, sizes.rank);
      //#if DROPOUT
      let v$i = mask(t, column + 4u * $iu, s) * xAt(x, column / 4u + $iu, sizes.inputs);
      //#else
      let v$i = xAt(x, column / 4u + $iu, sizes.inputs);
      //#endif
      //#end
      //#include outerProduct
    }
  } else {
    let other = index - sizes.tilesA;
    let tile = other / tiles;
    r = 8u * (other % tiles);
    while (s + 1u < sizes.segmentCount && tile >= sizes.segments[s + 1u].w) {
      s++;
    }
    let segment = sizes.segments[s];
    column = 8u * (tile - segment.w);
    for (var t = firstRow; t < sizes.rows; t += step) {
      let dy = dyBase(t * sizes.outputs + segment.x);
      let u = uBase(t * width + s * sizes.rank);
      //#repeat i 2
      let d$i = dyAt(dy, column / 4u + $iu, segment.y);
      let v$i = uAt(u, r / 4u + $iu, sizes.rank);
      //#end
      //#include outerProduct
    }
  }
  //#if SPLIT
  //#include sumWorkgroup
  if (local < 16u) {
    add(isA, s, r, column, local % 8u, local / 8u, total);
  }
  //#else
  //#repeat i 2 c 4 q 2
  add(isA, s, r, column, 4u * $iu + $cu, $qu, sum$i_$c_$q);
  //#end
  //#endif
}

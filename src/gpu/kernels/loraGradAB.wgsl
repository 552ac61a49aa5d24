// dA[s rank + r, i] += sum_t du[t, s rank + r] mask_s[t, i] x[t, i]
// dB[bRow_s + o, r] += scale sum_t dy[t, start_s + o] u[t, s rank + r]
// x [rows, inputs], dy [rows, outputs], u, du [rows, segments * rank], gradA [segments * rank, inputs], gradB [*, rank].
// Grid: first a thread per (segment, eight ranks, eight inputs) of A, then per (segment, eight outputs, eight ranks) of
// B; rows in order, no barrier. With PAIR the tiles of a second linear follow, whose u and du are in the buffers of the first, and all
// gradients are in one buffer. With SPLIT a workgroup of 64 shares the rows of one such tile and adds in a fixed order.
// Accumulates.
struct Sizes {
  rows: u32, inputs: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32, tilesA: u32, tiles: u32,
  threshold: u32, key: u32, keep: f32, all: u32, // tiles of both
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b, first tile of eight outputs
//#if PAIR
  gradA: u32, gradB: u32,
  inputs2: u32, outputs2: u32, segmentCount2: u32, rank2: u32, scale2: f32, tilesA2: u32,
  u2: u32, du2: u32, gradA2: u32, gradB2: u32,
  segments2: array<vec4<u32>, 4>,
//#endif
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=x binding=1 access=read flag=VEC4
//#include load4 name=dy binding=2 access=read flag=OUT4
//#include load4 name=u binding=3 access=read flag=RANK4
//#include load4 name=du binding=4 access=read flag=RANK4
//#if PAIR
@group(0) @binding(5) var<storage, read_write> grads: array<f32>;
//#include load4 name=otherX binding=6 access=read flag=VEC4
//#include load4 name=otherDy binding=7 access=read flag=OUT4
//#else
@group(0) @binding(5) var<storage, read_write> gradA: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradB: array<f32>;
//#endif
//#if DROPOUT
//#include dropout
//#endif

//#include loraLinear
//#if SPLIT
var<workgroup> sums: array<vec4<f32>, 512>; // 8 * WORKGROUP
//#endif

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  //#if SPLIT
  let place = workgroup.x + workgroup.y * groups.x;
  let firstRow = local;
  let step = WORKGROUP;
  //#else
  let place = (workgroup.x + workgroup.y * groups.x) * WORKGROUP + local;
  let firstRow = 0u;
  let step = 1u;
  if (place >= sizes.all) {
    return;
  }
  //#endif
  let own = linearOf(place >= sizes.tiles);
  let index = select(place, place - sizes.tiles, own.second);
  let tiles = (own.rank + 7u) / 8u;
  let width = own.segmentCount * own.rank;
  let isA = index < own.tilesA;
  //#repeat i 2 c 4 q 2
  var sum$i_$c_$q = vec4<f32>();
  //#end
  var s = 0u;
  var r = 0u;
  var column = 0u; // of x, or the output inside the segment
  if (isA) {
    let columns8 = (own.inputs + 7u) / 8u;
    column = 8u * (index % columns8);
    r = 8u * (index / columns8 % tiles);
    s = index / (columns8 * tiles);
    for (var t = firstRow; t < sizes.rows; t += step) {
      let du = duBase(own.du + t * width + s * own.rank);
      //#repeat i 2
      let d$i = duAt(du, r / 4u + $iu, own.rank);
      //#if DROPOUT
      let v$i = mask(t, column + 4u * $iu, s) * xRow(own, t, column / 4u + $iu);
      //#else
      let v$i = xRow(own, t, column / 4u + $iu);
      //#endif
      //#end
      //#include outerProduct
    }
  } else {
    let other = index - own.tilesA;
    let tile = other / tiles;
    r = 8u * (other % tiles);
    while (s + 1u < own.segmentCount && tile >= segmentOf(own.second, s + 1u).w) {
      s++;
    }
    let segment = segmentOf(own.second, s);
    column = 8u * (tile - segment.w);
    for (var t = firstRow; t < sizes.rows; t += step) {
      let u = uBase(own.u + t * width + s * own.rank);
      //#repeat i 2
      let d$i = dyRow(own, t, segment, column / 4u + $iu);
      let v$i = uAt(u, r / 4u + $iu, own.rank);
      //#end
      //#include outerProduct
    }
  }
  //#if SPLIT
  //#include sumWorkgroup
  if (local < 16u) {
    add(own, isA, s, r, column, local % 8u, local / 8u, total);
  }
  //#else
  //#repeat i 2 c 4 q 2
  add(own, isA, s, r, column, 4u * $iu + $cu, $qu, sum$i_$c_$q);
  //#end
  //#endif
}

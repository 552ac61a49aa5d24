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
//#if VEC4
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
fn xAt(row: u32, column: u32) -> vec4<f32> { return x[(row * sizes.inputs + column) / 4u]; }
//#else
@group(0) @binding(1) var<storage, read> x: array<f32>;
fn xAt(row: u32, column: u32) -> vec4<f32> {
  let index = row * sizes.inputs + min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.inputs - 1u));
  return vec4<f32>(x[index.x], x[index.y], x[index.z], x[index.w]);
}
//#endif
//#if OUT4
@group(0) @binding(2) var<storage, read> dy: array<vec4<f32>>;
fn dyAt(row: u32, column: u32) -> vec4<f32> { return dy[(row * sizes.outputs + column) / 4u]; }
//#else
@group(0) @binding(2) var<storage, read> dy: array<f32>;
fn dyAt(row: u32, column: u32) -> vec4<f32> {
  let index = row * sizes.outputs + min(column + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.outputs - 1u));
  return vec4<f32>(dy[index.x], dy[index.y], dy[index.z], dy[index.w]);
}
//#endif
//#if RANK4
@group(0) @binding(3) var<storage, read> u: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> du: array<vec4<f32>>;
fn uAt(first: u32, r: u32) -> vec4<f32> { return u[(first + r) / 4u]; }
fn duAt(first: u32, r: u32) -> vec4<f32> { return du[(first + r) / 4u]; }
//#else
@group(0) @binding(3) var<storage, read> u: array<f32>;
@group(0) @binding(4) var<storage, read> du: array<f32>;
fn rankIndex(first: u32, r: u32) -> vec4<u32> {
  return first + min(r + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.rank - 1u));
}
fn uAt(first: u32, r: u32) -> vec4<f32> {
  let index = rankIndex(first, r);
  return vec4<f32>(u[index.x], u[index.y], u[index.z], u[index.w]);
}
fn duAt(first: u32, r: u32) -> vec4<f32> {
  let index = rankIndex(first, r);
  return vec4<f32>(du[index.x], du[index.y], du[index.z], du[index.w]);
}
//#endif
@group(0) @binding(5) var<storage, read_write> gradA: array<f32>;
@group(0) @binding(6) var<storage, read_write> gradB: array<f32>;
//#if DROPOUT
fn mixed(index: u32, key: u32) -> u32 {
  var hash = (index * 0x9e3779b9u) ^ key;
  hash = (hash ^ (hash >> 16u)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13u)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16u);
}
fn mask(row: u32, column: u32, segment: u32) -> vec4<f32> {
  let index = row * sizes.inputs + column;
  let key = sizes.key + segment;
  let hash = vec4<u32>(mixed(index, key), mixed(index + 1u, key), mixed(index + 2u, key), mixed(index + 3u, key));
  return select(vec4<f32>(), vec4<f32>(sizes.keep), hash >= vec4<u32>(sizes.threshold));
}
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
  //#endif
  //#if SPLIT
  //#else
  if (index >= sizes.tiles) {
    return;
  }
  //#endif
  let tiles = (sizes.rank + 7u) / 8u;
  let width = sizes.segmentCount * sizes.rank;
  let isA = index < sizes.tilesA;
  //#repeat i 8
  var low$i = vec4<f32>();
  var high$i = vec4<f32>();
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
      let base = t * width + s * sizes.rank;
      let d0 = duAt(base, r);
      let d4 = duAt(base, r + 4u);
      //#if DROPOUT
      let low = mask(t, column, s) * xAt(t, column);
      let high = mask(t, column + 4u, s) * xAt(t, column + 4u);
      //#else
      let low = xAt(t, column);
      let high = xAt(t, column + 4u);
      //#endif
      low0 += d0.x * low;
      high0 += d0.x * high;
      low1 += d0.y * low;
      high1 += d0.y * high;
      low2 += d0.z * low;
      high2 += d0.z * high;
      low3 += d0.w * low;
      high3 += d0.w * high;
      low4 += d4.x * low;
      high4 += d4.x * high;
      low5 += d4.y * low;
      high5 += d4.y * high;
      low6 += d4.z * low;
      high6 += d4.z * high;
      low7 += d4.w * low;
      high7 += d4.w * high;
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
      let base = t * width + s * sizes.rank;
      let d0 = dyAt(t, segment.x + column);
      let d4 = dyAt(t, segment.x + column + 4u);
      let low = uAt(base, r);
      let high = uAt(base, r + 4u);
      low0 += d0.x * low;
      high0 += d0.x * high;
      low1 += d0.y * low;
      high1 += d0.y * high;
      low2 += d0.z * low;
      high2 += d0.z * high;
      low3 += d0.w * low;
      high3 += d0.w * high;
      low4 += d4.x * low;
      high4 += d4.x * high;
      low5 += d4.y * low;
      high5 += d4.y * high;
      low6 += d4.z * low;
      high6 += d4.z * high;
      low7 += d4.w * low;
      high7 += d4.w * high;
    }
  }
  //#if SPLIT
  // Two rounds of eight registers fit the 16 KiB of workgroup memory; lane i then adds register i over the workgroup.
  //#repeat i 8
  sums[$iu * WORKGROUP + local] = low$i;
  //#end
  workgroupBarrier();
  var total = vec4<f32>();
  if (local < 8u) {
    for (var i = 0u; i < WORKGROUP; i++) {
      total += sums[local * WORKGROUP + i];
    }
  }
  workgroupBarrier();
  //#repeat i 8
  sums[$iu * WORKGROUP + local] = high$i;
  //#end
  workgroupBarrier();
  if (local >= 8u && local < 16u) {
    for (var i = 0u; i < WORKGROUP; i++) {
      total += sums[(local - 8u) * WORKGROUP + i];
    }
  }
  if (local < 16u) {
    add(isA, s, r, column, local % 8u, local / 8u, total);
  }
  //#else
  //#repeat i 8
  add(isA, s, r, column, $iu, 0u, low$i);
  add(isA, s, r, column, $iu, 1u, high$i);
  //#end
  //#endif
}

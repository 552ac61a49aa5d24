// dA[s rank + r, i] += sum_t du[t, s rank + r] mask_s[t, i] x[t, i]
// dB[bRow_s + o, r] += scale sum_t dy[t, start_s + o] u[t, s rank + r]
// x [rows, inputs], dy [rows, outputs], u, du [rows, segments * rank], gradA [segments * rank, inputs], gradB [*, rank].
// Grid: first a thread per (segment, four ranks, four inputs) of A, then per (segment, four outputs, four ranks) of B;
// no barrier, rows in order. Accumulates.
struct Sizes {
  rows: u32, inputs: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32, threadsA: u32,
  threshold: u32, key: u32, keep: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b, first tile of four outputs
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

fn addA(s: u32, r: u32, column: u32, value: vec4<f32>) {
  if (r >= sizes.rank) {
    return;
  }
  for (var c = 0u; c < 4u && column + c < sizes.inputs; c++) {
    gradA[(s * sizes.rank + r) * sizes.inputs + column + c] += value[c];
  }
}
fn addB(segment: vec4<u32>, o: u32, r: u32, value: vec4<f32>) {
  if (o >= segment.y) {
    return;
  }
  for (var c = 0u; c < 4u && r + c < sizes.rank; c++) {
    gradB[(segment.z + o) * sizes.rank + r + c] += sizes.scale * value[c];
  }
}

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 16u;
  let tiles = (sizes.rank + 3u) / 4u;
  let width = sizes.segmentCount * sizes.rank;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  if (index < sizes.threadsA) {
    let columns4 = (sizes.inputs + 3u) / 4u;
    let column = 4u * (index % columns4);
    let r = 4u * (index / columns4 % tiles);
    let s = index / (columns4 * tiles);
    for (var t = 0u; t < sizes.rows; t++) {
      let d = duAt(t * width + s * sizes.rank, r);
      //#if DROPOUT
      let value = mask(t, column, s) * xAt(t, column);
      //#else
      let value = xAt(t, column);
      //#endif
      sum0 += d.x * value;
      sum1 += d.y * value;
      sum2 += d.z * value;
      sum3 += d.w * value;
    }
    addA(s, r, column, sum0);
    addA(s, r + 1u, column, sum1);
    addA(s, r + 2u, column, sum2);
    addA(s, r + 3u, column, sum3);
    return;
  }
  let other = index - sizes.threadsA;
  let r = 4u * (other % tiles);
  let tile = other / tiles;
  var s = 0u;
  while (s + 1u < sizes.segmentCount && tile >= sizes.segments[s + 1u].w) {
    s++;
  }
  let segment = sizes.segments[s];
  let o = 4u * (tile - segment.w);
  if (o >= segment.y) {
    return;
  }
  for (var t = 0u; t < sizes.rows; t++) {
    let d = dyAt(t, segment.x + o);
    let value = uAt(t * width + s * sizes.rank, r);
    sum0 += d.x * value;
    sum1 += d.y * value;
    sum2 += d.z * value;
    sum3 += d.w * value;
  }
  addB(segment, o, r, sum0);
  addB(segment, o + 1u, r, sum1);
  addB(segment, o + 2u, r, sum2);
  addB(segment, o + 3u, r, sum3);
}

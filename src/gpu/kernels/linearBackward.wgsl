// dx[t, i] (+)= sum_o dy[t, o] W[o, i] (+ sum_s mask_s[t, i] sum_r du[t, s rank + r] A[s rank + r, i])
// dy [rows, outputs], W this part's rows [start, start + count) of [outputs, inputs] in any weight format,
// dx [rows, inputs], du [rows, segments * rank], a [segments * rank, inputs]; mask_s: see dropout in compute/dropout.ts.
// Grid: a thread per (ROWS rows, eight inputs; four without WIDE), no barrier; outputs in order. ACCUMULATE adds.
struct Sizes {
  rows: u32, inputs: u32, columns4: u32, outputs: u32, start: u32, count: u32,
  segmentCount: u32, rank: u32, threshold: u32, key: u32, keep: f32,
  firstRow: u32, // of this dispatch in the whole product: the mask counts from there
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(3) var<storage, read> dy: array<vec4<f32>>;
fn dyAt(row: u32, output: u32) -> vec4<f32> { return dy[(row * sizes.outputs + output) / 4u]; }
//#else
@group(0) @binding(3) var<storage, read> dy: array<f32>;
fn dyAt(row: u32, output: u32) -> vec4<f32> {
  let last = vec4<u32>(sizes.start + sizes.count - 1u);
  let column = output + vec4<u32>(0u, 1u, 2u, 3u);
  let index = row * sizes.outputs + min(column, last);
  return select(vec4<f32>(), vec4<f32>(dy[index.x], dy[index.y], dy[index.z], dy[index.w]), column <= last);
}
//#endif
//#if OUT4
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;
//#else
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
//#endif
//#if LORA
//#if RANK4
@group(0) @binding(5) var<storage, read> du: array<vec4<f32>>;
fn duAt(base: u32, r: u32) -> vec4<f32> { return du[(base + r) / 4u]; }
//#else
@group(0) @binding(5) var<storage, read> du: array<f32>;
fn duAt(base: u32, r: u32) -> vec4<f32> {
  let at = base + min(r + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.rank - 1u));
  let inside = r + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(sizes.rank);
  return select(vec4<f32>(), vec4<f32>(du[at.x], du[at.y], du[at.z], du[at.w]), inside);
}
//#endif
//#if OUT4
@group(0) @binding(6) var<storage, read> a: array<vec4<f32>>;
fn aAt(row: u32, column4: u32) -> vec4<f32> { return a[row * sizes.columns4 + column4]; }
//#else
@group(0) @binding(6) var<storage, read> a: array<f32>;
fn aAt(row: u32, column4: u32) -> vec4<f32> {
  let index = row * sizes.inputs + min(4u * column4 + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.inputs - 1u));
  return vec4<f32>(a[index.x], a[index.y], a[index.z], a[index.w]);
}
//#endif
//#endif
//#if DROPOUT
fn mixed(index: u32, key: u32) -> u32 {
  var hash = (index * 0x9e3779b9u) ^ key;
  hash = (hash ^ (hash >> 16u)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13u)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16u);
}
fn mask(row: u32, column: u32, segment: u32) -> vec4<f32> {
  let index = (sizes.firstRow + row) * sizes.inputs + column;
  let key = sizes.key + segment;
  let hash = vec4<u32>(mixed(index, key), mixed(index + 1u, key), mixed(index + 2u, key), mixed(index + 3u, key));
  return select(vec4<f32>(), vec4<f32>(sizes.keep), hash >= vec4<u32>(sizes.threshold));
}
//#endif

fn finish(row: u32, column4: u32, value: vec4<f32>) {
  if (row >= sizes.rows || column4 >= sizes.columns4) {
    return;
  }
  //#if OUT4
  let index = row * sizes.columns4 + column4;
  //#if ACCUMULATE
  dx[index] += value;
  //#else
  dx[index] = value;
  //#endif
  //#else
  for (var c = 0u; c < 4u && 4u * column4 + c < sizes.inputs; c++) {
    let index = row * sizes.inputs + 4u * column4 + c;
    //#if ACCUMULATE
    dx[index] += value[c];
    //#else
    dx[index] = value[c];
    //#endif
  }
  //#endif
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * WORKGROUP;
  //#if WIDE
  let tiles = (sizes.columns4 + 1u) / 2u;
  let column4 = 2u * (index % tiles);
  let next4 = min(column4 + 1u, sizes.columns4 - 1u);
  //#else
  let tiles = sizes.columns4;
  let column4 = index % tiles;
  //#endif
  let first = ROWS * (index / tiles);
  if (first >= sizes.rows) {
    return;
  }
  let last = sizes.count - 1u;
  //#repeat t ROWS
  let row$t = min(first + $tu, sizes.rows - 1u);
  var low$t = vec4<f32>();
  //#if WIDE
  var high$t = vec4<f32>();
  //#endif
  //#end
  for (var o = 0u; o < sizes.count; o += 4u) {
    let w0 = weightRow(o, sizes.columns4);
    let w1 = weightRow(min(o + 1u, last), sizes.columns4);
    let w2 = weightRow(min(o + 2u, last), sizes.columns4);
    let w3 = weightRow(min(o + 3u, last), sizes.columns4);
    let low_0 = weightAt(w0, column4);
    let low_1 = weightAt(w1, column4);
    let low_2 = weightAt(w2, column4);
    let low_3 = weightAt(w3, column4);
    //#if WIDE
    let high_0 = weightAt(w0, next4);
    let high_1 = weightAt(w1, next4);
    let high_2 = weightAt(w2, next4);
    let high_3 = weightAt(w3, next4);
    //#endif
    //#repeat t ROWS
    let d$t = dyAt(row$t, sizes.start + o);
    low$t += d$t.x * low_0 + d$t.y * low_1 + d$t.z * low_2 + d$t.w * low_3;
    //#if WIDE
    high$t += d$t.x * high_0 + d$t.y * high_1 + d$t.z * high_2 + d$t.w * high_3;
    //#endif
    //#end
  }
  //#if LORA
  let step = sizes.segmentCount * sizes.rank;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = s * sizes.rank;
    let lastRank = segment + sizes.rank - 1u;
    //#repeat t ROWS
    var lowPart$t = vec4<f32>();
    //#if WIDE
    var highPart$t = vec4<f32>();
    //#endif
    //#end
    for (var r = 0u; r < sizes.rank; r += 4u) {
      let low_0 = aAt(segment + r, column4);
      let low_1 = aAt(min(segment + r + 1u, lastRank), column4);
      let low_2 = aAt(min(segment + r + 2u, lastRank), column4);
      let low_3 = aAt(min(segment + r + 3u, lastRank), column4);
      //#if WIDE
      let high_0 = aAt(segment + r, next4);
      let high_1 = aAt(min(segment + r + 1u, lastRank), next4);
      let high_2 = aAt(min(segment + r + 2u, lastRank), next4);
      let high_3 = aAt(min(segment + r + 3u, lastRank), next4);
      //#endif
      //#repeat t ROWS
      let d$t = duAt(row$t * step + segment, r);
      lowPart$t += d$t.x * low_0 + d$t.y * low_1 + d$t.z * low_2 + d$t.w * low_3;
      //#if WIDE
      highPart$t += d$t.x * high_0 + d$t.y * high_1 + d$t.z * high_2 + d$t.w * high_3;
      //#endif
      //#end
    }
    //#repeat t ROWS
    //#if DROPOUT
    low$t += mask(row$t, 4u * column4, s) * lowPart$t;
    //#if WIDE
    high$t += mask(row$t, 4u * next4, s) * highPart$t;
    //#endif
    //#else
    low$t += lowPart$t;
    //#if WIDE
    high$t += highPart$t;
    //#endif
    //#endif
    //#end
  }
  //#endif
  //#repeat t ROWS
  finish(first + $tu, column4, low$t);
  //#if WIDE
  finish(first + $tu, column4 + 1u, high$t);
  //#endif
  //#end
}

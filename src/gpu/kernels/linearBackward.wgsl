// dx[t, i] (+)= sum_o dy[t, o] W[o, i] (+ sum_s mask_s[t, i] sum_r du[t, s rank + r] A[s rank + r, i])
// dy [rows, outputs], W this part's rows [start, start + count) of [outputs, inputs] in any weight format,
// dx [rows, inputs], du [rows, segments * rank], a [segments * rank, inputs]; mask_s: see dropout in compute/dropout.ts.
// Grid: a thread per (four rows, four inputs), no barrier. ACCUMULATE adds.
struct Sizes {
  rows: u32, inputs: u32, columns4: u32, outputs: u32, start: u32, count: u32,
  segmentCount: u32, rank: u32, threshold: u32, key: u32, keep: f32,
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
@group(0) @binding(5) var<storage, read> du: array<f32>;
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
  let index = row * sizes.inputs + column;
  let key = sizes.key + segment;
  let hash = vec4<u32>(mixed(index, key), mixed(index + 1u, key), mixed(index + 2u, key), mixed(index + 3u, key));
  return select(vec4<f32>(), vec4<f32>(sizes.keep), hash >= vec4<u32>(sizes.threshold));
}
//#endif

fn finish(row: u32, column4: u32, value: vec4<f32>) {
  if (row >= sizes.rows) {
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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let column4 = index % sizes.columns4;
  let row = 4u * (index / sizes.columns4);
  if (row >= sizes.rows) {
    return;
  }
  let lastRow = sizes.rows - 1u;
  let row1 = min(row + 1u, lastRow);
  let row2 = min(row + 2u, lastRow);
  let row3 = min(row + 3u, lastRow);
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var o = 0u; o < sizes.count; o += 4u) {
    let w0 = weightAt(weightRow(o, sizes.columns4), column4);
    let w1 = weightAt(weightRow(min(o + 1u, sizes.count - 1u), sizes.columns4), column4);
    let w2 = weightAt(weightRow(min(o + 2u, sizes.count - 1u), sizes.columns4), column4);
    let w3 = weightAt(weightRow(min(o + 3u, sizes.count - 1u), sizes.columns4), column4);
    let d0 = dyAt(row, sizes.start + o);
    let d1 = dyAt(row1, sizes.start + o);
    let d2 = dyAt(row2, sizes.start + o);
    let d3 = dyAt(row3, sizes.start + o);
    sum0 += d0.x * w0 + d0.y * w1 + d0.z * w2 + d0.w * w3;
    sum1 += d1.x * w0 + d1.y * w1 + d1.z * w2 + d1.w * w3;
    sum2 += d2.x * w0 + d2.y * w1 + d2.z * w2 + d2.w * w3;
    sum3 += d3.x * w0 + d3.y * w1 + d3.z * w2 + d3.w * w3;
  }
  //#if LORA
  let width = sizes.segmentCount * sizes.rank;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    var part0 = vec4<f32>();
    var part1 = vec4<f32>();
    var part2 = vec4<f32>();
    var part3 = vec4<f32>();
    for (var r = s * sizes.rank; r < (s + 1u) * sizes.rank; r++) {
      let value = aAt(r, column4);
      part0 += du[row * width + r] * value;
      part1 += du[row1 * width + r] * value;
      part2 += du[row2 * width + r] * value;
      part3 += du[row3 * width + r] * value;
    }
    //#if DROPOUT
    sum0 += mask(row, 4u * column4, s) * part0;
    sum1 += mask(row1, 4u * column4, s) * part1;
    sum2 += mask(row2, 4u * column4, s) * part2;
    sum3 += mask(row3, 4u * column4, s) * part3;
    //#else
    sum0 += part0;
    sum1 += part1;
    sum2 += part2;
    sum3 += part3;
    //#endif
  }
  //#endif
  finish(row, column4, sum0);
  finish(row + 1u, column4, sum1);
  finish(row + 2u, column4, sum2);
  finish(row + 3u, column4, sum3);
}

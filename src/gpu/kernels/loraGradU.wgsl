// du[t, s rank + r] = scale sum_o dy[t, start_s + o] B[bRow_s + o, r], o < count_s.
// dy [rows, outputs], b [*, rank], du [rows, segments * rank].
// Grid: a thread per (four rows, segment, four ranks), no barrier. Assigns.
struct Sizes {
  rows: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
//#if RANK4
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
fn bAt(row: u32, r: u32) -> vec4<f32> { return b[(row * sizes.rank + r) / 4u]; }
//#else
@group(0) @binding(2) var<storage, read> b: array<f32>;
fn bAt(row: u32, r: u32) -> vec4<f32> {
  let index = row * sizes.rank + min(r + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.rank - 1u));
  return vec4<f32>(b[index.x], b[index.y], b[index.z], b[index.w]);
}
//#endif
@group(0) @binding(3) var<storage, read_write> du: array<f32>;

fn finish(row: u32, column: u32, r: u32, value: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let first = row * sizes.segmentCount * sizes.rank + column;
  for (var c = 0u; c < 4u && r + c < sizes.rank; c++) {
    du[first + c] = sizes.scale * value[c];
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let tiles = (sizes.rank + 3u) / 4u;
  let perRow = sizes.segmentCount * tiles;
  let row = 4u * (index / perRow);
  if (row >= sizes.rows) {
    return;
  }
  let s = index % perRow / tiles;
  let r = 4u * (index % tiles);
  let segment = sizes.segments[s];
  let lastRow = sizes.rows - 1u;
  let base0 = row * sizes.outputs + segment.x;
  let base1 = min(row + 1u, lastRow) * sizes.outputs + segment.x;
  let base2 = min(row + 2u, lastRow) * sizes.outputs + segment.x;
  let base3 = min(row + 3u, lastRow) * sizes.outputs + segment.x;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var o = 0u; o < segment.y; o++) {
    let value = bAt(segment.z + o, r);
    sum0 += dy[base0 + o] * value;
    sum1 += dy[base1 + o] * value;
    sum2 += dy[base2 + o] * value;
    sum3 += dy[base3 + o] * value;
  }
  let column = s * sizes.rank + r;
  finish(row, column, r, sum0);
  finish(row + 1u, column, r, sum1);
  finish(row + 2u, column, r, sum2);
  finish(row + 3u, column, r, sum3);
}

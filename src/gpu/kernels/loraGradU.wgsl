// du[t, s rank + r] = scale sum_o dy[t, start_s + o] B[bRow_s + o, r], o < count_s.
// dy [rows, outputs], b [*, rank], du [rows, segments * rank].
// Grid: a thread per (ROWS rows, segment, eight ranks; four without WIDE), no barrier; outputs in order. Assigns.
struct Sizes {
  rows: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(1) var<storage, read> dy: array<vec4<f32>>;
fn dyAt(base: u32, o: u32, last: u32) -> vec4<f32> { return dy[(base + o) / 4u]; }
//#else
@group(0) @binding(1) var<storage, read> dy: array<f32>;
fn dyAt(base: u32, o: u32, last: u32) -> vec4<f32> {
  let column = o + vec4<u32>(0u, 1u, 2u, 3u);
  let at = base + min(column, vec4<u32>(last));
  return select(vec4<f32>(), vec4<f32>(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), column <= vec4<u32>(last));
}
//#endif
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
    du[first + r + c] = sizes.scale * value[c];
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * WORKGROUP;
  //#if WIDE
  let width = 8u;
  //#else
  let width = 4u;
  //#endif
  let tiles = (sizes.rank + width - 1u) / width;
  let perRow = sizes.segmentCount * tiles;
  let first = ROWS * (index / perRow);
  if (first >= sizes.rows) {
    return;
  }
  let s = index % perRow / tiles;
  let r = width * (index % tiles);
  let segment = sizes.segments[s];
  let last = segment.y - 1u;
  //#repeat t ROWS
  let base$t = min(first + $tu, sizes.rows - 1u) * sizes.outputs + segment.x;
  var low$t = vec4<f32>();
  //#if WIDE
  var high$t = vec4<f32>();
  //#endif
  //#end
  for (var o = 0u; o < segment.y; o += 4u) {
    let b0 = segment.z + o;
    let b1 = segment.z + min(o + 1u, last);
    let b2 = segment.z + min(o + 2u, last);
    let b3 = segment.z + min(o + 3u, last);
    let low_0 = bAt(b0, r);
    let low_1 = bAt(b1, r);
    let low_2 = bAt(b2, r);
    let low_3 = bAt(b3, r);
    //#if WIDE
    let high_0 = bAt(b0, r + 4u);
    let high_1 = bAt(b1, r + 4u);
    let high_2 = bAt(b2, r + 4u);
    let high_3 = bAt(b3, r + 4u);
    //#endif
    //#repeat t ROWS
    let d$t = dyAt(base$t, o, last);
    low$t += d$t.x * low_0 + d$t.y * low_1 + d$t.z * low_2 + d$t.w * low_3;
    //#if WIDE
    high$t += d$t.x * high_0 + d$t.y * high_1 + d$t.z * high_2 + d$t.w * high_3;
    //#endif
    //#end
  }
  //#repeat t ROWS
  finish(first + $tu, s * sizes.rank, r, low$t);
  //#if WIDE
  finish(first + $tu, s * sizes.rank, r + 4u, high$t);
  //#endif
  //#end
}

// (a, b) = (x[i], x[i + halfDim]) -> (a cos - b sin, b cos + a sin), halfDim = headDim / 2; sizes.direction -1 rotates back.
// With PARTIAL halfDim is less, and what lies beyond 2 halfDim stays.
// qkv [rows, (heads + 2 kvHeads) * headDim] in place on q and k, positions u32 [rows], cos, sin [positions, halfDim].
// Grid: a thread per (row, head of q or k, pair).
//#if PARTIAL
struct Sizes { rows: u32, heads: u32, kvHeads: u32, halfDim: u32, direction: f32, headDim: u32 }
//#else
struct Sizes { rows: u32, heads: u32, kvHeads: u32, halfDim: u32, direction: f32 }
//#endif
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> cosTable: array<f32>;
@group(0) @binding(4) var<storage, read> sinTable: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let perRow = (sizes.heads + sizes.kvHeads) * sizes.halfDim;
  if (index >= sizes.rows * perRow) {
    return;
  }
  let row = index / perRow;
  let head = index % perRow / sizes.halfDim;
  let pair = index % sizes.halfDim;
  let angle = positions[row] * sizes.halfDim + pair;
  let cosine = cosTable[angle];
  let sine = sinTable[angle] * sizes.direction;
  //#if PARTIAL
  let first = (row * (sizes.heads + 2u * sizes.kvHeads) + head) * sizes.headDim + pair;
  //#else
  let first = (row * (sizes.heads + 2u * sizes.kvHeads) + head) * 2u * sizes.halfDim + pair;
  //#endif
  let a = qkv[first];
  let b = qkv[first + sizes.halfDim];
  qkv[first] = a * cosine - b * sine;
  qkv[first + sizes.halfDim] = b * cosine + a * sine;
}

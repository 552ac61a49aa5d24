// Rotates q in place (see rope.wgsl) and writes the rotated k and v of row t to slot slots[t] of the caches.
// qkv [rows, (heads + 2 kvHeads) * headDim], positions, slots u32 [rows], cos, sin [positions, headDim / 2],
// kCache, vCache [slots, kvHeads * headDim]. Grid: a thread per (row, head of q, k or v, pair).
struct Sizes { rows: u32, heads: u32, kvHeads: u32, halfDim: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> cosTable: array<f32>;
@group(0) @binding(5) var<storage, read> sinTable: array<f32>;
@group(0) @binding(6) var<storage, read_write> kCache: array<f32>;
@group(0) @binding(7) var<storage, read_write> vCache: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let heads = sizes.heads + 2u * sizes.kvHeads;
  let perRow = heads * sizes.halfDim;
  if (index >= sizes.rows * perRow) {
    return;
  }
  let row = index / perRow;
  let head = index % perRow / sizes.halfDim;
  let pair = index % sizes.halfDim;
  let first = (row * heads + head) * 2u * sizes.halfDim + pair;
  let a = qkv[first];
  let b = qkv[first + sizes.halfDim];
  let slot = slots[row] * sizes.kvHeads * 2u * sizes.halfDim + pair;
  if (head >= sizes.heads + sizes.kvHeads) {
    let cached = slot + (head - sizes.heads - sizes.kvHeads) * 2u * sizes.halfDim;
    vCache[cached] = a;
    vCache[cached + sizes.halfDim] = b;
    return;
  }
  let angle = positions[row] * sizes.halfDim + pair;
  let cosine = cosTable[angle];
  let sine = sinTable[angle];
  let rotatedA = a * cosine - b * sine;
  let rotatedB = b * cosine + a * sine;
  if (head < sizes.heads) {
    qkv[first] = rotatedA;
    qkv[first + sizes.halfDim] = rotatedB;
  } else {
    let cached = slot + (head - sizes.heads) * 2u * sizes.halfDim;
    kCache[cached] = rotatedA;
    kCache[cached + sizes.halfDim] = rotatedB;
  }
}

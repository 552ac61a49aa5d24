// Rotates q in place (see rope.wgsl) and writes the rotated k and v of row t to slot slots[t] of the caches.
// qkv [rows, (heads + 2 kvHeads) * headDim], positions, slots u32 [rows], cos, sin [positions, headDim / 2], with PARTIAL
// [positions, halfRotated]: of each head the first 2 halfRotated elements are rotated, and pairs of the others stay.
// kCache, vCache [slots, kvHeads * headDim], with HALF as f16 pairs in u32 (headDim divides by four then; no shader-f16 needed).
// Grid: a thread per (row, head of q, k or v, pair), with HALF per two pairs side by side.
//#if PARTIAL
struct Sizes { rows: u32, heads: u32, kvHeads: u32, halfDim: u32, halfRotated: u32 }
//#else
struct Sizes { rows: u32, heads: u32, kvHeads: u32, halfDim: u32 }
//#endif
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> cosTable: array<f32>;
@group(0) @binding(5) var<storage, read> sinTable: array<f32>;
//#if HALF
@group(0) @binding(6) var<storage, read_write> kCache: array<u32>;
@group(0) @binding(7) var<storage, read_write> vCache: array<u32>;
//#else
@group(0) @binding(6) var<storage, read_write> kCache: array<f32>;
@group(0) @binding(7) var<storage, read_write> vCache: array<f32>;
//#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#if HALF
  let index = 2u * (id.x + id.y * groups.x * 64u);
  //#else
  let index = id.x + id.y * groups.x * 64u;
  //#endif
  let heads = sizes.heads + 2u * sizes.kvHeads;
  let perRow = heads * sizes.halfDim;
  if (index >= sizes.rows * perRow) {
    return;
  }
  let row = index / perRow;
  let head = index % perRow / sizes.halfDim;
  //#if PARTIAL
  let number = index % sizes.halfDim;
  let turns = number < sizes.halfRotated;
  let pair = select(number + sizes.halfRotated, number, turns);
  let stride = select(sizes.halfDim - sizes.halfRotated, sizes.halfRotated, turns);
  //#else
  let pair = index % sizes.halfDim;
  let stride = sizes.halfDim;
  //#endif
  let first = (row * heads + head) * 2u * sizes.halfDim + pair;
  //#if HALF
  let a = vec2<f32>(qkv[first], qkv[first + 1u]);
  let b = vec2<f32>(qkv[first + stride], qkv[first + stride + 1u]);
  //#else
  let a = qkv[first];
  let b = qkv[first + stride];
  //#endif
  let slot = slots[row] * sizes.kvHeads * 2u * sizes.halfDim + pair;
  if (head >= sizes.heads + sizes.kvHeads) {
    let cached = slot + (head - sizes.heads - sizes.kvHeads) * 2u * sizes.halfDim;
    //#if HALF
    vCache[cached / 2u] = pack2x16float(a);
    vCache[(cached + stride) / 2u] = pack2x16float(b);
    //#else
    vCache[cached] = a;
    vCache[cached + stride] = b;
    //#endif
    return;
  }
  //#if PARTIAL
  let angle = select(0u, positions[row] * sizes.halfRotated + number, turns);
  //#else
  let angle = positions[row] * sizes.halfDim + pair;
  //#endif
  //#if HALF
  let cosine = vec2<f32>(cosTable[angle], cosTable[angle + 1u]);
  let sine = vec2<f32>(sinTable[angle], sinTable[angle + 1u]);
  //#else
  let cosine = cosTable[angle];
  let sine = sinTable[angle];
  //#endif
  //#if PARTIAL
  let rotatedA = select(a, a * cosine - b * sine, turns);
  let rotatedB = select(b, b * cosine + a * sine, turns);
  //#else
  let rotatedA = a * cosine - b * sine;
  let rotatedB = b * cosine + a * sine;
  //#endif
  if (head < sizes.heads) {
    //#if HALF
    qkv[first] = rotatedA.x;
    qkv[first + 1u] = rotatedA.y;
    qkv[first + stride] = rotatedB.x;
    qkv[first + stride + 1u] = rotatedB.y;
    //#else
    qkv[first] = rotatedA;
    qkv[first + stride] = rotatedB;
    //#endif
  } else {
    let cached = slot + (head - sizes.heads) * 2u * sizes.halfDim;
    //#if HALF
    kCache[cached / 2u] = pack2x16float(rotatedA);
    kCache[(cached + stride) / 2u] = pack2x16float(rotatedB);
    //#else
    kCache[cached] = rotatedA;
    kCache[cached + stride] = rotatedB;
    //#endif
  }
}

// As attention.wgsl for row t = position positions[t] of sequence sequences[t]: keys and values of positions
// 0..positions[t] are read from the caches through blockTable; a slot is block * blockSize + offset.
// qkv [rows, (heads + 2 kvHeads) * headDim] (q rotated), kCache, vCache [slots, kvHeads * headDim],
// sequences, positions u32 [rows], blockTable u32 [*, maxBlocks], out [rows, heads * headDim].
// Grid: a thread per (row, head), no barrier; every row on its own. Assigns. HEAD4 as in attention.wgsl.
struct Sizes { rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32, maxBlocks: u32, blockSize: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> kCache: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> vCache: array<vec4<f32>>;
fn loadQ(element: u32, i: u32) -> vec4<f32> { return qkv[element / 4u + i]; }
fn loadK(element: u32, i: u32) -> vec4<f32> { return kCache[element / 4u + i]; }
fn loadV(element: u32, i: u32) -> vec4<f32> { return vCache[element / 4u + i]; }
//#else
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> kCache: array<f32>;
@group(0) @binding(3) var<storage, read> vCache: array<f32>;
fn within(i: u32) -> vec4<u32> {
  return min(4u * i + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.headDim - 1u));
}
fn masked(i: u32, value: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(), value, 4u * i + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(sizes.headDim));
}
fn loadQ(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return masked(i, vec4<f32>(qkv[at.x], qkv[at.y], qkv[at.z], qkv[at.w]));
}
fn loadK(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return masked(i, vec4<f32>(kCache[at.x], kCache[at.y], kCache[at.z], kCache[at.w]));
}
fn loadV(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return vec4<f32>(vCache[at.x], vCache[at.y], vCache[at.z], vCache[at.w]);
}
//#endif
@group(0) @binding(4) var<storage, read> sequences: array<u32>;
@group(0) @binding(5) var<storage, read> positions: array<u32>;
@group(0) @binding(6) var<storage, read> blockTable: array<u32>;
//#if VEC4
@group(0) @binding(7) var<storage, read_write> out: array<vec4<f32>>;
fn store(element: u32, i: u32, value: vec4<f32>) { out[element / 4u + i] = value; }
//#else
@group(0) @binding(7) var<storage, read_write> out: array<f32>;
fn store(element: u32, i: u32, value: vec4<f32>) {
  for (var c = 0u; c < 4u && 4u * i + c < sizes.headDim; c++) {
    out[element + 4u * i + c] = value[c];
  }
}
//#endif

fn slotOf(table: u32, position: u32) -> u32 {
  return blockTable[table + position / sizes.blockSize] * sizes.blockSize + position % sizes.blockSize;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 32u;
  if (index >= sizes.rows * sizes.heads) {
    return;
  }
  let row = index / sizes.heads;
  let head = index % sizes.heads;
  let query = (row * (sizes.heads + 2u * sizes.kvHeads) + head) * sizes.headDim;
  let cached = head * sizes.kvHeads / sizes.heads * sizes.headDim;
  let stride = sizes.kvHeads * sizes.headDim;
  let table = sequences[row] * sizes.maxBlocks;
  let last = positions[row];
  //#repeat i HEAD4
  let q$i = loadQ(query, $iu) * sizes.scale;
  var sum$i = vec4<f32>();
  //#end
  var highest = -1e30;
  var total = 0.0;
  for (var j = 0u; j <= last; j += 4u) {
    let at = vec4<u32>(
      slotOf(table, j), slotOf(table, min(j + 1u, last)),
      slotOf(table, min(j + 2u, last)), slotOf(table, min(j + 3u, last))) * stride + cached;
    var score = vec4<f32>();
    //#repeat i HEAD4
    score += vec4<f32>(dot(q$i, loadK(at.x, $iu)), dot(q$i, loadK(at.y, $iu)), dot(q$i, loadK(at.z, $iu)), dot(q$i, loadK(at.w, $iu)));
    //#end
    score = select(vec4<f32>(-1e30), score, j + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(last));
    let candidate = max(max(score.x, score.y), max(score.z, score.w));
    if (candidate > highest) {
      let shrink = exp(highest - candidate);
      highest = candidate;
      total *= shrink;
      //#repeat i HEAD4
      sum$i *= shrink;
      //#end
    }
    let p = exp(score - highest);
    total += (p.x + p.y) + (p.z + p.w);
    //#repeat i HEAD4
    sum$i += p.x * loadV(at.x, $iu) + p.y * loadV(at.y, $iu) + p.z * loadV(at.z, $iu) + p.w * loadV(at.w, $iu);
    //#end
  }
  let inverse = 1.0 / total;
  //#repeat i HEAD4
  store(index * sizes.headDim, $iu, sum$i * inverse);
  //#end
}

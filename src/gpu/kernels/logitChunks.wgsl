// Of 4096 logits of a row at a time: the highest, the sum of their weights relative to it at the row's temperature and at 1, and
// with LISTS the likeliest of them, where the row is to be cut to a nucleus.
// logits [rows, vocab] as bits, draws u32 [rows, 8] (compute/sampling/rowDraws.ts), summaries u32 [rows, chunks, 9] = key and id of the highest,
// sum at T, sum of d weight (f32), sum at 1, tokens listed, highest key that is not; lists u32 [rows, chunks, 128, 2] = key, id.
// Grid: a workgroup a chunk.
struct Sizes { rows: u32, vocab: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read> draws: array<u32>;
@group(0) @binding(3) var<storage, read_write> summaries: array<u32>;
//#if LISTS
@group(0) @binding(4) var<storage, read_write> lists: array<u32>;
var<workgroup> counts: array<atomic<u32>, 64>;
var<workgroup> cut: u32;
var<workgroup> listed: atomic<u32>;
var<workgroup> floorKey: atomic<u32>;
//#endif
//#include exactWeights
var<workgroup> sums: array<vec4<u32>, 256>;
var<workgroup> depths: array<f32, 256>;
fn foldSums(first: u32, step: u32) {
  for (var i = 1u; i < 16u; i++) {
    let other = sums[first + i * step];
    sums[first] = vec4<u32>(plus(sums[first].xy, other.xy), plus(sums[first].zw, other.zw));
    depths[first] += depths[first + i * step];
  }
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let at = group.x + group.y * groups.x;
  if (at >= sizes.rows * sizes.chunks) {
    return;
  }
  let row = at / sizes.chunks;
  let first = at % sizes.chunks * 4096u;
  let end = min(first + 4096u, sizes.vocab);
  let base = row * sizes.vocab;
  fillPowers(local);
  var own = vec2<u32>();
  for (var i = first + local; i < end; i += 256u) {
    let key = keyOf(logits[base + i]);
    if (key > own.x) { own = vec2<u32>(key, i); }
  }
  let best = highest(local, own);
  let top = logitOf(best.x);

  let scaling = Scaling(bitcast<f32>(draws[8u * row + 1u]), draws[8u * row + 2u], draws[8u * row + 3u]);
  let twice = scaling.power != plain.power || scaling.factor != plain.factor;
  var atT = vec2<u32>();
  var atOne = vec2<u32>();
  var depth = 0.0;
  for (var i = first + local; i < end; i += 256u) {
    let d = top - bitcast<f32>(logits[base + i]);
    let weight = weightOf(halvingsOf(d, scaling));
    atT = plus(atT, weight);
    if (any(weight != vec2<u32>())) { depth += d * rough(weight); }
    if (twice) { atOne = plus(atOne, weightOf(halvingsOf(d, plain))); }
  }
  sums[local] = vec4<u32>(atT, select(atT, atOne, twice));
  depths[local] = depth;
  workgroupBarrier();
  if (local < 16u) { foldSums(16u * local, 1u); }
  workgroupBarrier();
  if (local == 0u) {
    foldSums(0u, 16u);
    let sum = sums[0];
    let to = 9u * at;
    summaries[to] = best.x;
    summaries[to + 1u] = best.y;
    summaries[to + 2u] = sum.x;
    summaries[to + 3u] = sum.y;
    summaries[to + 4u] = bitcast<u32>(depths[0]);
    summaries[to + 5u] = sum.z;
    summaries[to + 6u] = sum.w;
  }
  //#if LISTS
  if (draws[8u * row] != 2u) {
    return;
  }
  if (local < 64u) { atomicStore(&counts[local], 0u); }
  if (local == 0u) {
    atomicStore(&listed, 0u);
    atomicStore(&floorKey, 0u);
  }
  workgroupBarrier();
  for (var i = first + local; i < end; i += 256u) {
    let bin = halvingsOf(top - bitcast<f32>(logits[base + i]), scaling) >> 23u;
    if (bin < 64u) { atomicAdd(&counts[bin], 1u); }
  }
  workgroupBarrier();
  if (local == 0u) {
    var count = 0u;
    var bin = 0u;
    for (; bin < 64u; bin++) {
      count += atomicLoad(&counts[bin]);
      if (count > 128u) { break; }
    }
    cut = bin;
  }
  workgroupBarrier();
  let last = cut;
  var left = 0u;
  for (var i = first + local; i < end; i += 256u) {
    let key = keyOf(logits[base + i]);
    if (halvingsOf(top - bitcast<f32>(logits[base + i]), scaling) >> 23u < last) {
      let to = 2u * (128u * at + atomicAdd(&listed, 1u));
      lists[to] = key;
      lists[to + 1u] = i;
    } else { left = max(left, key); }
  }
  atomicMax(&floorKey, left);
  workgroupBarrier();
  if (local == 0u) {
    summaries[9u * at + 7u] = atomicLoad(&listed);
    summaries[9u * at + 8u] = atomicLoad(&floorKey);
  }
  //#endif
}

// The draw from the smallest set of likeliest tokens whose weights reach top-p: of up to 512 candidates each is ranked by comparing it
// with all others. `sure` stays 0 where the candidates do not reach, or where the error might change who is in.
var<workgroup> counts: array<atomic<u32>, 64>;
var<workgroup> cut: u32;
var<workgroup> floorKey: atomic<u32>;
var<workgroup> taken: atomic<u32>;
var<workgroup> reached: atomic<u32>;
var<workgroup> doubts: atomic<u32>;
var<workgroup> keys: array<vec2<u32>, 512>;
var<workgroup> weights: array<vec2<u32>, 512>;

// Of a place in the lists: how far down its token is, in quarters of a halving.
fn depthOf(row: u32, place: u32, top: f32, scaling: Scaling) -> u32 {
  let chunk = row * sizes.chunks + place / 128u;
  if (place % 128u >= summaries[9u * chunk + 7u]) { return nothing; }
  let key = lists[2u * (128u * chunk + place % 128u)];
  // Tokens up to the highest that some list left out may be missing.
  if (key <= atomicLoad(&floorKey)) { return nothing; }
  return halvingsOf(top - logitOf(key), scaling) >> 23u;
}

fn drawFromNucleus(local: u32, row: u32, top: f32, scaling: Scaling, total: vec2<u32>, error: vec2<u32>) {
  if (local < 64u) { atomicStore(&counts[local], 0u); }
  if (local == 0u) {
    atomicStore(&floorKey, 0u);
    atomicStore(&taken, 0u);
    atomicStore(&reached, 0u);
    atomicStore(&doubts, 0u);
  }
  workgroupBarrier();
  if (local < sizes.chunks) { atomicMax(&floorKey, summaries[9u * (row * sizes.chunks + local) + 8u]); }
  workgroupBarrier();
  for (var place = local; place < 128u * sizes.chunks; place += 256u) {
    let depth = depthOf(row, place, top, scaling);
    if (depth < 64u) { atomicAdd(&counts[depth], 1u); }
  }
  workgroupBarrier();
  if (local == 0u) {
    var count = 0u;
    var depth = 0u;
    for (; depth < 64u; depth++) {
      count += atomicLoad(&counts[depth]);
      if (count > 512u) { break; }
    }
    cut = depth;
  }
  workgroupBarrier();
  for (var place = local; place < 128u * sizes.chunks; place += 256u) {
    if (depthOf(row, place, top, scaling) < cut) {
      let entry = 2u * (128u * row * sizes.chunks + place);
      let at = atomicAdd(&taken, 1u);
      keys[at] = vec2<u32>(lists[entry], lists[entry + 1u]);
      weights[at] = weightOf(halvingsOf(top - logitOf(lists[entry]), scaling));
    }
  }
  workgroupBarrier();
  let count = atomicLoad(&taken);
  let wanted = times(total, draws[8u * row + 4u]);
  var out = 0u;
  for (var i = local; i < count; i += 256u) {
    let own = keys[i];
    var before = vec2<u32>();
    for (var j = 0u; j < count; j++) {
      if (keys[j].x > own.x || (keys[j].x == own.x && keys[j].y < own.y)) { before = plus(before, weights[j]); }
    }
    if (!below(plus(before, weights[i]), plus(wanted, error))) { atomicStore(&reached, 1u); }
    let near = !below(plus(before, error), wanted) && !below(plus(wanted, error), before);
    // Logits next to 0 may have equal weights in f64 and an order in f32.
    let size = bitcast<u32>(abs(logitOf(own.x)));
    if (near || (size > 0u && size < 0x35800000u)) { atomicStore(&doubts, 1u); }
    if (!below(before, wanted)) { out |= 1u << (i / 256u); }
  }
  workgroupBarrier();
  for (var i = local; i < count; i += 256u) {
    if (((out >> (i / 256u)) & 1u) == 1u) { weights[i] = vec2<u32>(); }
  }
  workgroupBarrier();
  let settled = atomicLoad(&reached) == 1u && atomicLoad(&doubts) == 0u;
  for (var i = local; settled && i < count; i += 256u) {
    var start = vec2<u32>();
    var all = vec2<u32>();
    for (var j = 0u; j < count; j++) {
      all = plus(all, weights[j]);
      if (keys[j].y < keys[i].y) { start = plus(start, weights[j]); }
    }
    if (inside(times(all, draws[8u * row + 5u]), start, weights[i], error)) {
      found = keys[i].y;
      sure = 1u;
    }
  }
}

// The next token of each row of logits, from what logitChunks.wgsl found: as lm/sampling/sampler.ts chooses it in f64, or a sign that it
// has to, where the draw is so close to a token's edge that the error of the weights might tell, or where the nucleus is longer than
// what is listed. Assigns results u32 [rows, 6] = id, 1 where the host has to choose, logits of the id and of the highest as bits, sum of
// weights at T = 1 (exactWeights.wgsl), and ids[next] of the step to come.
// logits, draws, summaries, lists as in logitChunks.wgsl; draws = kind (0 greedy, 1 all, 2 nucleus, 3 host), power, factor and most of the
// scaling, top-p and the uniform number in 2^-32, next, 1 / T. Grid: a workgroup a row.
struct Sizes { rows: u32, vocab: u32, chunks: u32, first: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read> draws: array<u32>;
@group(0) @binding(3) var<storage, read> summaries: array<u32>;
@group(0) @binding(4) var<storage, read_write> ids: array<u32>;
@group(0) @binding(5) var<storage, read_write> results: array<u32>;
//#if LISTS
@group(0) @binding(6) var<storage, read> lists: array<u32>;
//#endif
//#include exactWeights
// Of chunks: the sum before them at T and their own; after them the whole.
var<workgroup> starts: array<vec4<u32>, 129>;
var<workgroup> ones: array<vec2<u32>, 129>;
var<workgroup> depths: array<f32, 129>;
var<workgroup> found: u32;
var<workgroup> sure: u32;

// Whether a point lies in [start, start + weight), by more than the error from both ends.
fn inside(point: vec2<u32>, start: vec2<u32>, weight: vec2<u32>, error: vec2<u32>) -> bool {
  return !below(point, plus(start, error)) && below(plus(point, error), plus(start, weight));
}
//#include wholeRow
//#if LISTS
//#include nucleus
//#endif

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = group.x + group.y * groups.x;
  if (row >= sizes.rows) {
    return;
  }
  let draw = 8u * row;
  let chunk = 9u * (row * sizes.chunks + local);
  let mine = local < sizes.chunks;
  fillPowers(local);
  var own = vec2<u32>();
  if (mine) { own = vec2<u32>(summaries[chunk], summaries[chunk + 1u]); }
  let best = highest(local, own);
  let top = logitOf(best.x);

  let scaling = Scaling(bitcast<f32>(draws[draw + 1u]), draws[draw + 2u], draws[draw + 3u]);
  if (mine) {
    let d = top - logitOf(own.x);
    let down = halvingsOf(d, scaling);
    let sum = lowered(vec2<u32>(summaries[chunk + 2u], summaries[chunk + 3u]), down);
    starts[local] = vec4<u32>(vec2<u32>(), sum);
    ones[local] = lowered(vec2<u32>(summaries[chunk + 5u], summaries[chunk + 6u]), halvingsOf(d, plain));
    depths[local] = 0.0;
    if (down != nothing) {
      depths[local] = bitcast<f32>(summaries[chunk + 4u]) * rough(weightOf(down)) + d * rough(sum);
    }
  }
  workgroupBarrier();
  if (local == 0u) {
    var sum = vec2<u32>();
    var one = vec2<u32>();
    var depth = 0.0;
    for (var c = 0u; c < sizes.chunks; c++) {
      starts[c] = vec4<u32>(sum, starts[c].zw);
      sum = plus(sum, starts[c].zw);
      one = plus(one, ones[c]);
      depth += depths[c];
    }
    starts[sizes.chunks] = vec4<u32>(sum, vec2<u32>());
    ones[sizes.chunks] = one;
    depths[sizes.chunks] = depth;
    found = best.y;
    sure = select(0u, 1u, draws[draw] == 0u);
  }
  workgroupBarrier();
  let total = starts[sizes.chunks].xy;
  // In units of 2^-13: the error of every weight, of what it was compared with, and of 2^-45 lost a token.
  let error13 = (1.25 * depths[sizes.chunks] * bitcast<f32>(draws[draw + 7u]) + 4.0 * rough(total)) * 4.8828125e-4;
  let error = plus(vec2<u32>(u32(error13), u32(fract(error13) * 4294967040.0)), vec2<u32>(0u, 4u * sizes.vocab));

  if (draws[draw] == 1u) { drawFromAll(local, row, top, scaling, total, error); }
  //#if LISTS
  if (draws[draw] == 2u) { drawFromNucleus(local, row, top, scaling, total, error); }
  //#endif
  workgroupBarrier();
  if (local == 0u) {
    let id = min(found, sizes.vocab - 1u);
    let to = 6u * (sizes.first + row);
    results[to] = id;
    results[to + 1u] = select(1u, 0u, sure == 1u && best.x != spoilt);
    results[to + 2u] = logits[row * sizes.vocab + id];
    results[to + 3u] = bitcast<u32>(top);
    results[to + 4u] = ones[sizes.chunks].x;
    results[to + 5u] = ones[sizes.chunks].y;
    if (draws[draw + 6u] != nothing) { ids[draws[draw + 6u]] = id; }
  }
}

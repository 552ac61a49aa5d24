// The draw from all tokens of a row in the order of their ids: its chunk, then 16 tokens an invocation.
fn drawFromAll(local: u32, row: u32, top: f32, scaling: Scaling, total: vec2<u32>, error: vec2<u32>) {
  let point = times(total, draws[8u * row + 5u]);
  if (local < sizes.chunks && !below(point, starts[local].xy) && below(point, starts[local + 1u].xy)) { found = 4096u * local; }
  workgroupBarrier();
  let first = found + 16u * local;
  let end = min(first + 16u, sizes.vocab);
  var start = starts[min(found / 4096u, sizes.chunks)].xy;
  var sum = vec2<u32>();
  for (var i = first; i < end; i++) {
    sum = plus(sum, weightOf(halvingsOf(top - bitcast<f32>(logits[row * sizes.vocab + i]), scaling)));
  }
  tops[local] = sum;
  workgroupBarrier();
  if (local < 16u) {
    for (var i = 16u * local + 1u; i < 16u * local + 16u; i++) { tops[i] = plus(tops[i], tops[i - 1u]); }
  }
  workgroupBarrier();
  for (var i = 15u; i < local; i += 16u) { start = plus(start, tops[i]); }
  if (local % 16u > 0u) { start = plus(start, tops[local - 1u]); }
  for (var i = first; i < end; i++) {
    let weight = weightOf(halvingsOf(top - bitcast<f32>(logits[row * sizes.vocab + i]), scaling));
    if (inside(point, start, weight, error)) {
      found = i;
      sure = 1u;
    }
    start = plus(start, weight);
  }
}

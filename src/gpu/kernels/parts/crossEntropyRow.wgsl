// crossEntropy.wgsl by a workgroup for each row: 256 invocations take every 256th value, their maxima and sums meet in a tree.
var<workgroup> tops: array<f32, 256>;
var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = group.x + group.y * groups.x;
  if (row >= sizes.rows) {
    return;
  }
  let first = row * sizes.values;
  var highest = -1e30;
  var sum = Value();
  for (var i = local; i < sizes.values; i += 256u) {
    let value = logits[first + i] * sizes.inverseTemperature;
    let candidate = largest(value);
    if (candidate > highest) {
      sum *= exp(highest - candidate);
      highest = candidate;
    }
    sum += exp(value - highest);
  }
  tops[local] = highest;
  sums[local] = total(sum);
  workgroupBarrier();
  for (var width = 128u; width > 0u; width /= 2u) {
    if (local < width) {
      let other = tops[local + width];
      let top = max(tops[local], other);
      sums[local] = sums[local] * exp(tops[local] - top) + sums[local + width] * exp(other - top);
      tops[local] = top;
    }
    workgroupBarrier();
  }
  let top = tops[0];
  let whole = sums[0];
  let hit = targets[row];
  if (local == hit / LANES % 256u) {
    nll[row] = log(whole) + (top - lane(logits[first + hit / LANES], hit % LANES) * sizes.inverseTemperature);
  }
  //#if GRADIENT
  let weight = rowWeights[row] * sizes.inverseTemperature;
  let share = weight / whole;
  for (var i = local; i < sizes.values; i += 256u) {
    let slope = share * exp(logits[first + i] * sizes.inverseTemperature - top);
    logits[first + i] = select(slope, slope - weight * oneHot(hit % LANES), i == hit / LANES);
  }
  //#endif
}

// nll = logsumexp(logits / T) - logits[target] / T; with GRADIENT logits = rowWeight / T * (softmax - onehot(target)).
// logits [rows, vocab] in units of Value, targets u32 [rows], nll [rows], rowWeights [rows].
// Grid: a thread a row (no barrier), with ROW a workgroup a row; an online maximum. Overwrites logits with GRADIENT.
//#if VEC4
alias Value = vec4<f32>;
const LANES = 4u;
fn total(value: Value) -> f32 { return (value.x + value.y) + (value.z + value.w); }
fn largest(value: Value) -> f32 { return max(max(value.x, value.y), max(value.z, value.w)); }
fn lane(value: Value, i: u32) -> f32 { return value[i]; }
fn oneHot(i: u32) -> Value { return select(vec4<f32>(), vec4<f32>(1.0), vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(i)); }
//#else
alias Value = f32;
const LANES = 1u;
fn total(value: Value) -> f32 { return value; }
fn largest(value: Value) -> f32 { return value; }
fn lane(value: Value, i: u32) -> f32 { return value; }
fn oneHot(i: u32) -> Value { return 1.0; }
//#endif
struct Sizes { rows: u32, values: u32, inverseTemperature: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read_write> logits: array<Value>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> nll: array<f32>;
//#if GRADIENT
@group(0) @binding(4) var<storage, read> rowWeights: array<f32>;
//#endif

//#if ROW
//#include crossEntropyRow
//#else
@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= sizes.rows) {
    return;
  }
  let first = row * sizes.values;
  var highest = -1e30;
  var sum = Value();
  for (var i = 0u; i < sizes.values; i++) {
    let value = logits[first + i] * sizes.inverseTemperature;
    let candidate = largest(value);
    if (candidate > highest) {
      sum *= exp(highest - candidate);
      highest = candidate;
    }
    sum += exp(value - highest);
  }
  let all = total(sum);
  let hit = targets[row];
  let chosen = lane(logits[first + hit / LANES], hit % LANES) * sizes.inverseTemperature;
  nll[row] = log(all) + (highest - chosen);
  //#if GRADIENT
  let weight = rowWeights[row] * sizes.inverseTemperature;
  let share = weight / all;
  for (var i = 0u; i < sizes.values; i++) {
    logits[first + i] = share * exp(logits[first + i] * sizes.inverseTemperature - highest);
  }
  logits[first + hit / LANES] -= weight * oneHot(hit % LANES);
  //#endif
}
//#endif

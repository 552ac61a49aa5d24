// u[t, s rank + r] = sum_i mask_s[t, i] x[t, i] A[s rank + r, i]; mask_s as in compute/dropout.ts.
// x [rows, inputs], a [segments * rank, inputs], u [rows, segments * rank].
// Grid: a thread per (row, segment, four ranks), no barrier. Assigns.
struct Sizes { rows: u32, inputs: u32, segmentCount: u32, rank: u32, threshold: u32, key: u32, keep: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read_write> u: array<f32>;
//#include dropout

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let tiles = (sizes.rank + 3u) / 4u;
  let perRow = sizes.segmentCount * tiles;
  if (index >= sizes.rows * perRow) {
    return;
  }
  let row = index / perRow;
  let segment = index % perRow / tiles;
  let first = 4u * (index % tiles);
  let ranks = min(vec4<u32>(first, first + 1u, first + 2u, first + 3u), vec4<u32>(sizes.rank - 1u));
  let bases = (segment * sizes.rank + ranks) * sizes.inputs;
  var sum = vec4<f32>();
  for (var i = 0u; i < sizes.inputs; i++) {
    let element = row * sizes.inputs + i;
    if (mixed(element, sizes.key + segment) >= sizes.threshold) {
      sum += x[element] * vec4<f32>(a[bases.x + i], a[bases.y + i], a[bases.z + i], a[bases.w + i]);
    }
  }
  for (var r = 0u; r < 4u && first + r < sizes.rank; r++) {
    u[(row * sizes.segmentCount + segment) * sizes.rank + first + r] = sizes.keep * sum[r];
  }
}

// Merges the parts of attentionPaged's split rows: out[t, h] = sum_c exp(m_c - m) s_c / sum_c exp(m_c - m) l_c over parts c in order,
// m the highest m_c. partials [endRow - firstRow, parts, heads, HEAD4 + 1] vec4: s_c, then (m_c, l_c). Rows of one part stay as they are.
// positions u32 [rows], out [rows, heads * headDim]. Grid: a thread per (row of [firstRow, endRow), head, vec4 of it), no barrier. Assigns.
struct Sizes {
  heads: u32, headDim: u32, firstRow: u32, endRow: u32, parts: u32,
//#include scoreSizes
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> partials: array<vec4<f32>>;
//#include load4 name=out binding=3 access=read_write flag=VEC4
//#include store4 name=out flag=VEC4
//#include scores type=f32
//#include split

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let head = index / HEAD4 % sizes.heads;
  let row = sizes.firstRow + index / HEAD4 / sizes.heads;
  if (row >= sizes.endRow) {
    return;
  }
  let position = positions[row];
  if (isWhole(position)) {
    return;
  }
  let stride = sizes.heads * (HEAD4 + 1u);
  let base = (row - sizes.firstRow) * sizes.parts * stride + head * (HEAD4 + 1u);
  let count = position / CHUNK - firstSeen(position, 0u) / CHUNK + 1u;
  var highest = -1e30;
  for (var c = 0u; c < count; c++) {
    highest = max(highest, partials[base + c * stride + HEAD4].x);
  }
  var total = 0.0;
  var sum = vec4<f32>();
  for (var c = 0u; c < count; c++) {
    let known = partials[base + c * stride + HEAD4];
    let share = exp(known.x - highest);
    total += share * known.y;
    sum += share * partials[base + c * stride + index % HEAD4];
  }
  outStore(outBase((row * sizes.heads + head) * sizes.headDim), index % HEAD4, sizes.headDim, sum * (1.0 / total));
}

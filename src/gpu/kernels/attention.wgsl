// out[t, h] = sum_j softmax_j(q[t, h] . k[j, h'] * scale) v[j, h'] over j in [documents[t].start, t], h' = h * kvHeads / heads;
// lse[t, h] = log-sum-exp of the scaled scores. Online softmax over four keys at a time.
// qkv [rows, (heads + 2 kvHeads) * headDim], documents u32 [rows, 2], out [rows, heads * headDim], lse [rows, heads].
// Grid: a thread per (head, row), no barrier: neighbours read the same keys. Assigns. HEAD4 = ceil(headDim / 4) named
// registers are unrolled by the table.
struct Sizes { rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>;
fn load(element: u32, i: u32) -> vec4<f32> { return qkv[element / 4u + i]; }
//#else
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
fn load(element: u32, i: u32) -> vec4<f32> {
  let column = 4u * i + vec4<u32>(0u, 1u, 2u, 3u);
  let last = vec4<u32>(sizes.headDim - 1u);
  let index = element + min(column, last);
  return select(vec4<f32>(), vec4<f32>(qkv[index.x], qkv[index.y], qkv[index.z], qkv[index.w]), column <= last);
}
//#endif
@group(0) @binding(2) var<storage, read> documents: array<vec2<u32>>;
//#if VEC4
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
fn store(element: u32, i: u32, value: vec4<f32>) { out[element / 4u + i] = value; }
//#else
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
fn store(element: u32, i: u32, value: vec4<f32>) {
  for (var c = 0u; c < 4u && 4u * i + c < sizes.headDim; c++) {
    out[element + 4u * i + c] = value[c];
  }
}
//#endif
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 32u;
  if (index >= sizes.rows * sizes.heads) {
    return;
  }
  let head = index / sizes.rows;
  let row = index % sizes.rows;
  let at = row * sizes.heads + head;
  let stride = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let query = row * stride + head * sizes.headDim;
  let keys = (sizes.heads + head * sizes.kvHeads / sizes.heads) * sizes.headDim;
  let values = keys + sizes.kvHeads * sizes.headDim;
  //#repeat i HEAD4
  let q$i = load(query, $iu) * sizes.scale;
  var sum$i = vec4<f32>();
  //#end
  var highest = -1e30;
  var total = 0.0;
  for (var j = documents[row].x; j <= row; j += 4u) {
    let keyRows = min(j + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(row)) * stride;
    let k = keyRows + keys;
    var score = vec4<f32>();
    //#repeat i HEAD4
    score += vec4<f32>(dot(q$i, load(k.x, $iu)), dot(q$i, load(k.y, $iu)), dot(q$i, load(k.z, $iu)), dot(q$i, load(k.w, $iu)));
    //#end
    score = select(vec4<f32>(-1e30), score, j + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(row));
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
    let v = keyRows + values;
    //#repeat i HEAD4
    sum$i += p.x * load(v.x, $iu) + p.y * load(v.y, $iu) + p.z * load(v.z, $iu) + p.w * load(v.w, $iu);
    //#end
  }
  let inverse = 1.0 / total;
  let first = at * sizes.headDim;
  //#repeat i HEAD4
  store(first, $iu, sum$i * inverse);
  //#end
  lse[at] = highest + log(total);
}

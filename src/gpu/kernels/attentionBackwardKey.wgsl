// dv[j] = sum_t,h p_t dout[t, h]; dk[j] = scale sum_t,h p_t (dout[t, h] . v_j - delta[t, h]) q[t, h],
// p_t = exp(scale q[t, h] . k_j - lse[t, h]), over rows t in [j, end of j's document) and the query heads of the group.
// qkv, dqkv [rows, (heads + 2 kvHeads) * headDim], dout [rows, heads * headDim], documents u32 [rows, 2],
// lse, delta [rows, heads]. Grid: a thread per (kv head, row), no barrier. Assigns the k and v parts of dqkv.
struct Sizes { rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> dout: array<vec4<f32>>;
fn load(element: u32, i: u32) -> vec4<f32> { return qkv[element / 4u + i]; }
fn loadDout(element: u32, i: u32) -> vec4<f32> { return dout[element / 4u + i]; }
//#else
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> dout: array<f32>;
fn within(i: u32) -> vec4<u32> {
  return min(4u * i + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.headDim - 1u));
}
fn masked(i: u32, value: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(), value, 4u * i + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(sizes.headDim));
}
fn load(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return masked(i, vec4<f32>(qkv[at.x], qkv[at.y], qkv[at.z], qkv[at.w]));
}
fn loadDout(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return masked(i, vec4<f32>(dout[at.x], dout[at.y], dout[at.z], dout[at.w]));
}
//#endif
@group(0) @binding(3) var<storage, read> documents: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
//#if VEC4
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4<f32>>;
fn store(element: u32, i: u32, value: vec4<f32>) { dqkv[element / 4u + i] = value; }
//#else
@group(0) @binding(6) var<storage, read_write> dqkv: array<f32>;
fn store(element: u32, i: u32, value: vec4<f32>) {
  for (var c = 0u; c < 4u && 4u * i + c < sizes.headDim; c++) {
    dqkv[element + 4u * i + c] = value[c];
  }
}
//#endif

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 32u;
  if (index >= sizes.rows * sizes.kvHeads) {
    return;
  }
  let kvHead = index / sizes.rows;
  let row = index % sizes.rows;
  let group = sizes.heads / sizes.kvHeads;
  let stride = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let key = row * stride + (sizes.heads + kvHead) * sizes.headDim;
  let value = key + sizes.kvHeads * sizes.headDim;
  //#repeat i HEAD4
  let k$i = load(key, $iu) * sizes.scale;
  let v$i = load(value, $iu);
  var dk$i = vec4<f32>();
  var dv$i = vec4<f32>();
  //#end
  let end = documents[row].y;
  // Four neighbours start together, so that they read the same queries; a query before the key has p = 0.
  for (var t = row & ~3u; t < end; t++) {
    for (var head = kvHead * group; head < (kvHead + 1u) * group; head++) {
      let query = t * stride + head * sizes.headDim;
      let at = t * sizes.heads + head;
      var score = 0.0;
      var gain = 0.0;
      //#repeat i HEAD4
      let q$i = load(query, $iu);
      let g$i = loadDout(at * sizes.headDim, $iu);
      score += dot(q$i, k$i);
      gain += dot(g$i, v$i);
      //#end
      let p = select(0.0, exp(min(score - lse[at], 1.0)), t >= row);
      let ds = p * (gain - delta[at]);
      //#repeat i HEAD4
      dv$i += p * g$i;
      dk$i += ds * q$i;
      //#end
    }
  }
  //#repeat i HEAD4
  store(key, $iu, dk$i * sizes.scale);
  store(value, $iu, dv$i);
  //#end
}

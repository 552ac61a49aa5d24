// delta[t, h] = dout . out; dq[t, h] = scale sum_j p_j (dout . v_j - delta) k_j, p_j = exp(scale q . k_j - lse).
// qkv, dqkv [rows, (heads + 2 kvHeads) * headDim], out, dout [rows, heads * headDim], documents u32 [rows, 2],
// lse, delta [rows, heads]. Grid: a thread per (head, QUERIES rows), no barrier. Assigns the q part of dqkv, and delta.
struct Sizes { rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> out: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> dout: array<vec4<f32>>;
fn load(element: u32, i: u32) -> vec4<f32> { return qkv[element / 4u + i]; }
fn loadOut(element: u32, i: u32) -> vec4<f32> { return out[element / 4u + i]; }
fn loadDout(element: u32, i: u32) -> vec4<f32> { return dout[element / 4u + i]; }
//#else
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> out: array<f32>;
@group(0) @binding(3) var<storage, read> dout: array<f32>;
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
fn loadOut(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return masked(i, vec4<f32>(out[at.x], out[at.y], out[at.z], out[at.w]));
}
fn loadDout(element: u32, i: u32) -> vec4<f32> {
  let at = element + within(i);
  return masked(i, vec4<f32>(dout[at.x], dout[at.y], dout[at.z], dout[at.w]));
}
//#endif
@group(0) @binding(4) var<storage, read> documents: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
//#if VEC4
@group(0) @binding(7) var<storage, read_write> dqkv: array<vec4<f32>>;
fn store(element: u32, i: u32, value: vec4<f32>) { dqkv[element / 4u + i] = value; }
//#else
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;
fn store(element: u32, i: u32, value: vec4<f32>) {
  for (var c = 0u; c < 4u && 4u * i + c < sizes.headDim; c++) {
    dqkv[element + 4u * i + c] = value[c];
  }
}
//#endif

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 32u;
  let tiles = (sizes.rows + QUERIES - 1u) / QUERIES;
  if (index >= tiles * sizes.heads) {
    return;
  }
  let head = index / tiles;
  let first = QUERIES * (index % tiles);
  let last = sizes.rows - 1u;
  let stride = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let keys = (sizes.heads + head * sizes.kvHeads / sizes.heads) * sizes.headDim;
  let values = keys + sizes.kvHeads * sizes.headDim;
  //#repeat t QUERIES
  let row$t = min(first + $tu, last);
  let start$t = documents[row$t].x;
  let shift$t = lse[row$t * sizes.heads + head];
  var d$t = 0.0;
  //#repeat i HEAD4
  let q$t_$i = load(row$t * stride + head * sizes.headDim, $iu) * sizes.scale;
  let g$t_$i = loadDout((row$t * sizes.heads + head) * sizes.headDim, $iu);
  d$t += dot(g$t_$i, loadOut((row$t * sizes.heads + head) * sizes.headDim, $iu));
  var sum$t_$i = vec4<f32>();
  //#end
  //#end
  let end = min(first + QUERIES - 1u, last);
  for (var j = start0; j <= end; j++) {
    let k = j * stride + keys;
    let v = j * stride + values;
    //#repeat t QUERIES
    var score$t = 0.0;
    var gain$t = 0.0;
    //#end
    //#repeat i HEAD4
    let k$i = load(k, $iu);
    let v$i = load(v, $iu);
    //#repeat t QUERIES
    score$t += dot(q$t_$i, k$i);
    gain$t += dot(g$t_$i, v$i);
    //#end
    //#end
    //#repeat t QUERIES
    let p$t = select(0.0, exp(min(score$t - shift$t, 1.0)), j <= row$t && j >= start$t);
    let ds$t = p$t * (gain$t - d$t);
    //#repeat i HEAD4
    sum$t_$i += ds$t * k$i;
    //#end
    //#end
  }
  //#repeat t QUERIES
  if (first + $tu <= last) {
    delta[row$t * sizes.heads + head] = d$t;
    //#repeat i HEAD4
    store(row$t * stride + head * sizes.headDim, $iu, sum$t_$i * sizes.scale);
    //#end
  }
  //#end
}

// out[t, h] = sum_j softmax_j(q[t, h] . k[j, h'] * scale) v[j, h'] over j in [documents[t].start, t], h' = h * kvHeads / heads;
// lse[t, h] = log-sum-exp of the scaled scores. Online softmax over four keys at a time.
// qkv [rows, (heads + 2 kvHeads) * headDim], documents u32 [rows, 2], out [rows, heads * headDim], lse [rows, heads].
// Grid: a thread per (head, QUERIES rows), no barrier. Assigns. HEAD4 = ceil(headDim / 4) named
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
  var highest$t = -1e30;
  var total$t = 0.0;
  //#repeat i HEAD4
  let q$t_$i = load(row$t * stride + head * sizes.headDim, $iu) * sizes.scale;
  var sum$t_$i = vec4<f32>();
  //#end
  //#end
  let end = min(first + QUERIES - 1u, last);
  for (var j = start0; j <= end; j += 4u) {
    let columns = j + vec4<u32>(0u, 1u, 2u, 3u);
    let at = min(columns, vec4<u32>(last)) * stride;
    let k = at + keys;
    //#repeat t QUERIES
    var score$t = vec4<f32>();
    //#end
    //#repeat i HEAD4
    let kx$i = load(k.x, $iu);
    let ky$i = load(k.y, $iu);
    let kz$i = load(k.z, $iu);
    let kw$i = load(k.w, $iu);
    //#repeat t QUERIES
    score$t += vec4<f32>(dot(q$t_$i, kx$i), dot(q$t_$i, ky$i), dot(q$t_$i, kz$i), dot(q$t_$i, kw$i));
    //#end
    //#end
    //#repeat t QUERIES
    let seen$t = (columns <= vec4<u32>(row$t)) & (columns >= vec4<u32>(start$t));
    score$t = select(vec4<f32>(-1e30), score$t, seen$t);
    let candidate$t = max(max(score$t.x, score$t.y), max(score$t.z, score$t.w));
    if (candidate$t > highest$t) {
      let shrink = exp(highest$t - candidate$t);
      highest$t = candidate$t;
      total$t *= shrink;
      //#repeat i HEAD4
      sum$t_$i *= shrink;
      //#end
    }
    let p$t = select(vec4<f32>(), exp(score$t - highest$t), seen$t);
    total$t += (p$t.x + p$t.y) + (p$t.z + p$t.w);
    //#end
    let v = at + values;
    //#repeat i HEAD4
    let vx$i = load(v.x, $iu);
    let vy$i = load(v.y, $iu);
    let vz$i = load(v.z, $iu);
    let vw$i = load(v.w, $iu);
    //#repeat t QUERIES
    sum$t_$i += p$t.x * vx$i + p$t.y * vy$i + p$t.z * vz$i + p$t.w * vw$i;
    //#end
    //#end
  }
  //#repeat t QUERIES
  if (first + $tu <= last) {
    let at = (first + $tu) * sizes.heads + head;
    let inverse = 1.0 / total$t;
    //#repeat i HEAD4
    store(at * sizes.headDim, $iu, sum$t_$i * inverse);
    //#end
    lse[at] = highest$t + log(total$t);
  }
  //#end
}

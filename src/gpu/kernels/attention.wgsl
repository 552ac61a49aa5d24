// out[t, h] = sum_j softmax_j(q[t, h] . k[j, h'] * scale) v[j, h'] over j in [documents[t].start, t], h' = h * kvHeads / heads;
// lse[t, h] = log-sum-exp of the scores. Online softmax over four keys at a time. Flags of attention/scores.wgsl.
// qkv [rows, (heads + 2 kvHeads) * headDim], documents u32 [rows, 2], out [rows, heads * headDim], lse [rows, heads].
// Grid: a thread per (head, QUERIES rows of [firstRow, endRow)), no barrier. Assigns. HEAD4 = ceil(headDim / 4) named
// registers are unrolled by the table.
struct Sizes {
  rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32, firstRow: u32, endRow: u32,
//#include scoreSizes
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=qkv binding=1 access=read flag=VEC4
@group(0) @binding(2) var<storage, read> documents: array<vec2<u32>>;
//#include load4 name=out binding=3 access=read_write flag=VEC4
//#include store4 name=out flag=VEC4
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

//#if TILED
//#include attentionTile
//#else
//#include scores type=vec4<f32>
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include queryTile
  //#repeat t QUERIES
  let row$t = min(first + $tu, last);
  let start$t = firstSeen(row$t, documents[row$t].x);
  var highest$t = -1e30;
  var total$t = 0.0;
  //#repeat i HEAD4
  let q$t_$i = qkvAt(qkvBase(row$t * stride + head * sizes.headDim), $iu, sizes.headDim) * sizes.scale;
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
    let kx$i = qkvAt(qkvBase(k.x), $iu, sizes.headDim);
    let ky$i = qkvAt(qkvBase(k.y), $iu, sizes.headDim);
    let kz$i = qkvAt(qkvBase(k.z), $iu, sizes.headDim);
    let kw$i = qkvAt(qkvBase(k.w), $iu, sizes.headDim);
    //#repeat t QUERIES
    score$t += vec4<f32>(dot(q$t_$i, kx$i), dot(q$t_$i, ky$i), dot(q$t_$i, kz$i), dot(q$t_$i, kw$i));
    //#end
    //#end
    //#repeat t QUERIES
    //#if CAPPED
    score$t = capped(score$t);
    //#endif
    let seen$t = (columns <= vec4<u32>(row$t)) & (columns >= vec4<u32>(start$t));
    //#include onlineSoftmax t=$t
    //#end
    let v = at + values;
    //#repeat i HEAD4
    let vx$i = qkvAt(qkvBase(v.x), $iu, sizes.headDim);
    let vy$i = qkvAt(qkvBase(v.y), $iu, sizes.headDim);
    let vz$i = qkvAt(qkvBase(v.z), $iu, sizes.headDim);
    let vw$i = qkvAt(qkvBase(v.w), $iu, sizes.headDim);
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
    outStore(outBase(at * sizes.headDim), $iu, sizes.headDim, sum$t_$i * inverse);
    //#end
    lse[at] = highest$t + log(total$t);
  }
  //#end
}
//#endif

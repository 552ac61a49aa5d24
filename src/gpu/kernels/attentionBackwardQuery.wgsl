// delta[t, h] = dout . out; dq[t, h] = scale sum_j p_j (dout . v_j - delta) k_j, p_j = exp(scale q . k_j - lse); with the flags of attention/scores.wgsl.
// qkv, dqkv [rows, (heads + 2 kvHeads) * headDim], out, dout [rows, heads * headDim], documents u32 [rows, 2],
// lse, delta [rows, heads]. Grid: a thread per (head, QUERIES rows of [firstRow, endRow)), no barrier.
// Assigns the q part of dqkv, and delta.
struct Sizes {
  rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32, firstRow: u32, endRow: u32,
//#include scoreSizes
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=qkv binding=1 access=read flag=VEC4
//#include load4 name=out binding=2 access=read flag=VEC4
//#include load4 name=dout binding=3 access=read flag=VEC4
@group(0) @binding(4) var<storage, read> documents: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
//#include load4 name=dqkv binding=7 access=read_write flag=VEC4
//#include store4 name=dqkv flag=VEC4

//#if TILED
//#include attentionTileQuery
//#else
//#include scores type=f32
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include queryTile
  //#repeat t QUERIES
  let row$t = min(first + $tu, last);
  let start$t = firstSeen(row$t, documents[row$t].x);
  let shift$t = lse[row$t * sizes.heads + head];
  var d$t = 0.0;
  //#repeat i HEAD4
  let q$t_$i = qkvAt(qkvBase(row$t * stride + head * sizes.headDim), $iu, sizes.headDim) * sizes.scale;
  let g$t_$i = doutAt(doutBase((row$t * sizes.heads + head) * sizes.headDim), $iu, sizes.headDim);
  d$t += dot(g$t_$i, outAt(outBase((row$t * sizes.heads + head) * sizes.headDim), $iu, sizes.headDim));
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
    let k$i = qkvAt(qkvBase(k), $iu, sizes.headDim);
    let v$i = qkvAt(qkvBase(v), $iu, sizes.headDim);
    //#repeat t QUERIES
    score$t += dot(q$t_$i, k$i);
    gain$t += dot(g$t_$i, v$i);
    //#end
    //#end
    //#repeat t QUERIES
    //#if CAPPED
    score$t = capped(score$t);
    //#endif
    let p$t = select(0.0, exp(min(score$t - shift$t, 1.0)), j <= row$t && j >= start$t);
    //#if CAPPED
    let ds$t = p$t * (gain$t - d$t) * slope(score$t);
    //#else
    let ds$t = p$t * (gain$t - d$t);
    //#endif
    //#repeat i HEAD4
    sum$t_$i += ds$t * k$i;
    //#end
    //#end
  }
  //#repeat t QUERIES
  if (first + $tu <= last) {
    delta[row$t * sizes.heads + head] = d$t;
    //#repeat i HEAD4
    dqkvStore(dqkvBase(row$t * stride + head * sizes.headDim), $iu, sizes.headDim, sum$t_$i * sizes.scale);
    //#end
  }
  //#end
}
//#endif

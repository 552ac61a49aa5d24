// dv[j] = sum_t,h p_t dout[t, h]; dk[j] = scale sum_t,h p_t (dout[t, h] . v_j - delta[t, h]) q[t, h],
// p_t = exp(scale q[t, h] . k_j - lse[t, h]), over rows t in [j, end of j's document) and the query heads of the group. Flags of attention/scores.wgsl.
// qkv, dqkv [rows, (heads + 2 kvHeads) * headDim], dout [rows, heads * headDim], documents u32 [rows, 2],
// lse, delta [rows, heads]. Grid: a thread per (kv head, QUERIES rows of [firstRow, endRow)), no barrier.
// Assigns the k and v parts of dqkv.
struct Sizes {
  rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32, firstRow: u32, endRow: u32,
//#include scoreSizes
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=qkv binding=1 access=read flag=VEC4
//#include load4 name=dout binding=2 access=read flag=VEC4
@group(0) @binding(3) var<storage, read> documents: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
//#include load4 name=dqkv binding=6 access=read_write flag=VEC4
//#include store4 name=dqkv flag=VEC4

//#if TILED
//#include attentionTileKey
//#else
//#include scores type=f32
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include headTile index=id.x+id.y*groups.x*32u rows=QUERIES heads=kvHeads name=kvHead kv=kvHead
  let group = sizes.heads / sizes.kvHeads;
  var end = 0u;
  //#repeat t QUERIES
  let row$t = min(first + $tu, last);
  let end$t = pastSeeing(row$t, documents[row$t].y);
  end = max(end, end$t);
  //#repeat i HEAD4
  let k$t_$i = qkvAt(qkvBase(row$t * stride + keys), $iu, sizes.headDim) * sizes.scale;
  let v$t_$i = qkvAt(qkvBase(row$t * stride + values), $iu, sizes.headDim);
  var dk$t_$i = vec4<f32>();
  var dv$t_$i = vec4<f32>();
  //#end
  //#end
  for (var t = first; t < end; t++) {
    for (var head = kvHead * group; head < (kvHead + 1u) * group; head++) {
      let query = t * stride + head * sizes.headDim;
      let at = t * sizes.heads + head;
      let shift = lse[at];
      let d = delta[at];
      //#repeat t QUERIES
      var score$t = 0.0;
      var gain$t = 0.0;
      //#end
      //#repeat i HEAD4
      let q$i = qkvAt(qkvBase(query), $iu, sizes.headDim);
      let g$i = doutAt(doutBase(at * sizes.headDim), $iu, sizes.headDim);
      //#repeat t QUERIES
      score$t += dot(q$i, k$t_$i);
      gain$t += dot(g$i, v$t_$i);
      //#end
      //#end
      //#repeat t QUERIES
      //#if CAPPED
      score$t = capped(score$t);
      //#endif
      let p$t = select(0.0, exp(min(score$t - shift, 1.0)), t >= row$t && t < end$t);
      //#if CAPPED
      let ds$t = p$t * (gain$t - d) * slope(score$t);
      //#else
      let ds$t = p$t * (gain$t - d);
      //#endif
      //#repeat i HEAD4
      dv$t_$i += p$t * g$i;
      dk$t_$i += ds$t * q$i;
      //#end
      //#end
    }
  }
  //#repeat t QUERIES
  if (first + $tu <= last) {
    //#repeat i HEAD4
    dqkvStore(dqkvBase(row$t * stride + keys), $iu, sizes.headDim, dk$t_$i * sizes.scale);
    dqkvStore(dqkvBase(row$t * stride + values), $iu, sizes.headDim, dv$t_$i);
    //#end
  }
  //#end
}
//#endif

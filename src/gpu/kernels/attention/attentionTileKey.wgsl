// attentionBackwardKey.wgsl by a workgroup for each (kv head, TILE rows): attention/tileShared.wgsl. Slots are keys, the stream is queries.
//#include tileShared
var<workgroup> bounds: u32;
/** The end of each slot's document. */
var<workgroup> ends: array<u32, TILE>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include headTile index=group.x+group.y*groups.x rows=TILE heads=kvHeads name=kvHead kv=kvHead
  let together = sizes.heads / sizes.kvHeads;
  if (local < TILE) {
    let row = min(first + local, last);
    ends[local] = pastSeeing(row, documents[row].y);
  }
  if (local == 0u) {
    let row = min(first + TILE - 1u, last);
    bounds = pastSeeing(row, documents[row].y);
  }
  let end = workgroupUniformLoad(&bounds);
  //#repeat r EACH c CHUNKS
  var dk$r_$c = vec4<f32>();
  var dv$r_$c = vec4<f32>();
  //#end
  for (var j = first; j < end; j += 32u) {
    for (var head = kvHead * together; head < (kvHead + 1u) * together; head++) {
      let query = head * sizes.headDim;
      //#include tileDot to=gain mine=qkvAt(qkvBase(min(first+slot,last)*stride+values),at,sizes.headDim) theirs=doutAt(doutBase((min(j+slot,last)*sizes.heads+head)*sizes.headDim),at,sizes.headDim)
      //#include tileDot to=score mine=qkvAt(qkvBase(min(first+slot,last)*stride+keys),at,sizes.headDim)*sizes.scale theirs=qkvAt(qkvBase(min(j+slot,last)*stride+query),at,sizes.headDim)
      //#include tileCap
      //#repeat b 4
      let row$b = j + local % 8u + 8u * $bu;
      let at$b = min(row$b, last) * sizes.heads + head;
      let shift$b = lse[at$b];
      let d$b = delta[at$b];
      //#repeat a ACROSS
      let slot$a_$b = local / 8u + 8u * $au;
      let p$a_$b = select(0.0, exp(min(score$a_$b - shift$b, 1.0)), row$b >= first + slot$a_$b && row$b < ends[slot$a_$b]);
      weights[(local % 8u + 8u * $bu) * TILE + slot$a_$b] = p$a_$b;
      //#if CAPPED
      gain$a_$b = (gain$a_$b - d$b) * slope(score$a_$b);
      //#else
      gain$a_$b -= d$b;
      //#endif
      //#end
      //#end
      //#include tileSum to=dv theirs=doutAt(doutBase((min(j+slot,last)*sizes.heads+head)*sizes.headDim),at,sizes.headDim)
      workgroupBarrier();
      //#repeat a ACROSS b 4
      weights[(local % 8u + 8u * $bu) * TILE + slot$a_$b] = p$a_$b * gain$a_$b;
      //#end
      //#include tileSum to=dk theirs=qkvAt(qkvBase(min(j+slot,last)*stride+query),at,sizes.headDim)
    }
  }
  //#repeat r EACH
  let to$r = first + local / LANES * EACH + $ru;
  if (to$r <= last) {
    //#repeat c CHUNKS
    if ($cu * LANES + local % LANES < HEAD4) {
      dqkvStore(dqkvBase(to$r * stride + keys), $cu * LANES + local % LANES, sizes.headDim, dk$r_$c * sizes.scale);
      dqkvStore(dqkvBase(to$r * stride + values), $cu * LANES + local % LANES, sizes.headDim, dv$r_$c);
    }
    //#end
  }
  //#end
}

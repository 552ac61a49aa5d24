// attention.wgsl by a workgroup for each (head, TILE rows): attention/tileShared.wgsl. Slots are queries, the stream is keys.
//#include tileShared
var<workgroup> bounds: vec2<u32>;

//#include tileQueries
  let start = firstSeen(row, documents[row].x);
  if (local == 0u) {
    bounds = vec2<u32>(start, min(first + TILE - 1u, last));
  }
  let walk = workgroupUniformLoad(&bounds);
  var highest = -1e30;
  var total = 0.0;
  //#repeat r EACH c CHUNKS
  var sum$r_$c = vec4<f32>();
  //#end
  for (var j = walk.x; j <= walk.y; j += 32u) {
    //#include tileDot to=score mine=qkvAt(qkvBase(min(first+slot,last)*stride+query),at,sizes.headDim)*sizes.scale theirs=qkvAt(qkvBase(min(j+slot,last)*stride+keys),at,sizes.headDim)
    //#include tileCap
    //#include tileSoftmax seen=(j+key<=row&&j+key>=start)
    //#include tileSum to=sum theirs=qkvAt(qkvBase(min(j+slot,last)*stride+values),at,sizes.headDim)
  }
  workgroupBarrier();
  shares[local] = total;
  workgroupBarrier();
  //#repeat r EACH
  let slot$r = local / LANES * EACH + $ru;
  if (first + slot$r <= last) {
    var whole = 0.0;
    for (var part = slot$r; part < 64u; part += TILE) {
      whole += shares[part];
    }
    let inverse = 1.0 / whole;
    let base = outBase(((first + slot$r) * sizes.heads + head) * sizes.headDim);
    //#repeat c CHUNKS
    if ($cu * LANES + local % LANES < HEAD4) {
      outStore(base, $cu * LANES + local % LANES, sizes.headDim, sum$r_$c * inverse);
    }
    //#end
  }
  //#end
  if (local < TILE && first + local <= last) {
    var whole = 0.0;
    for (var part = local; part < 64u; part += TILE) {
      whole += shares[part];
    }
    lse[(first + local) * sizes.heads + head] = highest + log(whole);
  }
}

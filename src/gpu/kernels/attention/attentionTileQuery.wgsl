// attentionBackwardQuery.wgsl by a workgroup for each (head, TILE rows): attention/tileShared.wgsl. Slots are queries, the stream is keys.
//#include tileShared
var<workgroup> bounds: vec2<u32>;
/** lse, delta and the document's start of each slot. */
var<workgroup> shifts: array<f32, TILE>;
var<workgroup> deltas: array<f32, TILE>;
var<workgroup> starts: array<u32, TILE>;

//#include tileQueries
  let given = (row * sizes.heads + head) * sizes.headDim;
  var share = 0.0;
  for (var i = local / TILE; i < HEAD4; i += 64u / TILE) {
    share += dot(doutAt(doutBase(given), i, sizes.headDim), outAt(outBase(given), i, sizes.headDim));
  }
  shares[local] = share;
  if (local < TILE) {
    starts[local] = firstSeen(row, documents[row].x);
    shifts[local] = lse[row * sizes.heads + head];
  }
  if (local == 0u) {
    bounds = vec2<u32>(firstSeen(row, documents[row].x), min(first + TILE - 1u, last));
  }
  let walk = workgroupUniformLoad(&bounds);
  if (local < TILE) {
    var d = 0.0;
    for (var part = local; part < 64u; part += TILE) {
      d += shares[part];
    }
    deltas[local] = d;
    if (first + local <= last) {
      delta[row * sizes.heads + head] = d;
    }
  }
  //#repeat r EACH c CHUNKS
  var sum$r_$c = vec4<f32>();
  //#end
  for (var j = walk.x; j <= walk.y; j += 32u) {
    //#include tileDot to=gain mine=doutAt(doutBase((min(first+slot,last)*sizes.heads+head)*sizes.headDim),at,sizes.headDim) theirs=qkvAt(qkvBase(min(j+slot,last)*stride+values),at,sizes.headDim)
    //#include tileDot to=score mine=qkvAt(qkvBase(min(first+slot,last)*stride+query),at,sizes.headDim)*sizes.scale theirs=qkvAt(qkvBase(min(j+slot,last)*stride+keys),at,sizes.headDim)
    //#include tileCap
    //#repeat a ACROSS
    let slot$a = local / 8u + 8u * $au;
    //#repeat b 4
    let key$a_$b = j + local % 8u + 8u * $bu;
    let p$a_$b = select(0.0, exp(min(score$a_$b - shifts[slot$a], 1.0)), key$a_$b <= min(first + slot$a, last) && key$a_$b >= starts[slot$a]);
    //#if CAPPED
    gain$a_$b = (gain$a_$b - deltas[slot$a]) * slope(score$a_$b);
    //#else
    gain$a_$b -= deltas[slot$a];
    //#endif
    weights[(local % 8u + 8u * $bu) * TILE + slot$a] = p$a_$b * gain$a_$b;
    //#end
    //#end
    //#include tileSum to=sum theirs=qkvAt(qkvBase(min(j+slot,last)*stride+keys),at,sizes.headDim)
  }
  //#repeat r EACH
  let to$r = first + local / LANES * EACH + $ru;
  if (to$r <= last) {
    //#repeat c CHUNKS
    if ($cu * LANES + local % LANES < HEAD4) {
      dqkvStore(dqkvBase(to$r * stride + query), $cu * LANES + local % LANES, sizes.headDim, sum$r_$c * sizes.scale);
    }
    //#end
  }
  //#end
}

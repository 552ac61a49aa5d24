// Takes the scores a_b of 32 stream rows into the slots' softmax (highest, total of this invocation's part; sums shrink when a higher
// score comes) and leaves the scores' weights. `seen` tells whether the slot may look at stream row `key`.
    //#repeat a ACROSS b 4
    weights[(local % 8u + 8u * $bu) * TILE + local / 8u + 8u * $au] = score$a_$b;
    //#end
    workgroupBarrier();
    var candidate = -1e30;
    for (var i = 0u; i < TILE / 2u; i++) {
      let key = local / TILE * (TILE / 2u) + i;
      candidate = max(candidate, select(-1e30, weights[key * TILE + local % TILE], ${seen}));
    }
    shares[local] = candidate;
    workgroupBarrier();
    for (var part = local % TILE; part < 64u; part += TILE) {
      candidate = max(candidate, shares[part]);
    }
    candidate = max(candidate, highest);
    let shrink = exp(highest - candidate);
    highest = candidate;
    total *= shrink;
    for (var i = 0u; i < TILE / 2u; i++) {
      let key = local / TILE * (TILE / 2u) + i;
      let at = key * TILE + local % TILE;
      let weight = select(0.0, exp(min(weights[at] - highest, 0.0)), ${seen});
      weights[at] = weight;
      total += weight;
    }
    workgroupBarrier();
    shares[local] = shrink;
    workgroupBarrier();
    //#repeat r EACH
    let shrink$r = shares[local / LANES * EACH + $ru];
    //#repeat c CHUNKS
    sum$r_$c *= shrink$r;
    //#end
    //#end

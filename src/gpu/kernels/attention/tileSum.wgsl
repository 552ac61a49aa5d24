// ${to}r_c += weights of the slots times the stream's rows; as in tileDot.wgsl.
    //#repeat c CHUNKS
    workgroupBarrier();
    for (var i = local; i < 32u * LANES; i += 64u) {
      let slot = i / LANES;
      let at = $cu * LANES + i % LANES;
      theirs[slot * PITCH + i % LANES] = select(vec4<f32>(), ${theirs}, at < HEAD4);
    }
    workgroupBarrier();
    for (var i = 0u; i < 32u; i++) {
      let value = theirs[i * PITCH + local % LANES];
      //#repeat r EACH
      ${to}$r_$c += weights[i * TILE + local / LANES * EACH + $ru] * value;
      //#end
    }
    //#end

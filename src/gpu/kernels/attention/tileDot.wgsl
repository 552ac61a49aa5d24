// ${to}a_b = mine row of the slot . theirs row of the stream, over the whole head; `slot` is the row, `at` the vec4 of it.
    //#repeat a ACROSS b 4
    var ${to}$a_$b = 0.0;
    //#end
    for (var chunk = 0u; chunk < CHUNKS; chunk++) {
      workgroupBarrier();
      for (var i = local; i < TILE * LANES; i += 64u) {
        let slot = i / LANES;
        let at = chunk * LANES + i % LANES;
        mine[slot * PITCH + i % LANES] = select(vec4<f32>(), ${mine}, at < HEAD4);
      }
      for (var i = local; i < 32u * LANES; i += 64u) {
        let slot = i / LANES;
        let at = chunk * LANES + i % LANES;
        theirs[slot * PITCH + i % LANES] = select(vec4<f32>(), ${theirs}, at < HEAD4);
      }
      workgroupBarrier();
      for (var i = 0u; i < LANES; i++) {
        //#repeat a ACROSS
        let mine$a = mine[(local / 8u + 8u * $au) * PITCH + i];
        //#end
        //#repeat b 4
        let theirs$b = theirs[(local % 8u + 8u * $bu) * PITCH + i];
        //#repeat a ACROSS
        ${to}$a_$b += dot(mine$a, theirs$b);
        //#end
        //#end
      }
    }

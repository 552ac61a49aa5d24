// The body of linear.wgsl for ${rows} rows from `row` on, those past `last` computed as `last` and not written, and 4 QUADS outputs from `local` on, whose rows of W are row$q_$c.
  //#repeat t ${rows}
  let x$t = xBase(min(row + $tu, last) * sizes.inputs);
  //#repeat q QUADS
  var sum$t_$q = vec4<f32>();
  //#end
  //#end
  //#if CHAINS
  //#include linearChains rows=${rows}
  //#else
  for (var i = 0u; i < sizes.columns4; i++) {
    //#repeat q QUADS c 4
    let w$q_$c = weightAt(row$q_$c, i);
    //#end
    //#repeat t ${rows}
    let a$t = xAt(x$t, i, sizes.inputs);
    //#repeat q QUADS
    sum$t_$q = tile(a$t, w$q_0, w$q_1, w$q_2, w$q_3, sum$t_$q);
    //#end
    //#end
  }
  //#endif
  //#if LORA
  let output = sizes.start + local;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = sizes.segments[s];
    if (output + 4u * QUADS <= segment.x || output >= segment.x + segment.y) {
      continue;
    }
    //#repeat q QUADS c 4
    let b$q_$c = bRow(segment, output + 4u * $qu + $cu);
    let in$q_$c = bIn(segment, output + 4u * $qu + $cu);
    //#end
    //#repeat t ${rows}
    let u$t = uBase((min(row + $tu, last) * sizes.segmentCount + s) * sizes.rank);
    //#end
    for (var r = 0u; 4u * r < sizes.rank; r++) {
      //#repeat q QUADS c 4
      let w$q_$c = bOf(b$q_$c, r, in$q_$c);
      //#end
      //#repeat t ${rows}
      let a$t = sizes.scale * uAt(u$t, r, sizes.rank);
      //#repeat q QUADS
      sum$t_$q = tile(a$t, w$q_0, w$q_1, w$q_2, w$q_3, sum$t_$q);
      //#end
      //#end
    }
  }
  //#endif
  //#repeat q QUADS
  if (local + 4u * $qu < sizes.count) {
    //#repeat t ${rows}
    if (row + $tu <= last) {
      finish(row + $tu, local + 4u * $qu, sum$t_$q);
    }
    //#end
  }
  //#end

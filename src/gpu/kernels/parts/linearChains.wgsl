// The products of linear.wgsl in the order of generation: K is cut into blocks of 32 columns, and into 16 chains of every 16th block.
// A chain is summed in order, and so are the chains; ${rows} rows. A quantised block is summed over its quants (part$t_$q) and over
// x (all$t) first, so that scale and min are multiplied in once.
  let blocks = (sizes.columns4 + 7u) / 8u;
  for (var chain = 0u; chain < min(16u, blocks); chain++) {
    //#repeat t ${rows} q QUADS
    var chain$t_$q = vec4<f32>();
    //#end
    for (var block = chain; block < blocks; block += 16u) {
      //#if QUANTS
      //#repeat t ${rows}
      //#if MINIMA
      var all$t = 0.0;
      //#endif
      //#repeat q QUADS
      var part$t_$q = vec4<f32>();
      //#end
      //#end
      //#endif
      let end = min(8u * block + 8u, sizes.columns4);
      for (var i = 8u * block; i < end; i++) {
        //#repeat q QUADS c 4
        //#if QUANTS
        let w$q_$c = quantAt(row$q_$c, i);
        //#else
        let w$q_$c = weightAt(row$q_$c, i);
        //#endif
        //#end
        //#repeat t ${rows}
        let a$t = xAt(x$t, i, sizes.inputs);
        //#if MINIMA
        all$t += quarter(a$t);
        //#endif
        //#repeat q QUADS
        //#if QUANTS
        part$t_$q = tile(a$t, w$q_0, w$q_1, w$q_2, w$q_3, part$t_$q);
        //#else
        chain$t_$q = tile(a$t, w$q_0, w$q_1, w$q_2, w$q_3, chain$t_$q);
        //#endif
        //#end
        //#end
      }
      //#if QUANTS
      //#repeat q QUADS
      //#repeat c 4
      let affine$q_$c = affineAt(row$q_$c, block);
      //#end
      let scale$q = vec4<f32>(affine$q_0.x, affine$q_1.x, affine$q_2.x, affine$q_3.x);
      //#if MINIMA
      let min$q = vec4<f32>(affine$q_0.y, affine$q_1.y, affine$q_2.y, affine$q_3.y);
      //#endif
      //#repeat t ${rows}
      chain$t_$q = fma(scale$q, part$t_$q, chain$t_$q);
      //#if MINIMA
      chain$t_$q = fma(min$q, vec4<f32>(all$t), chain$t_$q);
      //#endif
      //#end
      //#end
      //#endif
    }
    //#repeat t ${rows} q QUADS
    sum$t_$q += chain$t_$q;
    //#end
  }

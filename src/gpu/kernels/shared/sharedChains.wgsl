// The sums of linearShared.wgsl in the order of linearChains.wgsl: chain by chain, a chain block by block.
  let blocks = (sizes.columns4 + 7u) / 8u;
  for (var chain = 0u; chain < min(16u, blocks); chain++) {
    //#repeat p TALL c 4 q QUADS
    var chain$p_$c_$q = vec4<f32>();
    //#end
    for (var block = chain; block < blocks; block += 16u) {
      //#if QUANTS
      //#repeat p TALL
      var all$p = vec4<f32>();
      //#end
      //#repeat p TALL c 4 q QUADS
      var part$p_$c_$q = vec4<f32>();
      //#end
      //#endif
      let end = min(8u * block + 8u, sizes.columns4);
      for (var first = 8u * block; first < end; first += 4u) {
        //#include sharedFactors
        //#if QUANTS
        //#include sharedMultiply to=part right=weightsAt count=min(4u,end-first) also=MINIMA
        //#else
        //#include sharedMultiply to=chain right=weightsAt count=min(4u,end-first) also=NEVER
        //#endif
      }
      //#if QUANTS
      //#repeat q QUADS
      //#repeat k 4
      let affine$q_$k = affines[4u * (across + ACROSS * $qu) + $ku];
      //#end
      let scale$q = vec4<f32>(affine$q_0.x, affine$q_1.x, affine$q_2.x, affine$q_3.x);
      let min$q = vec4<f32>(affine$q_0.y, affine$q_1.y, affine$q_2.y, affine$q_3.y);
      //#repeat p TALL c 4
      chain$p_$c_$q = fma(scale$q, part$p_$c_$q, chain$p_$c_$q);
      //#if MINIMA
      chain$p_$c_$q = fma(min$q, vec4<f32>(all$p[$c]), chain$p_$c_$q);
      //#endif
      //#end
      //#end
      //#endif
    }
    //#repeat p TALL c 4 q QUADS
    sum$p_$c_$q += chain$p_$c_$q;
    //#end
  }

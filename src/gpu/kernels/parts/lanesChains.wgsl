// The chain of one lane of linearLanes.wgsl for ROWS rows and its group's two outputs: chain$t_0 and chain$t_1.
  for (var block = lane; block < sizes.columns4 / 8u; block += 16u) {
    //#repeat q 2 k WORDS
    let raw$q_$k = weights[row$q / PER + WORDS * block + $ku];
    //#end
    //#if QUANTS
    //#repeat q 2
    let affine$q = affineAt(row$q, block);
    //#end
    //#repeat t ROWS
    var part$t_0 = 0.0;
    var part$t_1 = 0.0;
    //#if MINIMA
    var all$t = 0.0;
    //#endif
    //#end
    //#endif
    //#repeat k WORDS j PER
    //#repeat q 2
    let w$q_$k_$j = columns$j(raw$q_$k);
    //#end
    let at$k_$j = 8u * block + PER * $ku + $ju;
    //#repeat t ROWS
    //#if NORM
    let a$t_$k_$j = xAt(x$t, at$k_$j, sizes.inputs) * scale$t * normWeight[at$k_$j];
    //#else
    let a$t_$k_$j = xAt(x$t, at$k_$j, sizes.inputs);
    //#endif
    //#if MINIMA
    all$t += quarter(a$t_$k_$j);
    //#endif
    //#repeat q 2
    //#if QUANTS
    part$t_$q = multiplyAdd(a$t_$k_$j, w$q_$k_$j, part$t_$q);
    //#else
    chain$t_$q = multiplyAdd(a$t_$k_$j, w$q_$k_$j, chain$t_$q);
    //#endif
    //#end
    //#end
    //#end
    //#if QUANTS
    //#repeat t ROWS q 2
    chain$t_$q = fma(affine$q.x, part$t_$q, chain$t_$q);
    //#if MINIMA
    chain$t_$q = fma(affine$q.y, all$t, chain$t_$q);
    //#endif
    //#end
    //#endif
  }

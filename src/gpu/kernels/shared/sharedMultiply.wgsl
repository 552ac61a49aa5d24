// ${to}p_c_q += left . ${right} over the first ${count} vec4 of K that lie in workgroup memory, in the order of K; with ${also} also
// all$p += left.
      for (var k = 0u; k < ${count}; k++) {
        //#repeat j 4
        //#repeat p TALL
        let left$j_$p = left[(4u * k + $ju) * (LEFT + 1u) + TALL * down + $pu];
        //#end
        //#repeat q QUADS
        let right$j_$q = ${right}((4u * k + $ju) * (RIGHT + 1u) + across + ACROSS * $qu);
        //#repeat p TALL c 4
        ${to}$p_$c_$q = fma(vec4<f32>(left$j_$p[$c]), right$j_$q, ${to}$p_$c_$q);
        //#end
        //#end
        //#end
        //#if ${also}
        //#repeat p TALL
        all$p += (left0_$p + left1_$p) + (left2_$p + left3_$p);
        //#end
        //#endif
      }

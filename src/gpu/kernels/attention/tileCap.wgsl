// Caps the scores of tileDot.wgsl.
    //#if CAPPED
    //#repeat a ACROSS b 4
    score$a_$b = capped(score$a_$b);
    //#end
    //#endif

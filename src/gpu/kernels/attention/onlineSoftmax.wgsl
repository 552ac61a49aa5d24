// Takes four more scores, score${t} where seen${t}, into a softmax: highest${t} so far, total${t} and the sums
// sum${t}_i [HEAD4] of what came before shrink when a higher score comes. Leaves the scores' weights in p${t}.
    score${t} = select(vec4<f32>(-1e30), score${t}, seen${t});
    let candidate${t} = max(max(score${t}.x, score${t}.y), max(score${t}.z, score${t}.w));
    if (candidate${t} > highest${t}) {
      let shrink = exp(highest${t} - candidate${t});
      highest${t} = candidate${t};
      total${t} *= shrink;
      //#repeat i HEAD4
      sum${t}_$i *= shrink;
      //#end
    }
    let p${t} = select(vec4<f32>(), exp(score${t} - highest${t}), seen${t});
    total${t} += (p${t}.x + p${t}.y) + (p${t}.z + p${t}.w);

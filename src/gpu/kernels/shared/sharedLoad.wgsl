// Fills workgroup memory by ${set}, ${quads} quads wide, from rows along K: ${value} is vec4 `at` of row 4 quad + $c of the tile.
      for (var i = local; i < 4u * ${quads}; i += THREADS) {
        let at = first + i % 4u;
        let quad = i / 4u;
        //#repeat c 4
        let row$c = ${value};
        //#end
        //#repeat c 4
        ${set}((4u * (i % 4u) + $cu) * (${quads} + 1u) + quad, vec4<f32>(row0[$c], row1[$c], row2[$c], row3[$c]));
        //#end
      }

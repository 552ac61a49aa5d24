// As sharedLoad.wgsl for the weights of HALF: ${row} is where the row of column 4 quad + $c starts. The 16
// bits of a weight change places, not their value.
      for (var i = local; i < 4u * RIGHT; i += THREADS) {
        let at = min(first + i % 4u, sizes.columns4 - 1u);
        let slot = 4u * (i % 4u) * (RIGHT + 1u) + i / 4u;
        //#repeat c 4
        let row$c = weights[${row} + at];
        //#end
        //#repeat h 2
        right[slot + 2u * $hu * (RIGHT + 1u)] = vec2<u32>(
          (row0[$h] & 0xffffu) | (row1[$h] << 16u), (row2[$h] & 0xffffu) | (row3[$h] << 16u));
        right[slot + (2u * $hu + 1u) * (RIGHT + 1u)] = vec2<u32>(
          (row0[$h] >> 16u) | (row1[$h] & 0xffff0000u), (row2[$h] >> 16u) | (row3[$h] & 0xffff0000u));
        //#end
      }

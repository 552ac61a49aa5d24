// Adds the products of the eight values d0, d1 with the eight values v0, v1 to the registers sum$i_$c_$q.
      //#repeat i 2 c 4 q 2
      sum$i_$c_$q += d$i[$cu] * v$q;
      //#end

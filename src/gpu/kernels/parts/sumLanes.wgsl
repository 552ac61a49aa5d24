// Adds the registers sum$t_$q [4][2] over a workgroup of 64, lanes l, l + 8, ... first: lane i < 8 ends with the `total` of register 2 t + q = i.
// Uses sums, 512 vec4 of workgroup memory.
  //#repeat t 4 q 2
  sums[(2u * $tu + $qu) * 64u + local] = sum$t_$q;
  //#end
  workgroupBarrier();
  var share = vec4<f32>();
  for (var i = local % 8u; i < 64u; i += 8u) {
    share += sums[local / 8u * 64u + i];
  }
  workgroupBarrier();
  sums[local] = share;
  workgroupBarrier();
  var total = vec4<f32>();
  for (var i = 0u; i < 8u && local < 8u; i++) {
    total += sums[8u * local + i];
  }

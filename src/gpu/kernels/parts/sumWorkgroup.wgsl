// Adds the registers sum$i_$c_$q over the workgroup in lane order: lane l < 16 ends with the total of register l % 8 = 4 i + c
// of half q = l / 8. Two rounds of eight registers fit the 16 KiB of workgroup memory.
  var total = vec4<f32>();
  //#repeat q 2
  //#repeat i 2 c 4
  sums[(4u * $iu + $cu) * WORKGROUP + local] = sum$i_$c_$q;
  //#end
  workgroupBarrier();
  if (local / 8u == $qu) {
    for (var i = 0u; i < WORKGROUP; i++) {
      total += sums[local % 8u * WORKGROUP + i];
    }
  }
  workgroupBarrier();
  //#end

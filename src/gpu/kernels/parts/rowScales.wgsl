// What rmsNorm multiplies ROWS rows x$t of x by, as scale$t, by a workgroup of 64: an invocation adds the squares of every 64th vec4, eight
// threads add eight of these each, and everyone adds those eight. Memory: `sums`, of 64 ROWS.
  //#repeat t ROWS
  var squares$t = vec4<f32>();
  //#end
  for (var i = local; i < sizes.columns4; i += 64u) {
    //#repeat t ROWS
    let value$t = xAt(x$t, i, sizes.inputs);
    squares$t = fma(value$t, value$t, squares$t);
    //#end
  }
  //#repeat t ROWS
  sums[64u * $tu + local] = quarter(squares$t);
  //#end
  workgroupBarrier();
  var eighth = 0.0;
  if (local < 8u * ROWS) {
    for (var i = 0u; i < 8u; i++) {
      eighth += sums[8u * local + i];
    }
  }
  workgroupBarrier();
  if (local < 8u * ROWS) {
    sums[local] = eighth;
  }
  workgroupBarrier();
  //#repeat t ROWS
  var total$t = 0.0;
  for (var i = 0u; i < 8u; i++) {
    total$t += sums[8u * $tu + i];
  }
  let scale$t = 1.0 / sqrt(total$t / f32(sizes.inputs) + sizes.eps);
  //#end

// dx[t, i] (+)= sum_o dy[t, o] W[o, i] (+ sum_s mask_s[t, i] sum_r du[t, s rank + r] A[s rank + r, i])
// dy [rows, outputs], W this part's rows [start, start + count) of [outputs, inputs] in any weight format,
// dx [rows, inputs], du [rows, segments * rank], a [segments * rank, inputs]; mask_s: see dropout in compute/dropout.ts.
// Grid: a thread per (ROWS rows, 4 QUADS inputs), no barrier, with SHARED a workgroup per tile; outputs in order. ACCUMULATE adds.
struct Sizes {
  rows: u32, inputs: u32, columns4: u32, outputs: u32, start: u32, count: u32,
  segmentCount: u32, rank: u32, threshold: u32, key: u32, keep: f32,
  firstRow: u32, // of this dispatch in the whole product: the mask counts from there
  first4: u32, span4: u32, // the columns of this dispatch, in vec4
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=dy binding=3 access=read flag=VEC4
//#include load4 name=dx binding=4 access=read_write flag=OUT4
//#include store4 name=dx flag=OUT4
//#if LORA
//#include load4 name=du binding=5 access=read flag=RANK4
//#include load4 name=a binding=6 access=read flag=OUT4
//#endif
//#if DROPOUT
//#include dropout
//#endif

fn finish(row: u32, column4: u32, products: vec4<f32>) {
  if (row >= sizes.rows || column4 >= sizes.columns4) {
    return;
  }
  let base = dxBase(row * sizes.inputs);
  var value = products;
  //#if ACCUMULATE
  value += dxAt(base, column4, sizes.inputs);
  //#endif
  dxStore(base, column4, sizes.inputs, value);
}

//#if SHARED
//#include linearBackwardShared
//#else
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * WORKGROUP;
  let tiles = (sizes.span4 + QUADS - 1u) / QUADS;
  let first4 = sizes.first4 + QUADS * (index % tiles);
  let first = ROWS * (index / tiles);
  if (first >= sizes.rows) {
    return;
  }
  //#repeat q QUADS
  let column$q = min(first4 + $qu, sizes.columns4 - 1u);
  //#end
  let last = sizes.count - 1u;
  //#repeat t ROWS
  let row$t = min(first + $tu, sizes.rows - 1u);
  let dy$t = dyBase(row$t * sizes.outputs + sizes.start);
  //#repeat q QUADS
  var sum$t_$q = vec4<f32>();
  //#end
  //#end
  for (var o = 0u; o < sizes.count; o += 4u) {
    //#repeat k 4
    let row_$k = weightRow(min(o + $ku, last), sizes.columns4);
    //#repeat q QUADS
    let w$q_$k = weightAt(row_$k, column$q);
    //#end
    //#end
    //#repeat t ROWS
    let d$t = dyAt(dy$t, o / 4u, sizes.count);
    //#repeat q QUADS
    sum$t_$q += d$t.x * w$q_0 + d$t.y * w$q_1 + d$t.z * w$q_2 + d$t.w * w$q_3;
    //#end
    //#end
  }
  //#if LORA
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = s * sizes.rank;
    let lastRank = segment + sizes.rank - 1u;
    //#repeat t ROWS
    let du$t = duBase((row$t * sizes.segmentCount + s) * sizes.rank);
    //#repeat q QUADS
    var part$t_$q = vec4<f32>();
    //#end
    //#end
    for (var r = 0u; r < sizes.rank; r += 4u) {
      //#repeat k 4
      let row_$k = aBase(min(segment + r + $ku, lastRank) * sizes.inputs);
      //#repeat q QUADS
      let w$q_$k = aAt(row_$k, column$q, sizes.inputs);
      //#end
      //#end
      //#repeat t ROWS
      let d$t = duAt(du$t, r / 4u, sizes.rank);
      //#repeat q QUADS
      part$t_$q += d$t.x * w$q_0 + d$t.y * w$q_1 + d$t.z * w$q_2 + d$t.w * w$q_3;
      //#end
      //#end
    }
    //#repeat t ROWS q QUADS
    //#if DROPOUT
    sum$t_$q += mask(sizes.firstRow + row$t, 4u * column$q, s) * part$t_$q;
    //#else
    sum$t_$q += part$t_$q;
    //#endif
    //#end
  }
  //#endif
  //#repeat t ROWS q QUADS
  finish(first + $tu, first4 + $qu, sum$t_$q);
  //#end
}
//#endif

// linear.wgsl for few rows of whole blocks, in the order of linearChains: a workgroup has 16 lanes, one a chain, for each of four groups
// of outputs, and reads 16 bytes of W at a time: WORDS of them are a block, and each holds PER vec4 of columns. A group has two outputs;
// with GATED these are columns j of gate and up, and y[t, j] = silu(gate) * up as in swiglu.wgsl. NORM reads rmsNorm(x) for x.
var<workgroup> sums: array<f32, 128u * ROWS>;
//#if NORM
@group(0) @binding(6) var<storage, read> normWeight: array<vec4<f32>>;
//#endif

/** The chains of four outputs of a row, added in order, and LoRA's part of them. */
fn product(slot: u32, row: u32, local: u32) -> vec4<f32> {
  var sum = vec4<f32>();
  for (var i = 64u * slot; i < 64u * slot + 64u; i += 4u) {
    sum += vec4<f32>(sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u]);
  }
  //#if LORA
  let output = sizes.start + local;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = sizes.segments[s];
    if (output + 4u <= segment.x || output >= segment.x + segment.y) {
      continue;
    }
    //#repeat c 4
    let b$c = bRow(segment, output + $cu);
    let in$c = bIn(segment, output + $cu);
    //#end
    let u0 = uBase((row * sizes.segmentCount + s) * sizes.rank);
    for (var r = 0u; 4u * r < sizes.rank; r++) {
      let a = sizes.scale * uAt(u0, r, sizes.rank);
      sum = tile(a, bOf(b0, r, in0), bOf(b1, r, in1), bOf(b2, r, in2), bOf(b3, r, in3), sum);
    }
  }
  //#endif
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x;
  let tiles = (sizes.count + 7u) / 8u;
  let row = ROWS * (index / tiles);
  if (row >= sizes.rows) {
    return;
  }
  let lane = local % 16u;
  let group = local / 16u;
  //#if GATED
  let first = 4u * (index % tiles);
  let gate = min(first + group, columns() - 1u);
  let row0 = weightRow(gate, sizes.columns4);
  let row1 = weightRow(gate + columns(), sizes.columns4);
  //#else
  let first = 8u * (index % tiles);
  let row0 = weightRow(min(first + group, sizes.count - 1u), sizes.columns4);
  let row1 = weightRow(min(first + group + 4u, sizes.count - 1u), sizes.columns4);
  //#endif
  let last = sizes.rows - 1u;
  //#repeat t ROWS
  let x$t = xBase(min(row + $tu, last) * sizes.inputs);
  var chain$t_0 = 0.0;
  var chain$t_1 = 0.0;
  //#end
  //#if NORM
  //#include rowScales
  workgroupBarrier();
  //#endif
  //#include lanesChains
  //#repeat t ROWS q 2
  sums[64u * (2u * $tu + $qu) + 4u * lane + group] = chain$t_$q;
  //#end
  workgroupBarrier();
  //#if GATED
  let t = local;
  let quad = first;
  let slots = ROWS;
  //#else
  let t = local / 2u;
  let quad = first + 4u * (local % 2u);
  let slots = 2u * ROWS;
  //#endif
  if (local >= slots || row + t > last || quad >= columns()) {
    return;
  }
  //#if GATED
  let gates = product(2u * t, row + t, quad);
  finish(row + t, quad, gates / (1.0 + exp(min(-gates, vec4<f32>(80.0)))) * product(2u * t + 1u, row + t, columns() + quad));
  //#else
  finish(row + t, quad, product(local, row + t, quad));
  //#endif
}

// y[t, o] = sum_i x[t, i] W[o, i] (+ bias[o]) (+ scale sum_r u[t, s rank + r] B[bRow + o - start_s, r]) (+ residual[t, o])
// x [rows, inputs], W this part's rows [start, start + count) of [outputs, inputs] in any weight format,
// y, residual [rows, outputs], bias [outputs], u [rows, segments * rank], b [*, rank].
// Grid: a thread per (ROWS rows, 4 QUADS outputs), no barrier; LANES and SHARED are by workgroups. Assigns; RESIDUAL_IS_Y adds to y.
// K runs through explicit multiply-adds in one order, and rows that fill less than half a tile run one by one through the same: so a row
// has the same bits alone and in any batch. The order is K's own, with CHAINS that of linearChains, which LANES and SHARED have as well.
// The registers have names (`repeat` unrolls): arrays spill.
struct Sizes {
  rows: u32, inputs: u32, columns4: u32, outputs: u32, start: u32, count: u32,
  segmentCount: u32, rank: u32, scale: f32, eps: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=x binding=3 access=read flag=VEC4
//#include load4 name=y binding=4 access=read_write flag=OUT4
//#include store4 name=y flag=OUT4
//#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;
//#endif
//#if RESIDUAL
//#include load4 name=residual binding=6 access=read flag=OUT4
//#endif
//#if LORA
//#include load4 name=u binding=7 access=read flag=RANK4
//#include load4 name=b binding=8 access=read flag=RANK4
/** Where an output's row of b starts; outside the segment some row inside it, which `bOf` then hides. */
fn bRow(segment: vec4<u32>, output: u32) -> u32 {
  return bBase((segment.z + min(output - segment.x, segment.y - 1u)) * sizes.rank);
}
fn bIn(segment: vec4<u32>, output: u32) -> bool {
  return output - segment.x < segment.y;
}
fn bOf(base: u32, r: u32, inside: bool) -> vec4<f32> {
  return select(vec4<f32>(), bAt(base, r, sizes.rank), inside);
}
//#endif

fn multiplyAdd(a: vec4<f32>, b: vec4<f32>, sum: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}
fn tile(a: vec4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>, sum: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(
    multiplyAdd(a, w0, sum.x), multiplyAdd(a, w1, sum.y), multiplyAdd(a, w2, sum.z), multiplyAdd(a, w3, sum.w));
}

//#include quarter
/** Columns of y that this part of W has. */
fn columns() -> u32 {
  //#if GATED
  return sizes.count / 2u;
  //#else
  return sizes.count;
  //#endif
}

/** Adds bias and residual, and writes four outputs of one row. */
fn finish(row: u32, local: u32, products: vec4<f32>) {
  var value = products;
  //#if BIAS
  let output = sizes.start + local;
  value += vec4<f32>(bias[output], bias[output + 1u], bias[output + 2u], bias[output + 3u]);
  //#endif
  let first = row * sizes.outputs + sizes.start;
  //#if RESIDUAL
  value += residualAt(residualBase(first), local / 4u, columns());
  //#endif
  //#if RESIDUAL_IS_Y
  value += yAt(yBase(first), local / 4u, columns());
  //#endif
  yStore(yBase(first), local / 4u, columns(), value);
}

//#if LANES
//#include linearLanes
//#else
//#if SHARED
//#include linearShared
//#else
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * WORKGROUP;
  let tiles = (sizes.count + 4u * QUADS - 1u) / (4u * QUADS);
  let local = 4u * QUADS * (index % tiles);
  let first = ROWS * (index / tiles);
  if (first >= sizes.rows) {
    return;
  }
  //#repeat q QUADS c 4
  let row$q_$c = weightRow(min(local + 4u * $qu + $cu, sizes.count - 1u), sizes.columns4);
  //#end
  let last = sizes.rows - 1u;
  // A few rows cost less one by one than a whole tile does.
  if (2u * (sizes.rows - first) < ROWS) {
    for (var row = first; row < sizes.rows; row++) {
      //#include linearRows rows=1
    }
    return;
  }
  let row = first;
  //#include linearRows rows=ROWS
}
//#endif
//#endif

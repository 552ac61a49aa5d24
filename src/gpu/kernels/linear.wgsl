// y[t, o] = sum_i x[t, i] W[o, i] (+ bias[o]) (+ scale sum_r u[t, s rank + r] B[bRow + o - start_s, r]) (+ residual[t, o])
// x [rows, inputs], W this part's rows [start, start + count) of [outputs, inputs] in any weight format,
// y, residual [rows, outputs], bias [outputs], u [rows, segments * rank], b [*, rank].
// Grid: a thread per (four rows, four outputs), no barrier; K in order. Assigns; RESIDUAL_IS_Y adds to y.
// EXACT (generate mode) fixes every multiply-add, so a row has the same bits alone and in a batch.
struct Sizes {
  rows: u32, inputs: u32, columns4: u32, outputs: u32, start: u32, count: u32,
  segmentCount: u32, rank: u32, scale: f32,
  segments: array<vec4<u32>, 4>, // first output, outputs, first row of b
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#if VEC4
@group(0) @binding(3) var<storage, read> x: array<vec4<f32>>;
fn xRow(row: u32) -> u32 { return row * sizes.columns4; }
fn xAt(base: u32, column4: u32) -> vec4<f32> { return x[base + column4]; }
//#else
@group(0) @binding(3) var<storage, read> x: array<f32>;
fn xRow(row: u32) -> u32 { return row * sizes.inputs; }
fn xAt(base: u32, column4: u32) -> vec4<f32> {
  let last = vec4<u32>(sizes.inputs - 1u);
  let column = 4u * column4 + vec4<u32>(0u, 1u, 2u, 3u);
  let index = base + min(column, last);
  return select(vec4<f32>(), vec4<f32>(x[index.x], x[index.y], x[index.z], x[index.w]), column <= last);
}
//#endif
//#if OUT4
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;
//#else
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
//#endif
//#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;
//#endif
//#if RESIDUAL
//#if OUT4
@group(0) @binding(6) var<storage, read> residual: array<vec4<f32>>;
//#else
@group(0) @binding(6) var<storage, read> residual: array<f32>;
//#endif
//#endif
//#if LORA
//#if RANK4
@group(0) @binding(7) var<storage, read> u: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read> b: array<vec4<f32>>;
fn rankProduct(uBase: u32, bBase: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < sizes.rank / 4u; i++) {
    sum = multiplyAdd(u[uBase / 4u + i], b[bBase / 4u + i], sum);
  }
  return sum;
}
//#else
@group(0) @binding(7) var<storage, read> u: array<f32>;
@group(0) @binding(8) var<storage, read> b: array<f32>;
fn rankProduct(uBase: u32, bBase: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < sizes.rank; i++) {
    sum = fma(u[uBase + i], b[bBase + i], sum);
  }
  return sum;
}
//#endif

/** (first element of u in its row, first element of b) for an output column; y is false outside every segment. */
fn segmentOf(output: u32) -> vec3<u32> {
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = sizes.segments[s];
    if (output >= segment.x && output < segment.x + segment.y) {
      return vec3<u32>(s * sizes.rank, (segment.z + output - segment.x) * sizes.rank, 1u);
    }
  }
  return vec3<u32>();
}

/** scale * u_s B_s^T of one row and four outputs. */
fn adapter(row: u32, output: u32) -> vec4<f32> {
  var sum = vec4<f32>();
  let uRow = row * sizes.segmentCount * sizes.rank;
  for (var c = 0u; c < 4u; c++) {
    let at = segmentOf(output + c);
    if (at.z == 1u) {
      sum[c] = sizes.scale * rankProduct(uRow + at.x, at.y);
    }
  }
  return sum;
}
//#endif

fn multiplyAdd(a: vec4<f32>, b: vec4<f32>, sum: f32) -> f32 {
  //#if EXACT
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
  //#else
  return sum + dot(a, b);
  //#endif
}

/** Adds bias, adapter and residual, and writes four outputs of one row. */
fn finish(row: u32, local: u32, products: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let output = sizes.start + local;
  var value = products;
  //#if BIAS
  value += vec4<f32>(bias[output], bias[output + 1u], bias[output + 2u], bias[output + 3u]);
  //#endif
  //#if LORA
  value += adapter(row, output);
  //#endif
  let index = row * sizes.outputs + output;
  //#if OUT4
  //#if RESIDUAL
  value += residual[index / 4u];
  //#endif
  //#if RESIDUAL_IS_Y
  value += y[index / 4u];
  //#endif
  y[index / 4u] = value;
  //#else
  for (var c = 0u; c < 4u && local + c < sizes.count; c++) {
    var sum = value[c];
    //#if RESIDUAL
    sum += residual[index + c];
    //#endif
    //#if RESIDUAL_IS_Y
    sum += y[index + c];
    //#endif
    y[index + c] = sum;
  }
  //#endif
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  let tiles = (sizes.count + 3u) / 4u;
  let local = 4u * (index % tiles);
  let row = 4u * (index / tiles);
  if (row >= sizes.rows) {
    return;
  }
  let last = sizes.count - 1u;
  let w0 = weightRow(local, sizes.columns4);
  let w1 = weightRow(min(local + 1u, last), sizes.columns4);
  let w2 = weightRow(min(local + 2u, last), sizes.columns4);
  let w3 = weightRow(min(local + 3u, last), sizes.columns4);
  if (row + 4u > sizes.rows) {
    for (var t = row; t < sizes.rows; t++) {
      let x0 = xRow(t);
      var sum = vec4<f32>();
      for (var i = 0u; i < sizes.columns4; i++) {
        let a = xAt(x0, i);
        sum = vec4<f32>(
          multiplyAdd(a, weightAt(w0, i), sum.x), multiplyAdd(a, weightAt(w1, i), sum.y),
          multiplyAdd(a, weightAt(w2, i), sum.z), multiplyAdd(a, weightAt(w3, i), sum.w));
      }
      finish(t, local, sum);
    }
    return;
  }
  let x0 = xRow(row);
  let x1 = xRow(row + 1u);
  let x2 = xRow(row + 2u);
  let x3 = xRow(row + 3u);
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var i = 0u; i < sizes.columns4; i++) {
    let b0 = weightAt(w0, i);
    let b1 = weightAt(w1, i);
    let b2 = weightAt(w2, i);
    let b3 = weightAt(w3, i);
    let a0 = xAt(x0, i);
    let a1 = xAt(x1, i);
    let a2 = xAt(x2, i);
    let a3 = xAt(x3, i);
    sum0 = vec4<f32>(multiplyAdd(a0, b0, sum0.x), multiplyAdd(a0, b1, sum0.y), multiplyAdd(a0, b2, sum0.z), multiplyAdd(a0, b3, sum0.w));
    sum1 = vec4<f32>(multiplyAdd(a1, b0, sum1.x), multiplyAdd(a1, b1, sum1.y), multiplyAdd(a1, b2, sum1.z), multiplyAdd(a1, b3, sum1.w));
    sum2 = vec4<f32>(multiplyAdd(a2, b0, sum2.x), multiplyAdd(a2, b1, sum2.y), multiplyAdd(a2, b2, sum2.z), multiplyAdd(a2, b3, sum2.w));
    sum3 = vec4<f32>(multiplyAdd(a3, b0, sum3.x), multiplyAdd(a3, b1, sum3.y), multiplyAdd(a3, b2, sum3.z), multiplyAdd(a3, b3, sum3.w));
  }
  finish(row, local, sum0);
  finish(row + 1u, local, sum1);
  finish(row + 2u, local, sum2);
  finish(row + 3u, local, sum3);
}

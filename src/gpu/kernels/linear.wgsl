// y[t, o] = sum_i x[t, i] W[o, i] (+ bias[o]) (+ scale sum_r u[t, s rank + r] B[bRow + o - start_s, r]) (+ residual[t, o])
// x [rows, inputs], W this part's rows [start, start + count) of [outputs, inputs] in any weight format,
// y, residual [rows, outputs], bias [outputs], u [rows, segments * rank], b [*, rank].
// Grid: a thread per (ROWS rows, eight outputs; four without WIDE), no barrier. Assigns; RESIDUAL_IS_Y adds to y.
// K runs in order through explicit multiply-adds, and rows that fill no tile run one by one through the same chain:
// so a row has the same bits alone and in any batch. The registers have names (the table unrolls `repeat`): arrays spill.
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
fn uAt(base: u32, r: u32) -> vec4<f32> { return sizes.scale * u[(base + r) / 4u]; }
fn bAt(base: u32, r: u32) -> vec4<f32> { return b[(base + r) / 4u]; }
//#else
@group(0) @binding(7) var<storage, read> u: array<f32>;
@group(0) @binding(8) var<storage, read> b: array<f32>;
fn rankIndex(r: u32) -> vec4<u32> { return min(r + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(sizes.rank - 1u)); }
fn uAt(base: u32, r: u32) -> vec4<f32> {
  let at = base + rankIndex(r);
  let inside = r + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(sizes.rank);
  return sizes.scale * select(vec4<f32>(), vec4<f32>(u[at.x], u[at.y], u[at.z], u[at.w]), inside);
}
fn bAt(base: u32, r: u32) -> vec4<f32> {
  let at = base + rankIndex(r);
  return vec4<f32>(b[at.x], b[at.y], b[at.z], b[at.w]);
}
//#endif
/** Element of b where an output's row starts; outside the segment some row inside it, which `bIn` then hides. */
fn bRow(segment: vec4<u32>, output: u32) -> u32 {
  return (segment.z + min(output - segment.x, segment.y - 1u)) * sizes.rank;
}
fn bIn(segment: vec4<u32>, output: u32) -> bool {
  return output - segment.x < segment.y;
}
fn bOf(base: u32, r: u32, inside: bool) -> vec4<f32> {
  return select(vec4<f32>(), bAt(base, r), inside);
}
//#endif

fn multiplyAdd(a: vec4<f32>, b: vec4<f32>, sum: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}
fn tile(a: vec4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>, sum: vec4<f32>) -> vec4<f32> {
  return vec4<f32>(
    multiplyAdd(a, w0, sum.x), multiplyAdd(a, w1, sum.y), multiplyAdd(a, w2, sum.z), multiplyAdd(a, w3, sum.w));
}

/** Adds bias and residual, and writes four outputs of one row. */
fn finish(row: u32, local: u32, products: vec4<f32>) {
  let output = sizes.start + local;
  var value = products;
  //#if BIAS
  value += vec4<f32>(bias[output], bias[output + 1u], bias[output + 2u], bias[output + 3u]);
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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * WORKGROUP;
  //#if WIDE
  let width = 8u;
  //#else
  let width = 4u;
  //#endif
  let tiles = (sizes.count + width - 1u) / width;
  let local = width * (index % tiles);
  let row = ROWS * (index / tiles);
  if (row >= sizes.rows) {
    return;
  }
  let last = sizes.count - 1u;
  let row0 = weightRow(min(local + 0u, last), sizes.columns4);
  let row1 = weightRow(min(local + 1u, last), sizes.columns4);
  let row2 = weightRow(min(local + 2u, last), sizes.columns4);
  let row3 = weightRow(min(local + 3u, last), sizes.columns4);
  //#if WIDE
  let row4 = weightRow(min(local + 4u, last), sizes.columns4);
  let row5 = weightRow(min(local + 5u, last), sizes.columns4);
  let row6 = weightRow(min(local + 6u, last), sizes.columns4);
  let row7 = weightRow(min(local + 7u, last), sizes.columns4);
  //#endif
  if (row + ROWS > sizes.rows) {
    for (var t = row; t < sizes.rows; t++) {
      let base = xRow(t);
      var low = vec4<f32>();
      //#if WIDE
      var high = vec4<f32>();
      //#endif
      for (var i = 0u; i < sizes.columns4; i++) {
        let a = xAt(base, i);
        low = tile(a, weightAt(row0, i), weightAt(row1, i), weightAt(row2, i), weightAt(row3, i), low);
        //#if WIDE
        high = tile(a, weightAt(row4, i), weightAt(row5, i), weightAt(row6, i), weightAt(row7, i), high);
        //#endif
      }
      //#if LORA
      let output = sizes.start + local;
      for (var s = 0u; s < sizes.segmentCount; s++) {
        let segment = sizes.segments[s];
        if (output + width <= segment.x || output >= segment.x + segment.y) {
          continue;
        }
        let b0 = bRow(segment, output + 0u);
        let in0 = bIn(segment, output + 0u);
        let b1 = bRow(segment, output + 1u);
        let in1 = bIn(segment, output + 1u);
        let b2 = bRow(segment, output + 2u);
        let in2 = bIn(segment, output + 2u);
        let b3 = bRow(segment, output + 3u);
        let in3 = bIn(segment, output + 3u);
        //#if WIDE
        let b4 = bRow(segment, output + 4u);
        let in4 = bIn(segment, output + 4u);
        let b5 = bRow(segment, output + 5u);
        let in5 = bIn(segment, output + 5u);
        let b6 = bRow(segment, output + 6u);
        let in6 = bIn(segment, output + 6u);
        let b7 = bRow(segment, output + 7u);
        let in7 = bIn(segment, output + 7u);
        //#endif
        let first = (t * sizes.segmentCount + s) * sizes.rank;
        for (var r = 0u; r < sizes.rank; r += 4u) {
          let a = uAt(first, r);
          low = tile(a, bOf(b0, r, in0), bOf(b1, r, in1), bOf(b2, r, in2), bOf(b3, r, in3), low);
          //#if WIDE
          high = tile(a, bOf(b4, r, in4), bOf(b5, r, in5), bOf(b6, r, in6), bOf(b7, r, in7), high);
          //#endif
        }
      }
      //#endif
      finish(t, local, low);
      //#if WIDE
      if (local + 4u < sizes.count) {
        finish(t, local + 4u, high);
      }
      //#endif
    }
    return;
  }
  //#repeat t ROWS
  let x$t = xRow(row + $tu);
  var low$t = vec4<f32>();
  //#if WIDE
  var high$t = vec4<f32>();
  //#endif
  //#end
  for (var i = 0u; i < sizes.columns4; i++) {
    let w0 = weightAt(row0, i);
    let w1 = weightAt(row1, i);
    let w2 = weightAt(row2, i);
    let w3 = weightAt(row3, i);
    //#if WIDE
    let w4 = weightAt(row4, i);
    let w5 = weightAt(row5, i);
    let w6 = weightAt(row6, i);
    let w7 = weightAt(row7, i);
    //#endif
    //#repeat t ROWS
    let a$t = xAt(x$t, i);
    low$t = tile(a$t, w0, w1, w2, w3, low$t);
    //#if WIDE
    high$t = tile(a$t, w4, w5, w6, w7, high$t);
    //#endif
    //#end
  }
  //#if LORA
  let output = sizes.start + local;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = sizes.segments[s];
    if (output + width <= segment.x || output >= segment.x + segment.y) {
      continue;
    }
    let b0 = bRow(segment, output + 0u);
    let in0 = bIn(segment, output + 0u);
    let b1 = bRow(segment, output + 1u);
    let in1 = bIn(segment, output + 1u);
    let b2 = bRow(segment, output + 2u);
    let in2 = bIn(segment, output + 2u);
    let b3 = bRow(segment, output + 3u);
    let in3 = bIn(segment, output + 3u);
    //#if WIDE
    let b4 = bRow(segment, output + 4u);
    let in4 = bIn(segment, output + 4u);
    let b5 = bRow(segment, output + 5u);
    let in5 = bIn(segment, output + 5u);
    let b6 = bRow(segment, output + 6u);
    let in6 = bIn(segment, output + 6u);
    let b7 = bRow(segment, output + 7u);
    let in7 = bIn(segment, output + 7u);
    //#endif
    let first = (row * sizes.segmentCount + s) * sizes.rank;
    let step = sizes.segmentCount * sizes.rank;
    for (var r = 0u; r < sizes.rank; r += 4u) {
      let w0 = bOf(b0, r, in0);
      let w1 = bOf(b1, r, in1);
      let w2 = bOf(b2, r, in2);
      let w3 = bOf(b3, r, in3);
      //#if WIDE
      let w4 = bOf(b4, r, in4);
      let w5 = bOf(b5, r, in5);
      let w6 = bOf(b6, r, in6);
      let w7 = bOf(b7, r, in7);
      //#endif
      //#repeat t ROWS
      let a$t = uAt(first + $tu * step, r);
      low$t = tile(a$t, w0, w1, w2, w3, low$t);
      //#if WIDE
      high$t = tile(a$t, w4, w5, w6, w7, high$t);
      //#endif
      //#end
    }
  }
  //#endif
  //#repeat t ROWS
  finish(row + $tu, local, low$t);
  //#end
  //#if WIDE
  if (local + 4u < sizes.count) {
    //#repeat t ROWS
    finish(row + $tu, local + 4u, high$t);
    //#end
  }
  //#endif
}

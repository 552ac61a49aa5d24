// A linear of loraGradAB.wgsl: the only one or, with PAIR, the first or second.
/** A linear's sizes, and where its part of a shared buffer begins. */
struct Linear {
  second: bool, inputs: u32, outputs: u32, segmentCount: u32, rank: u32, scale: f32, tilesA: u32,
  u: u32, du: u32, gradA: u32, gradB: u32,
}

fn linearOf(second: bool) -> Linear {
  //#if PAIR
  if (second) {
    return Linear(
      true, sizes.inputs2, sizes.outputs2, sizes.segmentCount2, sizes.rank2, sizes.scale2, sizes.tilesA2,
      sizes.u2, sizes.du2, sizes.gradA2, sizes.gradB2);
  }
  let grads = vec2<u32>(sizes.gradA, sizes.gradB);
  //#else
  let grads = vec2<u32>();
  //#endif
  return Linear(
    false, sizes.inputs, sizes.outputs, sizes.segmentCount, sizes.rank, sizes.scale, sizes.tilesA,
    0u, 0u, grads.x, grads.y);
}

fn segmentOf(second: bool, s: u32) -> vec4<u32> {
  //#if PAIR
  if (second) {
    return sizes.segments2[s];
  }
  //#endif
  return sizes.segments[s];
}

/** Columns 4 i .. 4 i + 3 of row t of x. */
fn xRow(own: Linear, t: u32, i: u32) -> vec4<f32> {
  //#if PAIR
  if (own.second) {
    return otherXAt(otherXBase(t * own.inputs), i, own.inputs);
  }
  //#endif
  return xAt(xBase(t * own.inputs), i, own.inputs);
}

/** The same of the columns of dy that a segment covers. */
fn dyRow(own: Linear, t: u32, segment: vec4<u32>, i: u32) -> vec4<f32> {
  //#if PAIR
  if (own.second) {
    return otherDyAt(otherDyBase(t * own.outputs + segment.x), i, segment.y);
  }
  //#endif
  return dyAt(dyBase(t * own.outputs + segment.x), i, segment.y);
}

fn addA(at: u32, value: f32) {
  //#if PAIR
  grads[at] += value;
  //#else
  gradA[at] += value;
  //#endif
}

fn addB(at: u32, value: f32) {
  //#if PAIR
  grads[at] += value;
  //#else
  gradB[at] += value;
  //#endif
}

/** Adds register i: row r + i of A's tile, or output column + i of B's; `half` picks its four columns. */
fn add(own: Linear, isA: bool, s: u32, r: u32, column: u32, i: u32, half: u32, value: vec4<f32>) {
  if (isA) {
    let first = column + 4u * half;
    if (r + i < own.rank) {
      for (var c = 0u; c < 4u && first + c < own.inputs; c++) {
        addA(own.gradA + (s * own.rank + r + i) * own.inputs + first + c, value[c]);
      }
    }
    return;
  }
  let segment = segmentOf(own.second, s);
  let first = r + 4u * half;
  if (column + i < segment.y) {
    for (var c = 0u; c < 4u && first + c < own.rank; c++) {
      addB(own.gradB + (segment.z + column + i) * own.rank + first + c, own.scale * value[c]);
    }
  }
}

// A frozen matrix as f32, rows padded with zeros to whole vec4: weights [rows, columns4].
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;

fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * columns4;
}
//#if LANES
fn columns0(raw: vec4<f32>) -> vec4<f32> { return raw; }
//#else
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  return weights[base + column4];
}
//#endif

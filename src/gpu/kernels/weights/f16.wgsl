// A frozen matrix as f16 pairs in u32 (no shader-f16 needed), rows padded to four columns: weights [rows, columns4].
fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * columns4;
}
fn halves(pair: vec2<u32>) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
//#if LANES
@group(0) @binding(1) var<storage, read> weights: array<vec4<u32>>;
fn columns0(raw: vec4<u32>) -> vec4<f32> { return halves(raw.xy); }
fn columns1(raw: vec4<u32>) -> vec4<f32> { return halves(raw.zw); }
//#else
@group(0) @binding(1) var<storage, read> weights: array<vec2<u32>>;
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  return halves(weights[base + column4]);
}
//#endif

// A frozen matrix as f16 pairs in u32 (no shader-f16 needed), rows padded to four columns: weights [rows, columns4].
@group(0) @binding(1) var<storage, read> weights: array<vec2<u32>>;

fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * columns4;
}
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  let pair = weights[base + column4];
  return vec4<f32>(unpack2x16float(pair.x), unpack2x16float(pair.y));
}

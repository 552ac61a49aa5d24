// A frozen matrix in blocks of 32 columns, w = scale * q + min with 4-bit q (GGUF Q4_1): weights [rows, blocks * 4]
// holds eight quants a word, scales [rows, blocks] an f16 pair (scale, min). weightRow counts in groups of four columns.
@group(0) @binding(2) var<storage, read> scales: array<u32>;

fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * ((columns4 + 7u) & ~7u);
}
fn nibbles(word: u32) -> vec4<f32> {
  return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u));
}
/** Scale and min of a block of a row. */
fn affineAt(base: u32, block: u32) -> vec2<f32> {
  return unpack2x16float(scales[(base >> 3u) + block]);
}
//#if LANES
@group(0) @binding(1) var<storage, read> weights: array<vec4<u32>>;
//#repeat j 8
fn columns$j(raw: vec4<u32>) -> vec4<f32> { return nibbles(raw[$ju / 2u] >> (16u * ($ju % 2u))); }
//#end
//#else
@group(0) @binding(1) var<storage, read> weights: array<u32>;
fn quantAt(base: u32, column4: u32) -> vec4<f32> {
  let index = base + column4;
  return nibbles(weights[index >> 1u] >> (16u * (index & 1u)));
}
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  let affine = affineAt(base, column4 >> 3u);
  return affine.x * quantAt(base, column4) + affine.y;
}
//#endif

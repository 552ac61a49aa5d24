// A frozen matrix in blocks of 32 columns, w = scale * q (GGUF Q8_0), rows padded to 64 columns:
// weights [rows, padded / 4] holds four quants a word, scales [rows, padded / 64] two f16 a word.
// weightRow counts in groups of four columns; a block is eight of them.
@group(0) @binding(2) var<storage, read> scales: array<u32>;

fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * ((columns4 + 15u) & ~15u);
}
fn bytes(word: i32) -> vec4<f32> {
  return vec4<f32>(vec4<i32>((word << 24u) >> 24u, (word << 16u) >> 24u, (word << 8u) >> 24u, word >> 24u));
}
/** The scale of a block of a row. */
fn affineAt(base: u32, block: u32) -> vec2<f32> {
  let index = (base >> 3u) + block;
  let pair = unpack2x16float(scales[index >> 1u]);
  return vec2<f32>(select(pair.x, pair.y, (index & 1u) != 0u), 0.0);
}
//#if LANES
@group(0) @binding(1) var<storage, read> weights: array<vec4<u32>>;
//#repeat j 4
fn columns$j(raw: vec4<u32>) -> vec4<f32> { return bytes(bitcast<i32>(raw[$j])); }
//#end
//#else
@group(0) @binding(1) var<storage, read> weights: array<u32>;
fn quantAt(base: u32, column4: u32) -> vec4<f32> {
  return bytes(bitcast<i32>(weights[base + column4]));
}
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  return affineAt(base, column4 >> 3u).x * quantAt(base, column4);
}
//#endif

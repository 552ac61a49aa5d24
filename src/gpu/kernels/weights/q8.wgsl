// A frozen matrix in blocks of 32 columns, w = scale * q (GGUF Q8_0), rows padded to 64 columns:
// weights [rows, padded / 4] holds four quants a word, scales [rows, padded / 64] two f16 a word.
// weightRow counts in groups of four columns; a block is eight of them.
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;

fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * ((columns4 + 15u) & ~15u);
}
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  let index = base + column4;
  let word = bitcast<i32>(weights[index]);
  let quants = vec4<i32>((word << 24u) >> 24u, (word << 16u) >> 24u, (word << 8u) >> 24u, word >> 24u);
  let pair = unpack2x16float(scales[index >> 4u]);
  return select(pair.x, pair.y, (index & 8u) != 0u) * vec4<f32>(quants);
}

// As load4.wgsl for a tensor ${name} of f16 pairs in u32 (no shader-f16 needed), rows of whole groups of four.
@group(0) @binding(${binding}) var<storage, read> ${name}: array<vec2<u32>>;
fn ${name}Base(element: u32) -> u32 { return element / 4u; }
fn ${name}At(base: u32, i: u32, length: u32) -> vec4<f32> {
  let pairs = ${name}[base + i];
  return vec4<f32>(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
}

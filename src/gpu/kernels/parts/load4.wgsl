// The tensor ${name} and what reads four of its columns at once: ${name}At(base, i, length) is columns 4 i .. 4 i + 3 of
// the row of `length` columns that starts at element e, base = ${name}Base(e). With ${flag} every row starts at a multiple of
// four elements and has whole groups of four; without it columns past the row's end are zero.
//#if ${flag}
@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<vec4<f32>>;
fn ${name}Base(element: u32) -> u32 { return element / 4u; }
fn ${name}At(base: u32, i: u32, length: u32) -> vec4<f32> { return ${name}[base + i]; }
//#else
@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<f32>;
fn ${name}Base(element: u32) -> u32 { return element; }
fn ${name}At(base: u32, i: u32, length: u32) -> vec4<f32> {
  let column = 4u * i + vec4<u32>(0u, 1u, 2u, 3u);
  let last = vec4<u32>(length - 1u);
  let at = base + min(column, last);
  return select(vec4<f32>(), vec4<f32>(${name}[at.x], ${name}[at.y], ${name}[at.z], ${name}[at.w]), column <= last);
}
//#endif

// ${name}Store writes what ${name}At of load4.wgsl reads; without ${flag} columns past the row's end are left alone.
//#if ${flag}
fn ${name}Store(base: u32, i: u32, length: u32, value: vec4<f32>) { ${name}[base + i] = value; }
//#else
fn ${name}Store(base: u32, i: u32, length: u32, value: vec4<f32>) {
  for (var c = 0u; c < 4u && 4u * i + c < length; c++) {
    ${name}[base + 4u * i + c] = value[c];
  }
}
//#endif
